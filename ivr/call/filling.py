"""Slots: from digits, said or keyed, to a value.  Pure functions on the question that is open."""

from dataclasses import dataclass, replace

from ivr.call.actions import Transfer
from ivr.call.plan import Bands
from ivr.call.policy import decide
from ivr.call.state import ConfirmingSlot, Filling
from ivr.grammar import Meaning, valid


@dataclass(frozen=True, slots=True)
class Filled:
    """A value that can be used."""

    value: str


_KEYS = "0123456789*#"

Step = Filled | Filling | ConfirmingSlot | Transfer | None
"""What digits lead to: a value, waiting for more of them, reading them back, a person; None: a miss."""


def said(state: Filling | ConfirmingSlot, meaning: Meaning, sure: float, bands: Bands) -> Step:
    """A day, or spoken digits: a whole number, or a part of one to which the next utterance adds."""
    if meaning.day:
        return _decided(state, meaning.day, sure, bands)
    before = state.digits if isinstance(state, Filling) else ""
    if meaning.restarted or state.slot.kind == "number" or len(meaning.digits) in state.slot.lengths:
        before = ""  # begun anew, or all of it said once more
    if before and isinstance(state, Filling):
        sure = min(sure, state.confidence)
    digits = before + meaning.digits
    if value := _value(state, digits):
        return _decided(state, value, sure, bands)
    if len(digits) < max(state.slot.lengths):
        return Filling(state.request, state.slot, digits, sure)  # more may follow: silence brings the question back
    return None


def _decided(state: Filling | ConfirmingSlot, value: str, sure: float, bands: Bands) -> Step:
    decision = decide(bands, sure, unsure_before=False)
    if decision == "accept" or (decision == "confirm" and state.slot.sure_if_found):
        return Filled(value)
    if decision == "transfer":
        return Transfer("low_confidence")
    return ConfirmingSlot(state.request, state.slot, value)


def pressed(state: Filling, key: str) -> Step:
    """A key while a number is asked for: the next digit, # for "that is all" or * for "from the beginning"."""
    if key not in _KEYS:  # A to D, which a few telephones have
        return state
    if key == "*":
        return replace(state, keyed="")
    if key == "#":
        return all_pressed(state) if state.keyed else state
    state = replace(state, keyed=state.keyed + key, digits="")
    return _taken(state) if len(state.keyed) >= max(state.slot.lengths) else state


def all_pressed(state: Filling) -> Step:
    """No more keys: take the number.  A trailing 0 that completed nothing was a call for a person."""
    if len(state.keyed) not in state.slot.lengths and state.keyed.endswith("0"):
        return Transfer("pressed_zero")
    return _taken(state)


def _taken(state: Filling) -> Step:
    return Filled(value) if (value := _value(state, state.keyed)) else None


def _value(state: Filling | ConfirmingSlot, digits: str) -> str | None:
    """What a number of a right length, with a right check digit, stands for."""
    slot = state.slot
    if len(digits) not in slot.lengths or (slot.check and not valid(digits, slot.check)):
        return None
    if slot.kind == "choice" and isinstance(state, Filling):
        return dict(enumerate((value for value, _ in state.choices), 1)).get(int(digits))
    return digits
