"""What of a reading by Whisper is acted upon: a phrase, digits or free text, with the probability that it is right."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.call.events import Heard
from ivr.speech.whisper_phrases import same_words, spoken_alike

_LIKENESS_COUNTS = 4.0  # beside the mean log probability, where phrases are ranked
_FAR_AHEAD = 3.0  # of the next phrase: more tells nothing more
_WINS = 0.5
_ACT_ON_READING = 0.8
_GUESS = -1.5  # mean log probability below which free text is invented
_ACT_ON_FREE_TEXT = -0.5

# Fitted as this does, on people's and synthetic speech, with grammars of 20 to 3,600 phrases (docs/accuracy.md):
# ivr evaluate recognition RECORDINGS.csv --phrases PHRASES --fit
WEIGHTS = (0.6, 0.3, -0.4, 2.4, -1.2, 1.1)
BIAS = -0.4

# Of the words of the free text, by the sum of the log probabilities of its tokens; fitted on the same recordings.
FREE_WEIGHT, FREE_BIAS = 1.3, 3.7

# The same for strings of digits, said by synthetic voices that the layer for digits did not hear (docs/accuracy.md):
# ivr evaluate recognition VOICES/digits.csv --slot digits --join 6 --fit
NUMBER_WEIGHTS = (0.6, 0.3)
NUMBER_BIAS = 1.1
ALONE_WEIGHTS = (0.9,)
ALONE_BIAS = 3.6
_MOST_LEAD = 15.0  # of a string of digits: more tells nothing more
_LIKE_A_NUMBER = 0.15  # of what those voices said instead of a number, nothing reached it


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a phrase.  The names are those of ``WEIGHTS``.

    ``fits``: mean log probability of its tokens given the sound.  ``like``: its likeness (0 to 1) to what was written
    freely.  ``ahead``: how much better both together are than for the best phrase of another meaning (negative where
    that one is better).  ``worst``: log probability of the least probable token.  ``behind``: how much more probable
    the free text is, in sum, than the phrase.  ``unmatched``: words that one of both has and the other has not; the
    last two times how sure the free text is.  ``one_of``, which has no weight: how many meanings sound exactly like
    this phrase.
    """

    fits: float
    like: float
    ahead: float
    one_of: int = 1
    worst: float = 0.0
    behind: float = 0.0
    unmatched: float = 0.0

    @property
    def weighed(self) -> tuple[float, ...]:
        """What ``WEIGHTS`` are for; far values tell no more than less far ones."""
        return max(self.fits, -6.0), max(self.worst, -9.0), self.behind, self.like, self.unmatched, self.ahead


@dataclass(frozen=True, slots=True)
class NumberEvidence:
    """What speaks for a string of digits.

    ``fits``: log probability of its tokens given the sound, over their number to the power of 0.7.  ``ahead``: how much
    better it is than the best other digits; None where it is not as long as was asked for, or there are no others.
    """

    fits: float
    ahead: float | None = None

    @property
    def weighed(self) -> tuple[float, ...]:
        """What ``NUMBER_WEIGHTS`` are for, or without a lead ``ALONE_WEIGHTS``."""
        return (self.fits,) if self.ahead is None else (self.fits, min(self.ahead, _MOST_LEAD))


@dataclass(frozen=True, slots=True)
class Reading:
    """``partial``: what a call may act upon before the utterance is over, or "".

    ``evidence``: for ``best``, the phrase that is most probably right, if there is one.  ``digits``: the string of
    digits that is most probably right, where digits may be said, and its evidence.
    """

    heard: Heard
    partial: str
    best: str = ""
    evidence: Evidence | None = None
    digits: tuple[str, NumberEvidence] | None = None


NOTHING = Reading(Heard("", 0.0), "")


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the model's tokens.  ``score``: mean log probability of a token, where the model wrote it."""

    text: str
    tokens: tuple[int, ...]
    score: float = 0.0

    @property
    def sure(self) -> float:
        """Probability that these words were said, where the model wrote them."""
        return _logistic((FREE_WEIGHT,), (max(self.score * max(len(self.tokens), 1), -12.0),), FREE_BIAS)


