"""How sure we are, and what follows from it."""

from dataclasses import replace
from typing import Literal

from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.grammar import PERSON, Expecting, Grammar, Meaning

Decision = Literal["accept", "confirm", "transfer"]

_TOLD_APART = 0.05  # of margin: with less, two intents are as near to the same words
_WHOLE_ODDS = 10.0  # how much likelier a reading is of which every word is accounted for (docs/accuracy.md)
_PARTLY_ODDS = 4.0  # the same where a sentence is whole, and a few other words stand before it
_HOLDS_A_SENTENCE = 0.8  # likeness
_READ = 0.5  # of belief in a free reading: below it, its small words leave no more than a doubt about a question
_MAY_CHANGE_IT = 2  # words: with as few beside it, or as few of its own, a sentence may be part of another one
_EITHER = 0.6  # and which of the two is meant is hardly more than a guess: asked about


def understand(heard: Heard, grammar: Grammar, expecting: Expecting) -> tuple[Meaning, float]:
    """The meaning of an utterance, from all readings of it, and the belief (0 to 1) that it is what was meant.

    Two readings of one meaning confirm each other.  Whole sentences of different meanings exclude each other: each is
    believed no more than the other leaves.  A wish for a person counts in either, and so does a near miss: nothing
    begins.  Nor does anything where one of them has a word that reverses, and the other has not.  Where no other
    reading is believed, the free one is what was said.
    """
    if not heard.text:
        heard = replace(heard, text=heard.free, confidence=heard.free_confidence)
    meaning = grammar.understand(heard.text, expecting)
    sure = confidence(heard, meaning)
    if not heard.free:
        return meaning, sure
    if heard.free == heard.text:
        return meaning, max(sure, _confidence_in_writing(heard, meaning))
    written = grammar.understand(heard.free, expecting)
    free_sure = _confidence_in_writing(heard, written)
    agree = _told(meaning) == _told(written)
    for reading in (meaning, written):
        if reading.intent == PERSON:
            return reading, 1 - (1 - sure) * (1 - free_sure) if agree else (sure if reading is meaning else free_sure)
    if agree:
        return meaning, 1 - (1 - sure) * (1 - free_sure)
    for reading in (meaning, written):
        if reading.near_miss:
            return reading, sure if reading is meaning else free_sure
    if grammar.reversals_in(heard.text) != grammar.reversals_in(heard.free):
        if meaning.intent in grammar.kinds.changes or heard.free_confidence >= _READ:
            doubt = Meaning(None, sentence=meaning.sentence, subject=meaning.intent or meaning.subject, near_miss=True)
            return doubt, sure
        return meaning, min(sure, 1 - heard.free_confidence)
    if meaning.digits and (written.digits or not written.intent):
        return meaning, sure  # digits are heard one by one; written freely, some are dropped and others repeated
    if written.likeness < 1.0 and _means_anything(meaning):
        return meaning, sure  # what speaks against the phrase, word by word, is in its own confidence
    sure, free_sure = min(sure, 1 - heard.free_confidence), min(free_sure, 1 - heard.confidence)
    return (written, free_sure) if free_sure > sure else (meaning, sure)


def _confidence_in_writing(heard: Heard, written: Meaning) -> float:
    """Belief in the meaning of the free reading.

    Hardly any misreading is a whole sentence among nothing but carrier speech: that makes the reading likelier.
    """
    belief = heard.free_confidence
    if written.intent and written.likeness >= _HOLDS_A_SENTENCE:
        odds = _WHOLE_ODDS if written.likeness == 1.0 else _PARTLY_ODDS
        belief = odds * belief / (odds * belief + 1 - belief)
    return confidence(replace(heard, text=heard.free, confidence=belief), written)


def confidence(heard: Heard, meaning: Meaning) -> float:
    """Belief (0 to 1) that ``meaning`` is what the caller meant.

    The recogniser's own belief in its text, which says how it weighed the sounds; times how near that text is to a
    sentence we know: nothing at a likeness of 0.4, everything from 0.8 on (real Korean speech against 100 sentences:
    likeness ≥ 0.6 was right in 87 of 89 cases inside the grammar and accepted 5 % of the speech outside it; ≥ 0.7
    accepted 1.4 %); times how far the text is from meaning something else.  A sentence that the recogniser itself
    compared with the sound is believed no more than that says, unless the text holds the whole of it, and what stands
    beside it is nothing or a remark of its own: a word or two may make another sentence of it.
    """
    likeness = min(1.0, max(0.0, (meaning.likeness - 0.4) / 0.4))
    belief = heard.confidence * likeness * (1.0 if meaning.margin >= _TOLD_APART else _EITHER)
    compared = dict(heard.alternatives)
    if f" {meaning.sentence} " not in f" {heard.text} ":
        return min(belief, compared.get(meaning.sentence, belief))
    words = len(meaning.sentence.split())
    beside = len(heard.text.split()) - words
    if (meaning.likeness < 1.0 or meaning.also) and min(words, beside) <= _MAY_CHANGE_IT:
        return min(belief, compared.get(meaning.sentence, 0.0 if compared else belief))
    return belief


def decide(bands: Bands, confidence: float, unsure_before: bool) -> Decision:
    """Act, ask once, or hand over.  Only one unsure utterance of a call is asked about; the next is a person's."""
    if confidence >= bands.accept:
        return "accept"
    if confidence >= bands.confirm and not unsure_before:
        return "confirm"
    return "transfer"


def _told(meaning: Meaning) -> tuple[str | None, str, str, tuple[tuple[str, str], ...]]:
    """Everything that a call acts upon."""
    return meaning.intent, meaning.digits, meaning.day, meaning.slots


def _means_anything(meaning: Meaning) -> bool:
    return bool(meaning.intent or meaning.digits or meaning.day)
