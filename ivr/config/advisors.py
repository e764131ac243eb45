"""config/advisors.yaml -> ``Advisors``, or every mistake in it."""

import re
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

import holidays

from ivr.advisors.hours import ALL_DAY, Hours, Span
from ivr.advisors.teams import Advisors, Route, Target, Team, Waiting
from ivr.config.files import AdvisorsFile, HolidaysEntry, QueueEntry, RouteEntry, TeamEntry
from ivr.config.source import Mistakes, Source
from ivr.phone_numbers import telephone_number

MOST_AT_ONCE = 10  # telephones Twilio rings at once
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_OWN_DAY = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
_LEAP_YEAR = 2024

Report = Callable[[Sequence[Any], str, str], None]


def advisors(
    source: Source, file: AdvisorsFile, languages: Collection[str], topics: Container[str], mistakes: Mistakes
) -> Advisors:
    """Everything about advisors.  What is wrong goes to ``mistakes``; what comes back is then not to be used."""

    def report(place: Sequence[Any], what: str, remedy: str) -> None:
        mistakes.found.append(source.mistake(place, what, remedy))

    _zone(file.timezone, ("timezone",), report)
    teams = {name: _team(name, entry, file, tuple(languages), report) for name, entry in file.teams.items()}
    for index, route in enumerate(file.routes):
        _check_route(index, route, file, languages, topics, report)
    _check_ways(file, report)
    routes = tuple(
        Route(
            route.team, frozenset(_list(route.reason)), frozenset(_list(route.topic)), frozenset(_list(route.language))
        )
        for route in file.routes
    )
    return Advisors(teams, file.team, routes, file.country, file.sip_headers == "ascii")


def _team(name: str, entry: TeamEntry, file: AdvisorsFile, languages: tuple[str, ...], report: Report) -> Team:
    place = ("teams", name)
    for language in sorted(set(languages) - set(entry.name)):
        what = f"team {name} has no name in {language!r}"
        report((*place, "name"), what, "callers are told who they will talk to")
    for language in sorted(set(entry.languages) - set(languages)):
        what = f"team {name} speaks {language!r}, which is not under languages in config/ivr.yaml"
        report((*place, "languages"), what, f"one of: {', '.join(languages)}")
    targets = [_target(text, index, name, file.country, report) for index, text in enumerate(entry.targets)]
    queue = entry.queue
    _check_waiting(name, queue, report)
    return Team(
        name=name,
        names=dict(entry.name),
        languages=tuple(entry.languages) or languages,
        hours=_hours(entry, file.timezone, place, report),
        groups=_groups([target for target in targets if target], entry.at_once, place, report),
        ring_s=entry.ring_s,
        waiting=Waiting(queue.name, queue.music, queue.offer_after_s, queue.longest_s, queue.ring_again_s),
        then=entry.then,
    )


def _check_waiting(team: str, queue: QueueEntry, report: Report) -> None:
    """What is to happen in a queue happens before callers leave it."""
    for field, what in (("offer_after_s", "callbacks are never offered"), ("ring_again_s", "nobody is rung again")):
        after_s = getattr(queue, field)
        if after_s is not None and after_s > queue.longest_s:
            place = ("teams", team, "queue", field)
            said = f"team {team}: {field} {after_s} is longer than longest_s {queue.longest_s}: {what}"
            report(place, said, f"choose one below {queue.longest_s}, or raise longest_s")


# -- targets ----------------------------------------------------------------------------------------------------------


def _target(text: str, index: int, team: str, country: str, report: Report) -> Target | None:
    """ "+1 202 555 0142", "sip:desk@pbx.example.com", "client:jane", "queue:care" or "workflow:WW..."."""
    kind, _, address = text.strip().partition(":")
    address = address.strip()
    match kind:
        case "sip" | "sips" if re.fullmatch(r"[^@\s?<>]+@[\w.\[\]:-]+(;[\w.=;-]+)?", address) and len(address) < 200:
            return Target("sip", f"{kind}:{address}")
        case "client" if re.fullmatch(r"[\w.@+-]{1,121}", address):
            return Target("client", address)
        case "queue" if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", address):
            return Target("queue", address)
        case "workflow" if re.fullmatch(r"WW[0-9a-f]{32}", address):
            return Target("workflow", address)
    number = telephone_number(text, country) if ":" not in text else None
    if number:
        return Target("number", number)
    what = f"team {team}: {text!r} is neither a telephone number nor an address of an advisor"
    remedy = (
        "write a number with its country code like +1 202 555 0142, or sip:, client:, queue: or workflow: and a name"
    )
    report(("teams", team, "targets", index), what, remedy)
    return None


def _groups(
    targets: list[Target], at_once: bool, place: tuple[str, str], report: Report
) -> tuple[tuple[Target, ...], ...]:
    if not at_once:
        return tuple((target,) for target in targets)
    telephones = tuple(target for target in targets if target.rings)
    if len(telephones) > MOST_AT_ONCE:
        what = f"{len(telephones)} telephones at once, Twilio rings {MOST_AT_ONCE}"
        report((*place, "at_once"), what, "take some out, or move them to a team that takes over")
    rest = tuple((target,) for target in targets if not target.rings)
    return (telephones, *rest) if telephones else rest


# -- hours ------------------------------------------------------------------------------------------------------------


