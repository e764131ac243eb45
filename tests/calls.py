"""Calls brought into each of their states, for the tests of the pure core."""

from collections.abc import Iterable
from dataclasses import replace

from ivr.call import Call, Languages, Plan
from ivr.call.actions import Action, Say, Transfer
from ivr.call.events import Answered, Elapsed, Event, Heard, Played, Pressed, Started
from ivr.config import Config

ONLY_ONE = Languages()
FOUND = Answered(1, "shipped", {"order_number": "42719", "due": "2026-11-24"})

STATES: dict[str, tuple[Event, ...]] = {
    "greeting is playing": (Started(),),
    "asked what is wanted": (Started(), Played()),
    "asked for the order number": (Started(), Played(), Heard("where is my order", 1.0), Played()),
    "half a number said": (Started(), Played(), Heard("where is my order", 1.0), Played(), Heard("four two", 1.0)),
    "asked to confirm the request": (Started(), Played(), Heard("where is my order", 0.6), Played()),
    "asked to confirm the number": (
        Started(),
        Played(),
        Heard("where is my order", 1.0),
        Played(),
        Heard("four two seven one nine", 0.6),
        Played(),
    ),
    "looking up": (Started(), Played(), Heard("where is my order", 1.0), Heard("four two seven one nine", 1.0)),
    "answer is playing": (
        Started(),
        Played(),
        Heard("where is my order", 1.0),
        Heard("four two seven one nine", 1.0),
        FOUND,
    ),
    "asked for anything else": (
        Started(),
        Played(),
        Heard("where is my order", 1.0),
        Heard("four two seven one nine", 1.0),
        FOUND,
        Played(),
    ),
    "after a silence": (Started(), Played(), Elapsed(5000)),
    "farewell is playing": (
        Started(),
        Played(),
        Heard("where is my order", 1.0),
        Heard("four two seven one nine", 1.0),
        FOUND,
        Played(),
        Heard("no thank you", 1.0),
    ),
}
"""Name of a state -> the events that lead there."""


def confirming(plan: Plan) -> Plan:
    """The plan of a shop whose order numbers are dense, so that an unsure number is confirmed before it is used."""
    requests = {
        intent: replace(request, slots=tuple(replace(slot, sure_if_found=False) for slot in request.slots))
        for intent, request in plan.requests.items()
    }
    return replace(plan, requests=requests)


def new_call(config: Config, language: str = "en", caller: str = "", languages: Languages = ONLY_ONE) -> Call:
    return Call(confirming(config.plans[language]), config.grammars[language], caller, None, languages)


def after(call: Call, events: Iterable[Event]) -> list[Action]:
    """All actions of some events."""
    return [action for event in events for action in call.handle(event)]


def in_state(config: Config, name: str, languages: Languages = ONLY_ONE) -> Call:
    call = new_call(config, languages=languages)
    after(call, STATES[name])
    assert not call.over, f"{name} is not a state of a running call"
    return call


def reasons(actions: Iterable[Action]) -> list[str]:
    return [action.reason for action in actions if isinstance(action, Transfer)]


def said(actions: Iterable[Action]) -> list[str]:
    return [action.prompt for action in actions if isinstance(action, Say)]


def press(keys: str) -> list[Event]:
    return [Pressed(key) for key in keys]
