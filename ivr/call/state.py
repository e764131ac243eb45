"""The states of a call: which question is open.  Frozen; a call moves from one to the next."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from ivr.call.plan import RequestPlan, SlotPlan
from ivr.grammar import Expecting

REQUEST = Expecting("request")
YES_NO = Expecting("yes_no")


@dataclass(frozen=True, slots=True)
class Open:
    """ "What can I do for you?"  ``served``: something was already done, so silence now means the caller is content."""

    question: str
    served: bool = False


@dataclass(frozen=True, slots=True)
class Filling:
    """A slot has been asked for.  ``digits`` were heard so far, ``keyed`` were pressed so far."""

    request: RequestPlan
    slot: SlotPlan
    digits: str = ""
    confidence: float = 1.0
    keyed: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmingRequest:
    """ "Did you want ...?"  Asked once in a call."""

    request: RequestPlan


@dataclass(frozen=True, slots=True)
class ConfirmingSlot:
    """ "I heard 4 2 7 1 9, is that right?" """

    request: RequestPlan
    slot: SlotPlan
    value: str


@dataclass(frozen=True, slots=True)
class Errand:
    """Something the business is asked for a request's sake.

    ``own``: the calling number's own values of ``slot``; ``request``: the request's own answer.
    """

    request: RequestPlan
    purpose: Literal["own", "request"]
    lookup: str
    slot: SlotPlan | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """An errand is under way."""

    work: int
    errand: Errand
    waited_ms: int = 0
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Leaving:
    """The farewell is being said.  The caller may still ask for something."""

    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class Over:
    """Transferred, finished or hung up.  Nothing more happens."""


State = Open | Filling | ConfirmingRequest | ConfirmingSlot | Working | Leaving | Over


def expecting(state: State, today: date | None = None) -> Expecting:
    """What may be said in a state, on this day."""
    match state:
        case Filling(slot=slot, digits=digits):
            return _answer_to(slot, len(digits), today)
        case ConfirmingSlot(slot=slot):
            return _answer_to(slot, 0, today)  # "no, four two seven ..." corrects in one breath
        case ConfirmingRequest():
            return YES_NO
        case _:
            return REQUEST


def _answer_to(slot: SlotPlan, known: int, today: date | None) -> Expecting:
    """An answer to the question for a slot, ``known`` digits of which have been said."""
    match slot.kind:
        case "digits" | "number":
            return Expecting("digits", tuple(length - known for length in slot.lengths if length > known))
        case "date":
            return Expecting("date", today=today)
        case "yes_no":
            return YES_NO
        case _:
            return REQUEST  # keys alone, so that nobody says a secret aloud
