"""Events: facts that reach a call.  Frozen, and nothing but data."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Started:
    """The caller can hear us and be heard."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """``ms`` milliseconds of the caller's audio have passed, ``talking`` or silent.  The only clock a call has."""

    ms: int
    talking: bool = False


@dataclass(frozen=True, slots=True)
class Partial:
    """What an utterance sounds like so far; may still change."""

    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A finished utterance.

    ``confidence`` (0 to 1) is the recogniser's belief that ``text`` is what was said.  ``alternatives`` are other
    readings with their scores (same scale as ``confidence``), best first, without ``text`` itself.  ``speech_ms`` is
    how long there was sound above the line's noise, ``voiced_ms`` how much of it was a voice (None: nobody looked),
    ``upset`` the probability that the caller is (None: nothing can be said) and ``why`` what speaks for it; the session
    fills them in.  ``free``: the text that the recogniser wrote without a grammar ("" where it has no such reading),
    ``free_confidence`` its belief in it.
    """

    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()
    speech_ms: int = 0
    upset: float | None = None
    why: tuple[str, ...] = ()
    free: str = ""
    free_confidence: float = 0.0
    voiced_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Upset:
    """What a caller did changed the reading of their tone.  ``upset`` and ``why`` as in ``Heard``."""

    upset: float | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key of the telephone: one of 0-9, * and #."""

    key: str


@dataclass(frozen=True, slots=True)
class Played:
    """Everything said so far has reached the caller's ear."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The business answered.  ``outcome`` is one the request's configuration names (``found``, ``none``, ...)."""

    work: int
    outcome: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The business could not be asked: error or time-out.  ``why`` is for the record, never for the caller.

    ``unknown``: what was ordered may have been done all the same.
    """

    work: int
    why: str
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """Something of ours failed outside the call.  The caller goes to a person."""

    why: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone."""


Event = Started | Elapsed | Partial | Heard | Upset | Pressed | Played | Answered | Failed | Broken | HungUp
