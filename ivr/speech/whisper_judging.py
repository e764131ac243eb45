"""What of a reading by Whisper is acted upon: a phrase, digits or free text, with the probability that it is right."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.call.events import Heard
from ivr.speech.whisper_phrases import spoken_alike

_LIKENESS_COUNTS = 4.0  # beside the mean log probability, where phrases are ranked
_FAR_AHEAD = 3.0  # of the next phrase: more tells nothing more
_WINS = 0.5
_ACT_ON_READING = 0.8
_GUESS = -1.5  # mean log probability below which free text is invented
_ACT_ON_FREE_TEXT = -0.5

# What this prints for English recordings, with grammars of 20 to 3,600 phrases (docs/accuracy.md):
# ivr evaluate recognition RECORDINGS.csv --phrases PHRASES --fit
WEIGHTS = (1.6, 2.4, 0.9)
BIAS = 1.3
_MOST_LEAD = 15.0  # of a string of digits: more tells nothing more


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a phrase.  The names are those of ``WEIGHTS``.

    ``fits``: mean log probability of its tokens given the sound.  ``like``: its likeness (0 to 1) to what was written
    freely.  ``ahead``: how much better both together are than for the best phrase of another meaning (negative where
    that one is better).  ``one_of``, which has no weight: how many meanings sound exactly like this phrase.
    """

    fits: float
    like: float
    ahead: float
    one_of: int = 1

    @property
    def weighed(self) -> tuple[float, float, float]:
        """What ``WEIGHTS`` are for."""
        return self.fits, self.like, self.ahead


@dataclass(frozen=True, slots=True)
class Reading:
    """``partial``: what a call may act upon before the utterance is over, or "".

    ``evidence``: for ``best``, the phrase that is most probably right, if there is one.
    """

    heard: Heard
    partial: str
    best: str = ""
    evidence: Evidence | None = None


NOTHING = Reading(Heard("", 0.0), "")


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the model's tokens.  ``score``: mean log probability of a token, where the model wrote it.

    ``ahead``: of as many digits as were asked for, how much better they are than the best others, if there are any.
    """

    text: str
    tokens: tuple[int, ...]
    score: float = 0.0
    ahead: float | None = None


def weigh(
    near: Sequence[tuple[str, float]], fits: Mapping[str, float], meaning: Mapping[str, str]
) -> dict[str, Evidence]:
    """Evidence for each phrase, the best first.  ``near``: phrases with their likeness.

    A lead over a phrase that sounds the same is no evidence: it only says which word is more usual in a text.
    """
    total = {text: fits[text] + _LIKENESS_COUNTS * like for text, like in near}
    heard = {text: spoken_alike(text) for text in total}
    found = {}
    for text, like in sorted(near, key=lambda each: -total[each[0]]):
        same = {meaning[other] for other in total if heard[other] == heard[text]}
        others = [value for other, value in total.items() if meaning[other] not in same]
        ahead = min(total[text] - max(others), _FAR_AHEAD) if others else _FAR_AHEAD
        found[text] = Evidence(fits[text], like, ahead, len(same))
    return found


def judge(free: Written, candidates: Mapping[str, Evidence], digits: Written | None) -> Reading:
    """The best of what was found: a phrase or digits when they fit the sound, else the free text.

    ``candidates``: phrases, the best first.  Confidence of free text is the mean probability of its tokens and at most
    a half: however well heard, it is not what was asked for.
    """
    readings = {text: phrase_probability(evidence) for text, evidence in candidates.items()}
    phrase, evidence = next(iter(candidates.items()), ("", None))
    if digits:
        readings[digits.text] = max(readings.get(digits.text, 0.0), digits_probability(digits.score, digits.ahead))
    ranked = sorted(readings.items(), key=lambda reading: -reading[1])
    best, probability = ranked[0] if ranked else ("", 0.0)
    if probability >= _WINS:
        partial = best if probability >= _ACT_ON_READING else ""
        return Reading(Heard(best, probability, tuple(ranked[1:])), partial, phrase, evidence)
    if not free.text or free.score < _GUESS:
        return Reading(Heard("", 0.0, tuple(ranked)), "", phrase, evidence)
    confidence = min(math.exp(free.score), _WINS)
    partial = free.text if free.score >= _ACT_ON_FREE_TEXT else ""
    return Reading(Heard(free.text, confidence, tuple(ranked)), partial, phrase, evidence)


def phrase_probability(evidence: Evidence) -> float:
    """That the phrase is what was said: a logistic with ``WEIGHTS`` and ``BIAS``, shared with what sounds the same."""
    sum_of_all = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, evidence.weighed, strict=True))
    return _logistic(sum_of_all) / evidence.one_of


def digits_probability(score: float, ahead: float | None) -> float:
    """The same for a string of digits, fitted on synthetic speakers that the layer for digits did not hear.

    Without a lead: fitted on 98 strings by three speakers and 40 recordings of other speech.
    """
    if ahead is None:
        return _logistic(1.36 * score + 5.17)
    return _logistic(0.53 * score + 0.54 * min(ahead, _MOST_LEAD) + 0.15)


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))
