"""The states of a call: which question is open.  Frozen; a call moves from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from ivr.call.actions import Reason, Say
from ivr.call.plan import RequestPlan, SlotPlan
from ivr.grammar import Expecting

REQUEST = Expecting("request")
YES_NO = Expecting("yes_no")
REPLY = Expecting("reply")


@dataclass(frozen=True, slots=True)
class Open:
    """ "What can I do for you?"  ``served``: something was already done, so silence now means the caller is content.

    ``said`` is what was answered last: "pardon?" asks for it.
    """

    question: str
    served: bool = False
    said: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class Filling:
    """A slot has been asked for.  ``digits`` were heard so far, ``keyed`` were pressed so far.

    ``choices``: the values to choose from, with their labels; what is said or pressed is then a place in them, from 1.
    ``values`` fill the question.
    """

    request: RequestPlan
    slot: SlotPlan
    digits: str = ""
    confidence: float = 1.0
    keyed: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfirmingRequest:
    """ "Did you want ...?"  Asked once in a call.  ``given``: values that were said with it, where so few exist that a
    misheard one hardly does."""

    request: RequestPlan
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmingSlot:
    """ "I heard 4 2 7 1 9, is that right?" """

    request: RequestPlan
    slot: SlotPlan
    value: str


@dataclass(frozen=True, slots=True)
class ConfirmingChange:
    """ "I will cancel order 4 2 7 1 9.  Shall I?"  Never skipped.  ``values`` fill the question."""

    request: RequestPlan
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offering:
    """ "Shall I send you that as a text message?"  ``action`` sends it."""

    request: RequestPlan
    action: str
    said: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class Errand:
    """Something the business is asked for a request's sake.

    ``own``: the calling number's own values of ``slot``; ``proof``: whether ``proof`` holds; ``before``: whether the
    request is allowed now; ``choices``: what ``slot`` may be; ``request``: the answer, or the change itself;
    ``offer``: the text message that was offered.
    """

    request: RequestPlan
    purpose: Literal["own", "proof", "before", "choices", "request", "offer"]
    action: str
    slot: SlotPlan | None = None
    proof: str = ""

    @property
    def changes(self) -> bool:
        """True for what must not be done twice, and whose outcome is unknown when no answer comes."""
        return self.purpose == "request" and self.request.confirm is not None


@dataclass(frozen=True, slots=True)
class Working:
    """An errand is under way."""

    work: int
    errand: Errand
    waited_ms: int = 0
    explained: bool = False


@dataclass(frozen=True, slots=True)
class HandingOver:
    """The caller is being told why a person takes over.  Anything but a change of mind puts them through at once."""

    reason: Reason
    topic: str | None = None
    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class Leaving:
    """The farewell is being said.  The caller may still ask for something."""

    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class Over:
    """Transferred, finished or hung up.  Nothing more happens."""


State = (
    Open
    | Filling
    | ConfirmingRequest
    | ConfirmingSlot
    | ConfirmingChange
    | Offering
    | Working
    | HandingOver
    | Leaving
    | Over
)


def expecting(state: State, today: date | None = None) -> Expecting:
    """What may be said in a state, on this day."""
    match state:
        case Filling(slot=slot, digits=digits):
            return _answer_to(slot, len(digits), today)
        case ConfirmingSlot(slot=slot):
            return _answer_to(slot, 0, today)  # "no, four two seven ..." corrects in one breath
        case ConfirmingRequest():
            return YES_NO
        case ConfirmingChange() | Offering() | HandingOver() | Open(served=True):
            return replace(REPLY, today=today)
        case _:
            return replace(REQUEST, today=today)


def _answer_to(slot: SlotPlan, known: int, today: date | None) -> Expecting:
    """An answer to the question for a slot, ``known`` digits of which have been said."""
    match slot.kind:
        case "digits" | "number" | "choice":
            lengths = tuple(length - known for length in slot.lengths if length > known)
            return Expecting("digits", lengths, slot=slot.name)
        case "date":
            return Expecting("date", today=today)
        case "yes_no":
            return YES_NO
        case _:
            return REQUEST  # keys alone, so that nobody says a secret aloud