def _hours(entry: TeamEntry, timezone: str, place: tuple[str, str], report: Report) -> Hours:
    zone = _zone(entry.timezone or timezone, (*place, "timezone") if entry.timezone else ("timezone",), report)
    weekly = _weekly(entry.hours, place, report)
    days = {}
    for day, spans in entry.days.items():
        where = (*place, "days", day)  # YAML reads 2026-12-24 as a date, and leaves 12-24 a text
        key = _own_day(str(day))
        if key is None:
            report(where, f"{str(day)!r} is not a day", "write 2026-12-24, or 12-24 for every year")
        else:
            days[key] = _spans(spans, where, report)
    return Hours(zone, weekly, days, _holidays(entry.holidays, (*place, "holidays"), report))


def _weekly(
    hours: Literal["always"] | Mapping[str, str], place: tuple[str, str], report: Report
) -> tuple[tuple[Span, ...], ...]:
    if hours == "always":
        return (ALL_DAY,) * 7
    weekly: dict[int, tuple[Span, ...]] = {}
    for text, spans in hours.items():
        where = (*place, "hours", text)
        weekdays = _weekdays(text)
        if not weekdays:
            report(where, f"{text!r} is not a day of the week", "write mon, tue, ... sun, or mon-fri")
        for weekday in weekdays:
            if weekday in weekly:
                report(where, f"{_DAYS[weekday]} has hours twice, they overlap", "give each day once")
            weekly[weekday] = _spans(spans, where, report)
    if not any(weekly.values()):
        report((*place, "hours"), f"team {place[1]} never opens", "give it hours, or take it out")
    return tuple(weekly.get(weekday, ()) for weekday in range(7))


def _weekdays(text: str) -> list[int]:
    first, _, last = (part.strip().lower() for part in text.partition("-"))
    if first not in _DAYS or (last and last not in _DAYS):
        return []
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def _spans(text: str, place: Sequence[Any], report: Report) -> tuple[Span, ...]:
    """ "09:00-12:00, 13:00-18:00" or "closed"."""
    if text.strip().lower() == "closed":
        return ()
    spans: list[Span] = []
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        hours = [int(each) for each in found.groups()] if found else []
        start, end = (hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]) if hours else (0, 0)
        if not hours or hours[1] > 59 or hours[3] > 59 or end > 1440 or start >= end:
            remedy = (
                'write "09:00-18:00", "09:00-12:00, 13:00-18:00" or "closed"; a night is two days: "22:00-24:00" and '
            )
            report(place, f"{part.strip()!r} is not a time from and until on one day", remedy + '"00:00-06:00"')
            continue
        spans.append((start, end))
    spans.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        report(place, f"the hours {text!r} overlap", "join them, or end one before the next begins")
    return tuple(spans)


def _own_day(text: str) -> tuple[int | None, int, int] | None:
    found = _OWN_DAY.fullmatch(text)
    if not found:
        return None
    year, month, day = int(found[1]) if found[1] else None, int(found[2]), int(found[3])
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return None
    return year, month, day


def _holidays(entry: HolidaysEntry | None, place: Sequence[Any], report: Report) -> Container[date]:
    if entry is None:
        return ()
    try:
        return holidays.country_holidays(entry.country, subdiv=entry.region)
    except NotImplementedError as error:
        report(place, f"no public holidays are known for it ({error})", "see the countries and regions of `holidays`")
        return ()


def _zone(name: str, place: Sequence[Any], report: Report) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        report(place, f"{name!r} is not a time zone", "write one like America/New_York or Europe/Prague")
        return ZoneInfo("UTC")


# -- ways -------------------------------------------------------------------------------------------------------------


def _check_route(
    index: int,
    route: RouteEntry,
    file: AdvisorsFile,
    languages: Collection[str],
    topics: Container[str],
    report: Report,
) -> None:
    place = ("routes", index)
    for topic in _list(route.topic):
        if topic not in topics:
            report(place, f"topic {topic!r} is not under requests in config/requests.yaml", "check its spelling")
    for language in _list(route.language):
        if language not in languages:
            report(place, f"{language!r} is not under languages in config/ivr.yaml", f"one of: {', '.join(languages)}")
    if not (route.reason or route.topic or route.language):
        report(
            place, "a route without reason, topic or language takes every call", "name that team under `team` instead"
        )
    if route.team in file.teams:
        spoken = set(file.teams[route.team].languages or languages)
        if route.language and not spoken & set(_list(route.language)):
            report(place, f"team {route.team} does not speak that language", "add it to the team's languages")


def _check_ways(file: AdvisorsFile, report: Report) -> None:
    """Every team can be reached, and nobody is handed round in a circle."""
    known = f"one of: {', '.join(file.teams)}"
    named = [(("team",), file.team), *((("routes", at), route.team) for at, route in enumerate(file.routes))]
    named += [(("teams", name, "then"), team.then) for name, team in file.teams.items() if team.then]
    for place, name in named:
        if name not in file.teams:
            report(place, f"team {name!r} is not under teams", known)
    reached = set()
    for start in (file.team, *(route.team for route in file.routes)):
        at: str | None = start
        while at in file.teams and at not in reached:
            reached.add(at)
            at = file.teams[at].then
    for name, team in file.teams.items():
        if name not in reached:
            remedy = "name it in a route, in `then` of another team, or take it out"
            report(("teams", name), f"no call ever reaches team {name}", remedy)
        seen, after = [name], team.then
        while after in file.teams and after not in seen:
            seen.append(after)
            after = file.teams[after].then
        if after == name:
            way = " -> ".join([*seen, name])
            report(("teams", name, "then"), f"callers would go round in a circle: {way}", "end it at one team")


def _list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
