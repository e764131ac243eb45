"""The story of a call, for the advisor who takes it over."""

from typing import Any

from ivr.call.actions import Reason

DROPPED = "dropped"


class History:
    """Grows while the call lasts; nothing in it is ever taken back."""

    def __init__(self, caller: str) -> None:
        self._caller = caller
        self._said: list[dict[str, Any]] = []
        self._done: list[dict[str, Any]] = []
        self._told = 0  # how many of them the caller has heard of
        self._slots: dict[str, str] = {}
        self._wanted: str | None = None
        self._tone: dict[str, Any] | None = None
        self._verified: list[str] = []
        self._pending: dict[str, str] | None = None

    def said(self, text: str, intent: str | None, confidence: float) -> None:
        """The caller said something."""
        self._said.append({"text": text, "intent": intent, "confidence": round(confidence, 2)})

    def repeats(self, text: str) -> bool:
        """True when the caller said these very words before."""
        return sum(bool(each["text"] == text) for each in self._said) > 1

    def felt(self, upset: float, why: tuple[str, ...]) -> None:
        """How upset the caller seemed last, and what spoke for it."""
        self._tone = {"upset": round(upset, 2), "why": list(why)}

    def wants(self, request: str) -> None:
        """The caller wants something of the business."""
        self._wanted = request

    def learned(self, slot: str, value: str) -> None:
        """A slot was filled."""
        self._slots[slot] = value

    def done(self, request: str, outcome: str) -> None:
        """A request came to an outcome."""
        self._done.append({"request": request, "outcome": outcome})
        self._pending = None

    def told(self) -> None:
        """The caller has heard what was said, or spoke instead of hearing the end of it."""
        self._told = len(self._done)

    def untold(self) -> None:
        """What was to be said failed: an answer nobody heard is none, and an advisor has to give it."""
        unheard, self._done = self._done[self._told :], self._done[: self._told]
        for each in unheard:
            self.pending(each["request"], each["outcome"])

    def dropped(self, request: str) -> None:
        """The caller no longer wants it, and knows that nothing was done."""
        self.done(request, DROPPED)

    def pending(self, request: str, how: str) -> None:
        """An advisor has to look after this: ``sent`` (no answer yet), ``unknown``, ``not_done``, or an outcome."""
        self._pending = {"request": request, "how": how}

    def verified(self, proofs: list[str]) -> None:
        """What shows who is calling."""
        self._verified = proofs

    @property
    def served(self) -> bool:
        """True when at least one request was answered."""
        return any(each["outcome"] != DROPPED for each in self._done)

    @property
    def content(self) -> bool:
        """True when the caller may be content: something was answered, or dropped as they wished."""
        return bool(self._done)

    def card(self, reason: Reason | None, elapsed_ms: int) -> dict[str, Any]:
        """The handover card's contents, ready for JSON."""
        return {
            "caller": self._caller,
            "reason": reason,
            "wanted": self._wanted,
            "said": self._said,
            "slots": self._slots,
            "verified": self._verified,
            "done": self._done,
            "pending": self._pending,
            "tone": self._tone,
            "seconds": round(elapsed_ms / 1000, 1),
        }
