"""How a call ended and what was measured: the object ``ivr call --json`` prints."""

from dataclasses import dataclass
from typing import Any

from ivr.phone.notes import Notes, Turn
from ivr.records.records import StoredCall

ASKED = {"asked", "pressed_zero"}  # reasons of a caller who wanted a person and said so


@dataclass(frozen=True, slots=True)
class Result:
    """A call that is over.  ``failure`` says what broke when ``outcome`` is ``failed``."""

    notes: Notes
    turns: list[Turn]
    stored: StoredCall | None
    language: str
    outcome: str
    failure: str | None

    @property
    def reason(self) -> str | None:
        """Why the caller was transferred."""
        return self.stored.reason if self.stored else None

    @property
    def asked_to_transfer_ms(self) -> float | None:
        """From the end of asking to the socket's Close; None unless the caller asked and was transferred."""
        if self.outcome != "transferred" or self.reason not in ASKED or not self.notes.timings:
            return None
        return self.notes.timings[-1].close_after_ms

    @property
    def replies_ms(self) -> list[float]:
        """From the end of each utterance to the first audio of its answer."""
        return [reply for timings in self.notes.timings for reply in timings.replies_ms]

    @property
    def first_audio_ms(self) -> float | None:
        """From the stream's start to the first audio of the greeting."""
        return self.notes.timings[0].first_audio_ms if self.notes.timings else None

    def as_json(self) -> dict[str, Any]:
        """The object of the command-line contract, and a little more."""
        notes, stored = self.notes, self.stored
        transfer = None
        if self.outcome == "transferred" or self.reason:
            transfer = {
                "team": stored.team if stored else None,
                "target": (stored.target if stored else None) or (notes.rung[0] if notes.rung else notes.queued),
                "twiml": notes.transfer_twiml,
                "card": stored.card if stored else None,
                "rung": notes.rung,
                "queue": notes.queued,
                "bridged": notes.bridged,
                "talked_s": notes.talked_s,
            }
        return {
            "call_id": notes.call_id,
            "outcome": self.outcome,
            "reason": self.reason,
            "language": self.language,
            "recognition": notes.recognition,
            "turns": [_turn(turn) for turn in self.turns],
            "latency_ms": {
                "first_audio": _whole(self.first_audio_ms),
                "replies": [_whole(reply) for reply in self.replies_ms],
                "asked_to_transfer": _whole(self.asked_to_transfer_ms),
            },
            "transfer": transfer,
            "spoken": [_turn(turn) for turn in notes.spoken],
            "warnings": notes.warnings,
            "failure": self.failure,
        }


def judge(notes: Notes, turns: list[Turn], stored: StoredCall | None, language: str) -> Result:
    """What became of the call: what the exchange saw counts, and the records where it cannot see."""
    outcome, failure = _outcome(notes, stored)
    return Result(notes, turns, stored, stored.language if stored else language, outcome, failure)


def _outcome(notes: Notes, stored: StoredCall | None) -> tuple[str, str | None]:
    recorded = stored.outcome if stored else None
    if notes.failure:
        return "failed", notes.failure
    if recorded == "callback":
        return "callback", None
    if notes.recorded:
        return "voicemail", None
    if notes.rung or notes.queued is not None:
        return "transferred", None
    if notes.hung_up:
        return "hung_up", None
    if recorded in {"transferred", "voicemail"}:
        return "failed", f"the records say {recorded}, but the exchange rang nobody and recorded nothing"
    return recorded or "served", None


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "who": turn.who,
        "text": turn.text,
        "at_ms": turn.at_ms,
        "confidence": turn.confidence,
        "intent": turn.intent,
        "slots": turn.slots,
        "how": turn.how,
    }


def _whole(ms: float | None) -> int | None:
    return None if ms is None else round(ms)
