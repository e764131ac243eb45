"""How sure we are, and what follows from it."""

from typing import Literal

from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.grammar import Expecting, Grammar, Meaning

Decision = Literal["accept", "confirm", "transfer"]

_TOLD_APART = 0.05  # of margin: with less, two intents are as near to the same words
_EITHER = 0.6  # and which of the two is meant is hardly more than a guess: asked about


def understand(heard: Heard, grammar: Grammar, expecting: Expecting) -> tuple[Meaning, float]:
    """The meaning of an utterance, from all readings of it, and the belief (0 to 1) that it is what was meant."""
    meaning = grammar.understand(heard.text, expecting)
    return meaning, confidence(heard, meaning)


def confidence(heard: Heard, meaning: Meaning) -> float:
    """Belief (0 to 1) that ``meaning`` is what the caller meant.

    The recogniser's own belief in its text, which says how it weighed the sounds; times how near that text is to a
    sentence we know: nothing at a likeness of 0.4, everything from 0.8 on (real Korean speech against 100 sentences:
    likeness ≥ 0.6 was right in 87 of 89 cases inside the grammar and accepted 5 % of the speech outside it; ≥ 0.7
    accepted 1.4 %); times how far the text is from meaning something else.
    """
    likeness = min(1.0, max(0.0, (meaning.likeness - 0.4) / 0.4))
    return heard.confidence * likeness * (1.0 if meaning.margin >= _TOLD_APART else _EITHER)


def decide(bands: Bands, confidence: float, unsure_before: bool) -> Decision:
    """Act, ask once, or hand over.  Only one unsure utterance of a call is asked about; the next is a person's."""
    if confidence >= bands.accept:
        return "accept"
    if confidence >= bands.confirm and not unsure_before:
        return "confirm"
    return "transfer"
