"""The way of a transferred call: whom it goes to, when they are there, and what happens when nobody takes it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ivr.advisors.hours import Hours
from ivr.advisors.journey import expected_minutes, next_step
from ivr.advisors.steps import (
    Arrived,
    AskNumber,
    AskWindow,
    Chose,
    HangUp,
    Happened,
    Keyed,
    Leave,
    Left,
    Music,
    Offer,
    Picked,
    Place,
    Promise,
    Rang,
    Record,
    Ring,
    Silent,
    Step,
    Wait,
    Waits,
)
from ivr.advisors.teams import Advisors, Target, telephone_number
from ivr.config import Config, ConfigError
from ivr.config.advisors import advisors as build
from ivr.config.files import AdvisorsFile
from ivr.config.source import Mistakes, Source, check
from tests.house import BASE, CALL_ID, SILENCE, House, frames, key

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
    source = Source("config/advisors.yaml", YAML(typ="rt").load(text))
    mistakes = Mistakes()
    built = build(source, check(source, AdvisorsFile), ("en", "fr", "cs", "ko"), {"complaint"}, mistakes)
    if mistakes.found:
        raise ConfigError(mistakes.found)
    return built


# -- the file ---------------------------------------------------------------------------------------------------------


def test_numbers_in_every_spelling_are_one_number() -> None:
    for text in ("+12025550142", "(202) 555-0142", "202.555.0142", "1-202-555-0142", "+1 202 555 0142"):
        assert telephone_number(text, "US") == "+12025550142"
    assert telephone_number("777 123 456", "CZ") == "+420777123456"


@pytest.mark.parametrize("text", ["", "call us", "555-0142", "+15550142", "+999 123", "1" * 30, "+420 777"])
def test_what_can_be_nobodys_number_is_none(text: str) -> None:
    assert telephone_number(text, "US") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("(202) 555-0142", "555-0142", "'555-0142' is neither a telephone number"),
        ("sip:desk@pbx.example.com", "sip:desk", "'sip:desk' is neither"),
        ("WW0123", "WX0123", "is neither a telephone number nor"),
        ('mon-fri: "09:00-18:00"', 'mon-fri: "09:00-18:00", wed: "10:00-12:00"', "wed has hours twice"),
        ('"09:00-18:00"', '"09:00-12:00, 11:00-18:00"', "overlap"),
        ('"09:00-18:00"', '"18:00-09:00"', "is not a time from and until"),
        ('"09:00-18:00"', '"9 to 6"', "is not a time from and until"),
        ('"09:00-18:00"', "closed", "team desk never opens"),
        ("mon-fri", "mon-fry", "'mon-fry' is not a day of the week"),
        ("hours: {mon-sun", "days: {02-30: closed}\n    hours: {mon-sun", "'02-30' is not a day"),
        ("hours: {mon-sun", "holidays: {country: XX}\n    hours: {mon-sun", "no public holidays are known"),
        ("timezone: America/New_York", "timezone: Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("then: night", "then: nobody", "team 'nobody' is not under teams"),
        ("at_once: true", "then: desk", "in a circle: night -> desk -> night"),
        ("language: ko, team: tasks", "language: ko, team: night", "no call ever reaches team tasks"),
        ("topic: complaint", "topic: weather", "topic 'weather' is not under requests"),
        ("{language: ko, team", "{team", "takes every call"),
        ("languages: [fr, en, cs, ko]", "languages: [fr, de]", "speaks 'de'"),
    ],
)
def test_a_mistake_says_where_and_what(old: str, new: str, says: str) -> None:
    assert old in BOTH_TEAMS
    text = BOTH_TEAMS.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        advisors_of(text)
    found = [(mistake.line, mistake.what) for mistake in caught.value.mistakes]
    line = text[: text.index("tasks:" if "reaches" in says else new.strip())].count("\n") + 1
    assert any(at == line and says in what for at, what in found), found


def test_the_team_is_chosen_by_reason_topic_and_language() -> None:
    advisors = advisors_of(BOTH_TEAMS)
    assert advisors.route("asked", None, "en").name == "desk"
    assert advisors.route("topic", "complaint", "en").name == "night"
    assert advisors.route("tone", None, "en").name == "desk", "a route's conditions must all be met"
    assert advisors.route("asked", None, "ko").name == "tasks"


def test_the_shipped_calls_reach_people_at_any_hour(config: Config) -> None:
    for hour in range(0, 24 * 8, 5):
        now = MONDAY + timedelta(hours=hour)
        for reason in ("asked", "no_match", "no_input", "low_confidence", "pressed_zero", "failure", "tone"):
            team = config.advisors.route(reason, None, "en")
            assert isinstance(next_step(config.advisors, Place(team.name), Arrived(), now), Ring)


# -- hours ------------------------------------------------------------------------------------------------------------


def hours_of(entry: str) -> Hours:
    text = (
        f"country: US\ntimezone: America/New_York\nteams:\n  a: {{name: {NAME}, targets: [client:a], {entry}}}\nteam: a"
    )
    return advisors_of(text).teams["a"].hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


WEEK = 'hours: {mon-fri: "09:00-12:00, 13:00-18:00", sat: "10:00-16:00"}'


@pytest.mark.parametrize(
    ("entry", "now", "back"),
    [
        (WEEK, "2026-11-23 09:00", None),
        (WEEK, "2026-11-23 12:00", "2026-11-23 13:00"),
        (WEEK, "2026-11-23 18:00", "2026-11-24 09:00"),
        (WEEK, "2026-11-21 16:00", "2026-11-23 09:00"),
        (WEEK + ", holidays: {country: US}", "2026-12-25 10:00", "2026-12-26 10:00"),
        (WEEK + ", holidays: {country: US}, days: {2026-12-25: '08:00-09:00'}", "2026-12-25 08:30", None),
        (WEEK + ", days: {12-24: '09:00-12:00', 12-25: closed}", "2026-12-24 12:00", "2026-12-26 10:00"),
        (WEEK + ", days: {02-29: closed}", "2028-02-29 10:00", "2028-03-01 09:00"),
        (WEEK + ", days: {02-29: closed}", "2027-03-01 10:00", None),
        ("hours: always, days: {12-31: '00:00-18:00'}", "2026-12-31 18:00", "2027-01-01 00:00"),
        ("hours: {sun: '02:30-05:00'}", "2026-03-08 01:59", "2026-03-08 03:30"),  # 02:30 does not exist on that day
        ("hours: {sun: '00:00-24:00'}", "2026-11-01 23:59", None),  # that day has 25 hours
    ],
)
def test_when_people_are_there_and_when_they_are_back(entry: str, now: str, back: str | None) -> None:
    hours = hours_of(entry)
    assert hours.is_open(at(now)) is (back is None)
    assert hours.next_opening(at(now)) == (at(back) if back else at(now))


def test_a_region_has_holidays_of_its_own() -> None:
    saint_stephen = datetime(2026, 12, 26, 11, tzinfo=NEW_YORK)
    assert hours_of("hours: always, holidays: {country: DE}").is_open(saint_stephen) is False
    three_kings = datetime(2027, 1, 6, 11, tzinfo=NEW_YORK)
    assert hours_of("hours: always, holidays: {country: DE}").is_open(three_kings)
    assert not hours_of("hours: always, holidays: {country: DE, region: BY}").is_open(three_kings)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)))
def test_the_next_opening_is_the_first_moment_somebody_is_there(moment: datetime) -> None:
    hours = hours_of(WEEK + ", holidays: {country: US}, days: {12-24: '09:00-12:00'}")
    now = moment.replace(tzinfo=UTC)
    back = hours.next_opening(now)
    assert back and hours.is_open(back) and (back == now) is hours.is_open(now)
    assert hours.is_open(now) or not hours.is_open(back - timedelta(seconds=1))
    windows = hours.windows(now)
    assert len(windows) == 3 and all(hours.is_open(window.start) for window in windows)
    assert all(now <= window.start < window.end for window in windows)
    assert windows[2].start.date() > windows[0].start.date()


# -- every branch, through the real webhooks ---------------------------------------------------------------------------


class Walk:
    """Follows the documents a caller gets, as Twilio would."""

    def __init__(
        self, config: Config, folder: Path, now: datetime = MONDAY, text: str = BOTH_TEAMS, **form: str
    ) -> None:
        self.house = House(replace(config, advisors=advisors_of(text)), folder, lambda: self.now)
        self.now = now
        self.form = form
        self.text = ""

    def zero(self) -> "Walk":
        """Ring, press 0, and ask what is next."""
        self.house.post("/voice", CallStatus="ringing", **self.form)
        self.house.stream(*frames(SILENCE, 100), key("0"))
        return self.post("/voice/next")

    def post(self, path: str, **fields: str) -> "Walk":
        status, self.text = self.house.post(path, **self.form, **fields)
        assert status == 200
        return self

    def follow(self, verb: str, attribute: str = "action", **fields: str) -> "Walk":
        """Go where a verb of the document leads."""
        url = self.verb(verb).attrib[attribute] if attribute else self.verb(verb).text
        return self.post(str(url).removeprefix(BASE), **fields)

    def verb(self, name: str) -> Any:
        found = next(ElementTree.fromstring(self.text).iter(name), None)
        assert found is not None, f"no <{name}> in {self.text}"
        return found

    def rung(self) -> list[str]:
        nouns = [each for each in ElementTree.fromstring(self.text).iter() if each.tag in ("Number", "Sip", "Identity")]
        return [str(each.text).partition("?")[0] for each in nouns]

    def said(self) -> str:
        return " ".join(str(each.text) for each in ElementTree.fromstring(self.text).iter("Say"))

    def not_answered(self, status: str = "no-answer") -> "Walk":
        return self.follow("Dial", DialCallStatus=status, DialBridged="false")

    def until_offered(self) -> "Walk":
        """Nobody answers, and the queue is full."""
        for _ in range(4):
            self.not_answered()
        return self.follow("Enqueue", QueueResult="queue-full", QueueTime="0")

    @property
    def ending(self) -> tuple[str | None, str | None, str | None]:
        stored = self.house.records.call(CALL_ID)
        assert stored
        return stored.outcome, stored.team, stored.target


@pytest.fixture
def walk(config: Config, tmp_path: Path) -> Walk:
    return Walk(config, tmp_path)


def test_the_caller_hears_whom_they_are_put_through_to(walk: Walk) -> None:
    walk.zero()
    assert walk.rung() == ["+12025550142"] and "our desk" in walk.said()
    assert walk.ending == ("transferred", "desk", "+12025550142")
    assert walk.verb("Dial").attrib["timeLimit"] == "86400", "a conversation with an advisor is not limited by us"


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "completed", "never-seen-before", ""])
def test_who_does_not_take_the_call_is_followed_by_the_next_and_the_next_team(walk: Walk, status: str) -> None:
    walk.zero().not_answered(status)
    assert walk.rung() == ["sip:desk@pbx.example.com"] and "still trying" in walk.said()
    assert walk.not_answered(status).rung() == ["jane"]
    walk.not_answered(status)
    assert walk.rung() == ["+420777123456", "+12025550117"] and "our night desk" in walk.said(), "at once"
    assert walk.not_answered(status).verb("Enqueue").text == "desk"


def test_a_retried_webhook_gives_the_same_document(walk: Walk) -> None:
    first = walk.zero().text
    assert walk.post("/voice/next").text == first
    again = walk.follow("Dial", DialCallStatus="busy").text
    walk.text = first
    assert walk.follow("Dial", DialCallStatus="busy").text == again


@pytest.mark.parametrize(("bridged", "accepted"), [("true", False), ("", True)])
def test_after_a_conversation_nothing_follows(walk: Walk, bridged: str, accepted: bool) -> None:
    document = walk.zero().text
    if accepted:
        walk.follow("Number", "url", CallSid="CA" + "9" * 32).follow("Gather", Digits="1", CallSid="CA" + "9" * 32)
        walk.text = document
    walk.follow("Dial", DialCallStatus="completed", DialBridged=bridged)
    assert "<Hangup" in walk.text and "<Say" not in walk.text
    assert walk.house.records.call(CALL_ID).outcome == "transferred"  # type: ignore[union-attr]


def test_completed_without_a_word_about_the_bridge_is_no_conversation(walk: Walk) -> None:
    assert walk.zero().follow("Dial", DialCallStatus="completed").rung() == ["sip:desk@pbx.example.com"]


def test_the_advisor_hears_the_story_and_only_a_1_takes_the_call(walk: Walk) -> None:
    leg = "CA" + "9" * 32
    ringing = walk.zero().text
    walk.follow("Number", "url", CallSid=leg, To="+12025550142")
    whisper = walk.text
    assert "pressed 0" in walk.said() and "Press 1" in walk.said()
    assert walk.text.rstrip().endswith("<Hangup /></Response>"), "silence does not take the call"
    assert "<Hangup" in walk.follow("Gather", CallSid=leg, Digits="2").text
    walk.text = whisper
    assert "<Gather" in walk.follow("Gather", CallSid=leg, Digits="5").text, "another key: once more"
    assert "<Hangup" not in walk.follow("Gather", CallSid=leg, Digits="1", To="+12025550142").text
    kinds = [event.kind for event in walk.house.records.events(CALL_ID)]
    assert "passed_on" in kinds and "accepted" in kinds and ringing


def test_the_story_is_told_in_every_language_and_offered_without_it(walk: Walk) -> None:
    said = {"text": "where is my order", "intent": "order_status", "confidence": 0.9}
    card = {"reason": "asked", "wanted": "order_status", "said": [said], "slots": {"order_number": "42719"}}
    whisper = walk.zero().verb("Number").attrib["url"].removeprefix(BASE)
    walk.house.records.change(CALL_ID, card={**card, "done": [], "tone": None})
    for team, about in (("desk", "the status of an order"), ("night", "où en est une commande")):
        walk.post(whisper.replace("by=desk", f"by={team}"))
        assert about in walk.said() and "4, 2, 7, 1, 9" in walk.said()
    walk.house.records.change(CALL_ID, card={"reason": "never heard of"})
    assert walk.post(whisper).verb("Gather").find("Say") is not None


def test_the_second_of_two_advisors_who_accept_is_told(walk: Walk) -> None:
    walk.zero()
    for _ in range(3):
        walk.not_answered()
    whisper = walk.follow("Number", "url", CallSid="CA" + "8" * 32, To="+420777123456").text
    assert "appuyé" in walk.said(), "in the advisors' language"
    first = walk.follow("Gather", CallSid="CA" + "8" * 32, Digits="1", To="+420777123456").text
    walk.text = whisper
    second = walk.follow("Gather", CallSid="CA" + "7" * 32, Digits="1", To="+12025550117").text
    assert "<Hangup" not in first and "<Hangup" in second and "collègue" in walk.said()
    assert walk.ending == ("transferred", "night", "+420777123456")


def test_sip_client_queue_and_workflow_get_the_story(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path).zero().not_answered()
    assert "x-ivr-reason=pressed_zero" in walk.verb("Sip").text and "x-ivr-card=https" in walk.verb("Sip").text
    parameters = {each.attrib["name"] for each in ElementTree.fromstring(walk.not_answered().text).iter("Parameter")}
    assert parameters == {"call", "card"}
    tasks = (
        Walk(
            config,
            tmp_path / "tasks",
            text=BOTH_TEAMS.replace("team: desk", "team: tasks").replace(
                "{language: ko, team: tasks}", "{language: ko, team: desk}"
            ),
        )
        if (tmp_path / "tasks").mkdir() is None
        else walk
    )
    tasks.zero()
    assert '"reason": "pressed_zero"' in tasks.verb("Task").text and "putting you through" in tasks.said()
    tasks.follow("Enqueue", QueueResult="queue-full")
    assert tasks.verb("Enqueue").text == "overflow"


def in_the_queue(walk: Walk) -> Walk:
    walk.zero()
    for _ in range(4):
        walk.not_answered()
    return walk


def test_the_queue_says_the_position_and_an_honest_wait_and_then_what_else_there_is(walk: Walk) -> None:
    enqueue = in_the_queue(walk).text
    place = {"QueuePosition": "2", "CurrentQueueSize": "4", "AvgQueueTime": "240"}
    walk.follow("Enqueue", "waitUrl", QueueTime="0", **place)
    assert "number 2" in walk.said() and "about 4 minutes" in walk.said() and "Press 1" not in walk.said()
    assert walk.verb("Play").text == "https://example.com/music.mp3"
    walk.text = enqueue
    walk.follow("Enqueue", "waitUrl", QueueTime="60", **place)
    assert "press 1" in walk.said() and walk.verb("Gather").find("Play") is not None
    assert "<Gather" in walk.follow("Gather", Digits="7").text, "any other key: stay"
    walk.text = enqueue
    assert "<Leave" in walk.follow("Enqueue", "waitUrl", QueueTime="300", **place).text, "nobody waits for ever"


def test_nothing_is_said_of_a_wait_nobody_can_know() -> None:
    assert expected_minutes(Waits(30, 1, 1, 0)) == 0
    assert expected_minutes(Waits(30, 1, 2, 30)) == 1
    assert expected_minutes(Waits(30, 9, 9, 3600)) == 0


@pytest.mark.parametrize(("choice", "verb"), [("1", "Gather"), ("2", "Record")])
def test_a_choice_in_the_queue_leads_out_of_it(walk: Walk, choice: str, verb: str) -> None:
    enqueue = in_the_queue(walk).text
    walk.follow("Enqueue", "waitUrl", QueueTime="60").follow("Gather", Digits=choice)
    assert "<Leave" in walk.text
    walk.text = enqueue
    walk.follow("Enqueue", QueueResult="leave", QueueTime="61")
    assert walk.verb(verb) is not None


@pytest.mark.parametrize("result", ["bridged", "bridging-in-process", "redirected-from-bridged"])
def test_who_met_an_advisor_in_the_queue_is_left_alone(walk: Walk, result: str) -> None:
    in_the_queue(walk).follow("Enqueue", QueueResult=result)
    assert "<Hangup" in walk.text and "<Say" not in walk.text


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave", "unheard-of", ""])
def test_a_caller_the_queue_cannot_keep_is_offered_callback_and_voicemail(walk: Walk, result: str) -> None:
    in_the_queue(walk).follow("Enqueue", QueueResult=result, QueueTime="300")
    assert "Press 1" in walk.said() and "Press 2" in walk.said()


def test_a_queue_whose_telephones_ring_again(config: Config, tmp_path: Path) -> None:
    walk = in_the_queue(
        Walk(config, tmp_path, text=BOTH_TEAMS.replace("longest_s: 300", "longest_s: 300, ring_again_s: 60"))
    )
    enqueue = walk.text
    walk.follow("Enqueue", "waitUrl", QueueTime="59", QueuePosition="2", CurrentQueueSize="2", AvgQueueTime="60")
    assert "number 2" not in walk.said(), "the order is not that of the telephones"
    walk.text = enqueue
    assert "<Leave" in walk.follow("Enqueue", "waitUrl", QueueTime="60").text
    rounds = 0
    walk.text = enqueue
    while "<Enqueue" in walk.text:
        rounds += 1
        walk.follow("Enqueue", QueueResult="leave", QueueTime="0")
        while "<Dial" in walk.text:
            walk.not_answered()
    assert rounds == 5 and "Press 1" in walk.said()


def test_a_callback_to_the_calling_number_keeps_the_place_and_is_said_back(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="1")
    assert "1, 5, 5, 5, 0, 1, 9, 9" in walk.said()
    walk.follow("Gather", Digits="1")
    assert "Press 1 for Monday, November 23, from now until 12:00 PM" in walk.said()
    walk.follow("Gather", Digits="2")
    assert "between 12:00 PM and 3:00 PM" in walk.said() and "<Hangup" in walk.text
    assert walk.ending == ("callback", "desk", "+15550199")
    (promise,) = walk.house.parts.callbacks.open()
    assert (promise.number, promise.team, promise.language) == ("+15550199", "desk", "en")
    assert promise.not_before.replace(tzinfo=UTC) == MONDAY.replace(hour=12).astimezone(UTC)


def test_the_window_that_was_said_is_the_one_that_is_promised(walk: Walk) -> None:
    walk.now = MONDAY.replace(hour=11, minute=29)
    walk.zero().until_offered().follow("Gather", Digits="1").follow("Gather", Digits="1")
    walk.now += timedelta(minutes=2)  # by now the first window has become too short to be offered
    assert "until 12:00 PM" in walk.follow("Gather", Digits="1").said()


def test_another_number_is_keyed_confirmed_and_a_wrong_one_asked_again(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="1").follow("Gather", Digits="2").follow("Gather", Digits="12")
    assert "cannot call" in walk.said()
    walk.follow("Gather", Digits="2025550117")
    assert "1, 2, 0, 2, 5, 5, 5, 0, 1, 1, 7" in walk.said()
    walk.follow("Gather", Digits="1").follow("Gather", Digits="")
    assert walk.ending == ("callback", "desk", "+12025550117"), "silence takes the first window"


def test_a_withheld_number_is_asked_for(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, From="anonymous").zero().until_offered().follow("Gather", Digits="1")
    assert "key in the number" in walk.said()
    walk.follow("Gather", Digits="1")
    assert "cannot call" in walk.said()
    walk.follow("Gather", Digits="2025550117").follow("Gather", Digits="").follow("Gather", Digits="3")
    assert walk.ending[0] == "callback" and "Tuesday, November 24, between 9:00 AM" in walk.said()


def test_a_message_is_kept_also_of_who_hangs_up_after_it(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="2")
    record = walk.text
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"
    assert "<Hangup" in walk.follow("Record", RecordingUrl=url, RecordingDuration="7").text
    walk.text = record
    walk.form = {"CallStatus": "completed"}
    walk.follow("Record", RecordingUrl=url, RecordingDuration="7", Digits="hangup")
    assert walk.ending == ("voicemail", "desk", url)


def test_silence_leads_to_voicemail_and_silence_there_to_a_callback(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="")
    walk.follow("Redirect", "")
    assert walk.ending[0] == "callback" and "We will call" in walk.said()


def test_key_0_is_a_person_wherever_somebody_is_there(walk: Walk) -> None:
    offered = walk.zero().until_offered().text
    assert walk.follow("Gather", Digits="0").rung() == ["+12025550142"]
    walk.text = offered
    assert walk.follow("Gather", Digits="1").follow("Gather", Digits="0").rung() == ["+12025550142"]
    walk.text = offered
    walk.follow("Gather", Digits="1").follow("Gather", Digits="1").follow("Gather", Digits="0")
    assert walk.rung() == ["+12025550142"]


def test_a_closed_team_is_taken_over_from(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, now=MONDAY.replace(hour=19)).zero()
    assert "our night desk" in walk.said() and walk.ending[1] == "night"


def test_when_nobody_is_there_the_caller_hears_when_people_are_back(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, now=MONDAY.replace(hour=23)).zero()
    assert "back on Tuesday, November 24, at 6:00 AM" in walk.said() and "<Dial" not in walk.text
    assert walk.ending == ("transferred", "desk", None)
    assert "We will call you at" in walk.follow("Gather", Digits="0").said(), "0 is not a dead end"
    walk.follow("Gather", Digits="1")
    assert "Press 1 for Tuesday, November 24, between 9:00 AM and 12:00 PM" in walk.said(), "by the team of the call"
    assert walk.follow("Gather", Digits="1").ending[0] == "callback"


def test_a_queue_that_closes_lets_its_callers_choose(walk: Walk) -> None:
    enqueue = in_the_queue(walk).text
    walk.now = MONDAY.replace(hour=22)
    assert "<Leave" in walk.follow("Enqueue", "waitUrl", QueueTime="20").text
    walk.text = enqueue
    assert "back on Tuesday" in walk.follow("Enqueue", QueueResult="leave", QueueTime="21").said()


def test_a_caller_who_hangs_up_is_not_rung_for(walk: Walk) -> None:
    walk.zero()
    walk.form = {"CallStatus": "completed"}
    assert "<Dial" not in walk.not_answered("canceled").text


def test_a_team_may_have_sentences_of_its_own(config: Config, tmp_path: Path) -> None:
    texts = config.texts["en"]
    texts._compiled["queue_desk"] = texts._environment.from_string("The desk is busy.")
    texts._sentences["queue_desk"] = "The desk is busy."
    try:
        walk = in_the_queue(Walk(config, tmp_path)).follow("Enqueue", "waitUrl", QueueTime="0")
        assert walk.said() == "The desk is busy."
    finally:
        del texts._compiled["queue_desk"], texts._sentences["queue_desk"]


# -- every call ends, whatever happens ---------------------------------------------------------------------------------

TARGETS = ["+1 202 555 0142", "sip:a@b.example.com", "client:jane", "queue:other", "workflow:WW" + "0" * 32]
SPANS = ["09:00-18:00", "closed", "00:00-24:00", "22:00-24:00", "06:00-07:00, 12:00-12:30"]


@st.composite
def advisors_files(draw: st.DrawFn) -> str:
    """config/advisors.yaml with one to four teams, each reached, each taking over from the one before at most."""
    names = ["a", "b", "c", "d"][: draw(st.integers(1, 4))]
    teams: dict[str, Any] = {}
    for index, name in enumerate(names):
        week = draw(st.lists(st.sampled_from(SPANS), min_size=7, max_size=7))
        hours = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), week, strict=True))
        queue = {
            "name": "line",
            "offer_after_s": draw(st.sampled_from([0, 60])),
            "longest_s": draw(st.sampled_from([30, 600])),
            "ring_again_s": draw(st.sampled_from([None, 20, 100])),
        }
        teams[name] = {
            "name": dict.fromkeys(("en", "fr", "cs", "ko"), name),
            "hours": "always" if draw(st.booleans()) or set(week) == {"closed"} else hours,
            "days": draw(st.dictionaries(st.sampled_from(["12-24", "2026-11-23"]), st.sampled_from(SPANS))),
            "targets": draw(st.lists(st.sampled_from(TARGETS), min_size=1, max_size=4)),
            "at_once": draw(st.booleans()),
            "queue": draw(st.sampled_from([{}, queue])),
            **({"then": names[index + 1]} if index + 1 < len(names) and draw(st.booleans()) else {}),
        }
    routes = [
        {"language": language, "team": name} for language, name in zip(("en", "fr", "cs", "ko"), names, strict=False)
    ]
    out = StringIO()
    YAML(typ="safe").dump(
        {"country": "US", "timezone": "America/New_York", "teams": teams, "routes": routes, "team": names[0]}, out
    )
    return out.getvalue()


def happens(step: Step, draw: Any) -> Happened:
    """Anything Twilio, advisors and callers may do next; time-outs and nonsense included."""
    some = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    match step:
        case Ring():
            return Rang(some("busy", "no-answer", "failed", "completed", "odd"), some("false", "", "maybe"))
        case Wait():
            if some(True, False):
                return Waits(some(0, 20, 90, 700), some(0, 1, 3), some(0, 1, 3), some(0, 60))
            return Left(
                some("leave", "queue-full", "error", "odd"), some(0, 20, 700), some("", "", "callback", "voicemail")
            )
        case Music():
            return some(Chose("1", True), Chose("", True), Chose("9", True), Left("leave", 20), Waits(700))
        case Leave(choice=choice):
            return Left("leave", some(0, 90), choice or "")
        case Offer():
            return Chose(some("", "0", "1", "2", "7"))
        case AskNumber():
            return Keyed(some("", "0", "1", "2", "12", "2025550117", "*"))
        case AskWindow():
            return Picked(some("", "0", "1", "2", "3", "9"))
        case Record():
            return Silent()
    raise AssertionError(step)


def steps(advisors: Advisors, team: str, now: datetime, caller: str, draw: Any) -> Iterator[Step]:
    """A call in which no advisor ever answers and nobody leaves a message."""
    place, happened = Place(team), Arrived()
    waiting = 0
    while True:
        step = next_step(advisors, Place.read(place.query(), "a"), happened, now, caller)
        yield step
        if isinstance(step, HangUp | Promise):
            return
        place = getattr(step, "place", place)
        happened = happens(step, draw)
        if isinstance(step, Music):
            waiting += 1
            if waiting > 20 and isinstance(happened, Chose):
                happened = Waits(7200)  # the exchange's clock does go on
        now += timedelta(seconds=draw(st.sampled_from([1, 30, 3600])))


@settings(max_examples=300, deadline=None)
@given(advisors_files(), st.sampled_from(["a", "b", "gone"]), st.sampled_from(["", "+15550199", "sip:x@y"]), st.data())
def test_every_call_ends_with_a_person_a_callback_or_a_message(text: str, team: str, caller: str, data: Any) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=data.draw(st.integers(0, 24 * 60)))
    taken = []
    for step in steps(advisors_of(text), team, now, caller, data.draw):
        taken.append(step)
        assert len(taken) < 500, "a call that does not end"
    recorded = any(isinstance(step, Record) for step in taken)
    if isinstance(taken[-1], HangUp):  # a number nobody knows, no key, no word: then telephones rang, hours or not
        assert recorded and caller != "+15550199"
        telephones = [target for each in advisors_of(text).chain(team) for group in each.groups for target in group]
        assert isinstance(taken[-2], Ring) or not any(target.rings for target in telephones)


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["at", "waited_s", "tries", "asked", "number", "team"]), st.text()),
)
def test_a_mangled_address_is_a_beginning_not_an_error(_: str, query: dict[str, str]) -> None:
    place = Place.read(query, "a")
    text = BOTH_TEAMS
    assert next_step(advisors_of(text), place, Rang("busy", ""), MONDAY)
    assert next_step(advisors_of(text), place, Picked("1"), MONDAY)


def test_a_target_says_whether_it_rings() -> None:
    assert Target("sip", "sip:a@b").rings and not Target("workflow", "WW").rings