def weigh(
    near: Sequence[tuple[str, float]],
    fits: Mapping[str, float],
    meaning: Mapping[str, str],
    against: Mapping[str, tuple[float, float, float]] | None = None,
) -> dict[str, Evidence]:
    """Evidence for each phrase, the best first.  ``near``: phrases with their likeness.

    ``against``: of each phrase its worst token, how far it is behind the free text, and the unmatched words.

    A lead over a phrase that sounds the same is no evidence: it only says which word is more usual in a text.
    """
    total = {text: fits[text] + _LIKENESS_COUNTS * like for text, like in near}
    heard = {text: spoken_alike(text) for text in total}
    found = {}
    for text, like in sorted(near, key=lambda each: -total[each[0]]):
        same = {meaning[other] for other in total if heard[other] == heard[text]}
        others = [value for other, value in total.items() if meaning[other] not in same]
        ahead = min(total[text] - max(others), _FAR_AHEAD) if others else _FAR_AHEAD
        found[text] = Evidence(fits[text], like, ahead, len(same), *(against or {}).get(text, ()))
    return found


def judge(
    free: Written, candidates: Mapping[str, Evidence], digits: tuple[str, NumberEvidence] | None = None
) -> Reading:
    """The best of what was found: a phrase or digits when they fit the sound, else the free text.

    ``candidates``: phrases, the best first.  Of a phrase and the free text the likelier one counts.  Where a number
    was asked for and something like it was said, the free text says less: it drops and repeats digits.
    """
    readings = {text: phrase_probability(evidence) for text, evidence in candidates.items()}
    phrase, evidence = next(iter(candidates.items()), ("", None))
    number = ""
    if digits:
        text, for_digits = digits
        probability = max(readings.pop(text, 0.0), number_probability(for_digits))
        if for_digits.ahead is not None and probability >= _LIKE_A_NUMBER:
            number = text
            most = max(probability, 1 - probability)  # they exclude each other, but a likelier phrase stays ahead
            readings = {each: min(likely, most) for each, likely in readings.items()}
        readings[text] = probability
    ranked = sorted(readings.items(), key=lambda reading: -reading[1])
    best, probability = ranked[0] if ranked else ("", 0.0)
    wrote: dict[str, Any] = {"free": free.text, "free_confidence": free.sure if free.text else 0.0}
    free_sure = free.sure if free.text and not number else 0.0
    certain = max(probability, free_sure) if best == free.text else probability
    if evidence and best == phrase and same_words(best, free.text):  # the free text only spells it in another way
        certain = max(certain, free_sure / evidence.one_of)
    if (certain >= _WINS and certain >= free_sure) or (number and best == number):
        partial = best if certain >= _ACT_ON_READING else ""
        return Reading(Heard(best, certain, tuple(ranked[1:]), **wrote), partial, phrase, evidence, digits)
    if not free.text or free.score < _GUESS:
        return Reading(Heard("", 0.0, tuple(ranked), **wrote), "", phrase, evidence, digits)
    others = tuple((text, sure) for text, sure in ranked if text != free.text)
    partial = free.text if free.score >= _ACT_ON_FREE_TEXT else ""
    return Reading(Heard(free.text, free.sure, others, **wrote), partial, phrase, evidence, digits)


def phrase_probability(evidence: Evidence) -> float:
    """That the phrase is what was said: a logistic with ``WEIGHTS`` and ``BIAS``, shared with what sounds the same."""
    return _logistic(WEIGHTS, evidence.weighed, BIAS) / evidence.one_of


def number_probability(evidence: NumberEvidence) -> float:
    """The same for a string of digits."""
    if evidence.ahead is None:
        return _logistic(ALONE_WEIGHTS, evidence.weighed, ALONE_BIAS)
    return _logistic(NUMBER_WEIGHTS, evidence.weighed, NUMBER_BIAS)


def _logistic(weights: Sequence[float], values: Sequence[float], bias: float) -> float:
    return 1.0 / (1.0 + math.exp(-bias - sum(weight * value for weight, value in zip(weights, values, strict=True))))
