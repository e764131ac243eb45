"""Every transferred call ends with a person, a callback or a message, whatever the file says and whatever happens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.advisors.journey import next_step
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
from ivr.advisors.teams import Advisors
from ivr.yaml_text import dump
from tests.advising import MONDAY, TWO_TEAMS, advisors_of

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
            "longest_s": draw(st.sampled_from([100, 600])),
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
    return dump({"country": "US", "timezone": "America/New_York", "teams": teams, "routes": routes, "team": names[0]})


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
@given(st.dictionaries(st.sampled_from(["at", "waited_s", "tries", "asked", "number", "team"]), st.text()))
def test_a_mangled_address_is_a_beginning_not_an_error(query: dict[str, str]) -> None:
    place = Place.read(query, "a")
    for happened in (Rang("busy", ""), Picked("1"), Keyed("1"), Left("leave", 0), Silent()):
        assert next_step(TWO_TEAMS, place, happened, MONDAY)
