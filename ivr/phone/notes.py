"""What the exchange saw of one call."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ivr.phone.timings import Timings


@dataclass(frozen=True, slots=True)
class Turn:
    """Something one side said, heard or pressed.  ``at_ms`` counts from the start of the media stream."""

    who: str  # ivr, caller or advisor
    text: str
    at_ms: int
    how: str = "says"  # says, hears or presses
    confidence: float | None = None
    intent: str | None = None
    slots: dict[str, Any] | None = None


Tell = Callable[[Turn | str], None]
"""Gets everything as it happens: what somebody says, or what the exchange does."""


def tell_nobody(_: Turn | str) -> None:
    """For calls nobody watches."""


@dataclass(slots=True)
class Notes:
    """Written while the call goes on."""

    call_id: str
    tell: Tell = tell_nobody
    tell_later: Tell | None = None  # for what happens outside the stream, when somebody must have the word before it
    turns: list[Turn] = field(default_factory=list)  # outside the media stream: TwiML's <Say>, the whisper
    spoken: list[Turn] = field(default_factory=list)  # what the caller did on the stream, from the script
    prompts: list[Turn] = field(default_factory=list)  # marks of the server, for when no record can be read
    warnings: list[str] = field(default_factory=list)
    timings: list[Timings] = field(default_factory=list)  # one for each media stream
    webhooks_ms: list[tuple[str, float]] = field(default_factory=list)  # path and time of each answer
    rung: list[str] = field(default_factory=list)  # advisors' targets, in order
    queued: str | None = None
    bridged: bool = False
    talked_s: int = 0  # with an advisor, in the time of the telephone exchange
    recorded: bool = False
    transfer_twiml: str | None = None
    recognition: str | None = None  # the model that heard the caller last
    hung_up: bool = False
    fell_back: bool = False  # the server did not answer: the number's fallback took over
    failure: str | None = None
    _began: float | None = None

    @property
    def now_ms(self) -> int:
        """The time since the first media stream began; 0 before it."""
        return 0 if self._began is None else round((time.monotonic() - self._began) * 1000)

    def stream_begins(self) -> None:
        """A media stream is about to be opened."""
        if self._began is None:
            self._began = time.monotonic()

    def add(self, turn: Turn) -> None:
        """Something was said outside the stream."""
        self.turns.append(turn)
        (self.tell_later or self.tell)(turn)

    def happened(self, text: str) -> None:
        """The exchange did something worth telling."""
        (self.tell_later or self.tell)(text)

    def warn(self, text: str) -> None:
        """Something Twilio would complain about, but which does not end the call.  Each once."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.tell(f"warning {text}")

    def transferred_by(self, twiml: str) -> None:
        """The document that put the caller through; only the first one counts."""
        if self.transfer_twiml is None:
            self.transfer_twiml = twiml
