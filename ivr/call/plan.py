"""What a call needs to know of the supervisors' choices.  Made from the configuration, frozen, shared by all calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.grammar import Grammar

SlotKind = Literal["digits", "number", "date", "yes_no", "keypad", "choice"]
"""How a value is given: digits one after the other, an amount ("twenty-five"), a day, yes or no, by keys alone, or as
a place in a list that is read out."""

KEYED_DATE = (4, 8)
"""How many keys a day takes: day and month, or the other way round, each of two digits; then the year."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Confidence, 0 to 1: from ``accept`` on we act, from ``confirm`` on we ask once, below it a person takes over."""

    accept: float
    confirm: float


@dataclass(frozen=True, slots=True)
class Budget:
    """What the machine may take of a caller's time before a person takes over.

    ``misses``: which utterance in a row that is not understood transfers; ``silences``: which no-input in a row does.
    ``doubts``: how often the whole call may ask back: an unsure request or number read back, a number that is then
    keyed, a no-input.  The next doubt of any kind transfers.
    """

    turns: int
    seconds: int
    misses: int
    silences: int
    doubts: int = 1


@dataclass(frozen=True, slots=True)
class TonePlan:
    """Probability that the caller is upset: from ``offer`` on a person is offered, from ``transfer`` on one comes."""

    offer: float
    transfer: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of the caller's audio."""

    no_input_ms: int  # silence after a prompt that counts as no input
    keypad_ms: int  # after this long without a key, a number being keyed is taken as finished
    filler_ms: int  # an action of the business that takes longer gets a word of explanation
    lookup_ms: int  # one that takes longer goes to a person


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """A piece of information a request needs.  ``lengths``: how many digits it may have, or how many keys give it.

    The value is text: digits, a date as 2026-11-24, "yes" or "no".

    ``ask`` is the prompt that asks for it, ``confirm`` the one that reads back an unsure value, and every day.  ``own``
    names the action that lists the calling number's own values of it, so that nobody is asked what we know.
    ``sure_if_found``: so few numbers exist that a misheard one hardly does; an unsure number is looked up instead of
    being confirmed first, and the answer says it again (a day: always).  ``check``: the check digit such numbers carry
    (``ivr.grammar.CHECKS``).  ``choices`` names the action that lists what can be chosen, once it is known who is
    calling.
    """

    name: str
    lengths: tuple[int, ...]
    ask: str
    confirm: str
    own: str | None = None
    sure_if_found: bool = False
    check: str | None = None
    kind: SlotKind = "digits"
    choices: str | None = None


@dataclass(frozen=True, slots=True)
class ProofPlan:
    """A way to know who is calling.  ``action`` gives the outcome ``verified`` when it holds for the request's slots.

    With a ``slot`` the caller is asked for it; without, the proof is silent: it is about the calling number.
    """

    name: str
    action: str
    slot: SlotPlan | None = None


@dataclass(frozen=True, slots=True)
class OutcomePlan:
    """What is said when an action comes back with an outcome.

    ``again`` asks for the slots once more, ``people`` hands the call over after it was said.  ``offer`` names the
    action that sends the answer as a text message, when the caller would like that.  ``undo`` is said after a change
    that can be taken back: where the answer has a value whose name begins with ``undo`` and that is not empty.
    """

    say: str
    again: bool = False
    people: bool = False
    offer: str | None = None
    undo: str | None = None


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """An intent the business can serve.  With ``topic`` set it goes to people only.

    ``proofs``: of which ``proofs_needed`` must hold.  ``before``: an action that says whether the request is possible
    now; its outcome ``allowed`` goes on, any other is the answer.  ``action`` None: the answer is the same for
    everybody (outcome ``found``).  ``confirm``: the prompt that reads a change back; set exactly for actions that
    change something.
    ``needs_caller``: nothing can be done for who withholds the calling number.
    """

    intent: str
    slots: tuple[SlotPlan, ...] = ()
    proofs: tuple[ProofPlan, ...] = ()
    proofs_needed: int = 0
    needs_caller: bool = False
    before: str | None = None
    action: str | None = None
    confirm: str | None = None
    outcomes: Mapping[str, OutcomePlan] = field(default_factory=dict)
    topic: str | None = None

    @property
    def subject(self) -> tuple[SlotPlan, ...]:
        """The slots that say what the request is about; the others are chosen from lists about it."""
        return tuple(slot for slot in self.slots if slot.choices is None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a call needs to know."""

    bands: Bands
    budget: Budget
    timing: Timing
    requests: Mapping[str, RequestPlan]
    tone: TonePlan | None = None
    greeting: str = "greeting"


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages a call may go on in.  ``understood`` have a recogniser; any other is spoken by people only.

    ``keys``: key -> language, as the greeting of the line offers them.
    """

    understood: Mapping[str, Grammar] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


ONE_LANGUAGE = Languages()
