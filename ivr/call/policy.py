"""How sure we are, and what follows from it."""

from typing import Literal

from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.grammar import Meaning

Decision = Literal["accept", "confirm", "transfer"]

MIN_MARGIN = 0.05  # two intents this close to the same words: which of the two is a guess


def confidence(heard: Heard, meaning: Meaning) -> float:
    """Belief (0 to 1) that ``meaning`` is what the caller meant.

    The recogniser's own belief in its text, times how near that text is to a sentence we know: nothing at a likeness
    of 0.4, everything from 0.8 on.  (Real Korean speech against 100 sentences: likeness ≥ 0.6 was right in 87 of 89
    cases inside the grammar and accepted 5 % of the speech outside it; ≥ 0.7 accepted 1.4 %.)
    """
    likeness = min(1.0, max(0.0, (meaning.likeness - 0.4) / 0.4))
    return heard.confidence * likeness


def decide(bands: Bands, confidence: float, meaning: Meaning, unsure_before: bool) -> Decision:
    """Act, ask once, or hand over.  Only one unsure utterance of a call is asked about; the next is a person's."""
    if confidence >= bands.accept and meaning.margin >= MIN_MARGIN:
        return "accept"
    if confidence >= bands.confirm and not unsure_before:
        return "confirm"
    return "transfer"
