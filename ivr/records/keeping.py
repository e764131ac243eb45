"""What is kept of a call, as the supervisor chose, and for how long."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ivr.records.masking import HIDDEN, redact

What = Literal["nothing", "words", "words_and_audio"]


@dataclass(frozen=True, slots=True)
class Keeping:
    """``nothing``: outcomes, reasons and confidences, but no word of the conversation.

    ``mask_numbers``: numbers that callers say or key become dots before they are stored; the handover card keeps them
    until it is purged, because the advisor needs them.
    """

    what: What = "words"
    mask_numbers: bool = False
    days: int = 90
    card_days: int = 7
    audio_days: int = 14

    def shape(self, data: Mapping[str, Any], number_words: Collection[str]) -> dict[str, Any]:
        """An event's data as it may be stored."""
        if self.what == "nothing":
            return {name: value for name, value in data.items() if name not in ("text", "slots", "keys")}
        if not self.mask_numbers:
            return dict(data)
        shaped = dict(data)
        if "text" in shaped:
            shaped["text"] = redact(str(shaped["text"]), number_words)
        if shaped.get("slots"):
            shaped["slots"] = dict.fromkeys(shaped["slots"], HIDDEN)
        if "keys" in shaped and len(str(shaped["keys"])) > 1:
            shaped["keys"] = HIDDEN
        return shaped
