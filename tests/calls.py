"""Calls brought into each of their states, for the tests of the pure core."""

from collections.abc import Iterable
from dataclasses import replace

from ivr.call import Call, Languages, Plan
from ivr.call.actions import Action, Say, Transfer
from ivr.call.events import Answered, Elapsed, Event, Failed, Heard, Played, Pressed, Started
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

CALLER = "+15550112"
OWN = Answered(1, "found", {"values": ["11208"]})
_PROVED = (
    Started(),
    Played(),
    Heard("cancel my order", 1.0),
    OWN,
    Played(),
    Heard("three oh oh seven four", 1.0),
    Answered(2, "verified"),
)
_CONFIRMED = (*_PROVED, Answered(3, "allowed"), Played(), Heard("yes", 1.0))
KNOWN_CALLER: dict[str, tuple[Event, ...]] = {
    "asked for the postcode": (*_PROVED[:4], Played()),
    "asking whether a change is allowed": _PROVED,
    "asked to confirm a change": _CONFIRMED[:-1],
    "a change is being made": _CONFIRMED,
    "told why a person takes over": (*_CONFIRMED, Failed(4, "no answer", unknown=True)),
    "asked to choose": (
        *_PROVED[:2],
        Heard("change the size", 1.0),
        *_PROVED[3:],
        Answered(3, "allowed"),
        Answered(4, "found", {"values": ["large", "medium"]}),
        Played(),
    ),
    "offered a text message": (
        Started(),
        Played(),
        Heard("track my parcel", 1.0),
        OWN,
        Answered(2, "on_its_way", {"carrier": "Northway", "place": "Springfield", "due": "2026-11-24"}),
        Played(),
    ),
}
"""The same, for a caller whose number the shop knows."""

STATES |= KNOWN_CALLER


def confirming(plan: Plan) -> Plan:
    """A shop whose order numbers are dense, so that an unsure one is confirmed, and who tells everybody about them."""
    requests = {
        intent: replace(
            request,
            slots=tuple(replace(slot, sure_if_found=slot.kind == "choice") for slot in request.slots),
            proofs_needed=request.proofs_needed if request.proofs_needed > 1 else 0,
        )
        for intent, request in plan.requests.items()
    }
    return replace(plan, requests=requests)


def new_call(config: Config, language: str = "en", caller: str = "", languages: Languages = ONLY_ONE) -> Call:
    return Call(confirming(config.plans[language]), config.grammars[language], caller, None, languages)


def after(call: Call, events: Iterable[Event]) -> list[Action]:
    """All actions of some events."""
    return [action for event in events for action in call.handle(event)]


def in_state(config: Config, name: str, languages: Languages = ONLY_ONE) -> Call:
    call = new_call(config, caller=CALLER if name in KNOWN_CALLER else "", languages=languages)
    after(call, STATES[name])
    assert not call.over, f"{name} is not a state of a running call"
    return call


def reasons(actions: Iterable[Action]) -> list[str]:
    return [action.reason for action in actions if isinstance(action, Transfer)]


def said(actions: Iterable[Action]) -> list[str]:
    return [action.prompt for action in actions if isinstance(action, Say)]


def press(keys: str) -> list[Event]:
    return [Pressed(key) for key in keys]
