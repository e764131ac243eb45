"""Calls as values, for the proof: copied, compared, and given back what only shortens them."""

from dataclasses import is_dataclass, replace
from functools import cache
from typing import Any

from ivr.call.call import Call
from ivr.call.history import History
from ivr.call.known import Known
from ivr.call.plan import RequestPlan, SlotPlan
from ivr.call.state import ConfirmingChange, ConfirmingSlot, Filling, Working

_IN_REQUEST = Filling | ConfirmingSlot | ConfirmingChange | Working
_COUNTERS = ("elapsed_ms", "_silent_ms", "_keyed_ms", "_idle_keys")
_OF_ASKING = ("turns", "waiting", "_impatient", "_offered")  # the last two only change what is said
_NOT_COMPARED = {
    *_COUNTERS,
    *_OF_ASKING,
    *("_talking", "_speaking", "plan", "_plan", "grammar", "_languages", "_keys", "_asking", "said"),
}
_PLAIN = frozenset({str, int, float, bool, type(None)})


def twin(value: Any, twins: dict[int, Any] | None = None) -> Any:
    """A copy that shares only what never changes.  ``twins``: what was copied already, for what is held twice."""
    twins = {} if twins is None else twins
    if (known := twins.get(id(value))) is not None:
        return known
    parts = _parts(value)
    copy = twins[id(value)] = object.__new__(type(value))
    parts |= {name: _part(each, twins) for name, each in parts.items() if _changes(each.__class__)}
    if hasattr(copy, "__dict__"):
        copy.__dict__ = parts
    else:
        for name, each in parts.items():
            setattr(copy, name, each)
    return copy


def _parts(value: Any) -> dict[str, Any]:
    if hasattr(value, "__dict__"):
        return dict(value.__dict__)
    return {name: getattr(value, name) for name in value.__slots__}


def _part(value: Any, twins: dict[int, Any]) -> Any:
    return value.copy() if isinstance(value, list | set | dict) else twin(value, twins)


@cache
def _changes(kind: type[Any]) -> bool:
    """True for a class whose objects change while a call lasts."""
    if kind in _PLAIN or issubclass(kind, tuple):
        return False
    return not (is_dataclass(kind) and kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def key(value: Any) -> object:
    """The same for calls that go on alike."""
    match value:
        case str() | int() | float() | None:
            return value
        case tuple():
            return tuple(map(key, value))
        case list():
            return tuple(sorted(value))
        case dict() | set():
            return frozenset(value)
        case RequestPlan():
            return value.intent
        case SlotPlan():
            return value.name
        case History():
            return value.content
        case Working():  # waiting longer only shortens it
            return key(value.errand)
        case Filling(slot=slot):  # between the first digit and the last but one, a number is like itself
            so_far = [min(len(digits), 1) + (len(digits) + 1 in slot.lengths) for digits in (value.digits, value.keyed)]
            return value.request.intent, slot.name, len(value.choices), *so_far
    parts = [each for name, each in _parts(value).items() if name not in _NOT_COMPARED]
    return (type(value), *[each if each.__class__ in _PLAIN else key(each) for each in parts])


def forgive(call: Call, misses: bool) -> None:
    """Give back what only shortens a call: patience, and between two requests what is known, which is asked again."""
    for name in _COUNTERS:
        setattr(call, name, 0)
    for name in _OF_ASKING:
        setattr(call.asking, name, 0)
    call.service._work = 0
    call.service._known = _forget_others(call)
    if misses:
        call.asking._misses.clear()
        call.asking.doubts = call.asking._small_talk = 0
        call.service._known.failures = 0
    call.asking.history._said.clear()


def _forget_others(call: Call) -> Known:
    """What is known for the present request; what else is known only shortens a later one."""
    known, request = call.service._known, call.service._request
    if request is None or not isinstance(call.asking.state, _IN_REQUEST):
        call.service._request = None
        return Known(known.caller)
    names = {slot.name for slot in (*request.slots, *(proof.slot for proof in request.proofs if proof.slot))}
    return replace(
        known,
        slots={name: value for name, value in known.slots.items() if name in names},
        own={slot.own: known.own[slot.own] for slot in request.slots if slot.own in known.own},
    )
