"""Teams to try things on, and the way from a file's text to them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ivr.advisors.teams import Advisors
from ivr.config import ConfigError
from ivr.config.advisors import advisors as build
from ivr.config.files import AdvisorsFile
from ivr.config.source import Mistakes, Source, check
from ivr.yaml_text import parse

NEW_YORK = ZoneInfo("America/New_York")
NAME = "{en: our desk, fr: notre bureau, cs: naše přepážka, ko: 상담팀}"
BOTH_TEAMS = f"""
country: US
timezone: America/New_York
teams:
  desk:
    name: {NAME}
    hours: {{mon-fri: "09:00-18:00"}}
    targets: ["(202) 555-0142", "sip:desk@pbx.example.com", "client:jane"]
    queue: {{name: desk, music: "https://example.com/music.mp3", offer_after_s: 30, longest_s: 300}}
    then: night
  night:
    name: {NAME.replace("our desk", "our night desk")}
    hours: {{mon-sun: "06:00-22:00"}}
    languages: [fr, en, cs, ko]
    targets: ["+420 777 123 456", "+1 202 555 0117"]
    at_once: true
  tasks:
    name: {NAME}
    targets: ["workflow:WW0123456789abcdef0123456789abcdef", "queue:overflow"]
routes:
  - {{reason: [tone, topic], topic: complaint, team: night}}
  - {{language: ko, team: tasks}}
team: desk
"""
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=NEW_YORK)


def advisors_of(text: str) -> Advisors:
    source = Source("config/advisors.yaml", *parse(text))
    mistakes = Mistakes()
    built = build(source, check(source, AdvisorsFile), ("en", "fr", "cs", "ko"), {"complaint"}, mistakes)
    if mistakes.found:
        raise ConfigError(mistakes.found)
    return built


TWO_TEAMS = advisors_of(BOTH_TEAMS)
