"""Actions: orders a call gives.  Frozen, and nothing but data; the session carries them out, in order."""

from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.grammar import Expecting

Reason = Literal[
    "asked",
    "pressed_zero",
    "low_confidence",
    "no_match",
    "no_input",
    "tone",
    "topic",
    "identity",
    "backend",
    "repeat_caller",
    "time_budget",
    "overload",
    "failure",
]
Outcome = Literal["served", "hung_up"]


@dataclass(frozen=True, slots=True)
class Say:
    """Say a prompt, after whatever is being said.  ``language``: None is that of the call."""

    prompt: str
    values: dict[str, Any] = field(default_factory=dict)
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Speak:
    """From now on speak, listen and write down in this language, whoever has the call."""

    language: str


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop talking at once: the caller is."""


@dataclass(frozen=True, slots=True)
class Listen:
    """From now on expect this of the caller."""

    expecting: Expecting


@dataclass(frozen=True, slots=True)
class Do:
    """Ask something of the business: answered by ``Answered(work, ...)`` or ``Failed(work, ...)``.

    ``changes``: the caller has agreed to it, so it is carried out even if the call ends meanwhile.
    """

    work: int
    action: str
    values: dict[str, str]
    changes: bool = False


Behaviour = Literal["repeated", "corrected", "interrupted", "hammered_keys", "sighing_silence", "called_before"]


@dataclass(frozen=True, slots=True)
class Notice:
    """The caller behaves as people do whose patience runs out.  May come back as an ``Upset`` event."""

    behaviour: Behaviour


@dataclass(frozen=True, slots=True)
class Note:
    """For the record of the call."""

    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Put the caller through to an advisor now.  Ends the call's part."""

    reason: Reason
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The call is over: the caller hung up, or (``farewell``) was content and said goodbye.  Ends the call's part."""

    outcome: Outcome
    farewell: bool


Action = Say | Speak | Hush | Listen | Do | Note | Notice | Transfer | Finish
