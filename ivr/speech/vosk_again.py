"""An utterance heard again, with only the phrases it may have been, and the probability that it was one of them.

The first hearing follows the caller's speech with the whole grammar; while it has not adapted to the voice, words are
wrong.  Afterwards the same audio is decoded with the eight phrases nearest to that text, then twice with the best
three of these, the second time adapted to the voice.  Speech outside the grammar gives three different mixtures of
words, speech inside it the same phrase three times.
"""

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from rapidfuzz import fuzz, process

from ivr.call.events import Heard
from ivr.speech.recogniser import RATE_HZ, Samples

LONGEST_SAMPLES = 15 * RATE_HZ  # no phrase takes longer to say; more is a story for a person
_MANY, _FEW = 8, 3  # phrases of the second hearing (the right one among them in 95 % of 147) and of the third
_FIRST_COUNTS = 0.5  # of the first hearing's likeness beside the second's, where the phrases are ranked
_WINS = 0.5  # probability from which the phrase, and not the text first heard, is what was said

_AT_ONCE = 0.97  # probability of a phrase that was clear at the first hearing
_CLEAR, _CLEARLY_AHEAD = 0.8, 0.1
_LONG = 10  # letters, spaces included ("주문 조회"): breath and humming become shorter phrases at once ("화나요")
_ALONE = 1.3  # ahead of nothing, in a vocabulary of one phrase: as far as right phrases usually are

# Fitted on 180 Korean utterances, half of them outside 140 phrases (docs/accuracy.md).  New ones for other speech:
# ivr evaluate recognition RECORDINGS.csv --phrases PHRASES --language LANGUAGE --fit
WEIGHTS = (5.5, 11.5, 4.1, 13.4, 1.5)
BIAS = -25.3

Decode = Callable[[Sequence[str], Samples, int], list[str]]
"""(phrases, audio, times) -> the text heard each time, in the words of the phrases."""


class Phrases:
    """The phrases of a vocabulary, compared with texts by letters: Korean syllables are taken apart into theirs."""

    def __init__(self, texts: Sequence[str], decoys: tuple[str, ...] = ()) -> None:
        """``decoys`` are heard beside them, but nothing is near them."""
        self.texts, self.decoys = tuple(texts), decoys
        self._letters = [_letters(text) for text in texts]

    def nearest(self, text: str, most: int) -> list[str]:
        """The phrases most like a text, best first."""
        found = process.extract(_letters(text), self._letters, scorer=fuzz.ratio, limit=most)
        return [self.texts[index] for _, _, index in found]


def likeness(text: str, phrase: str) -> float:
    """0 to 1: twice the letters that both have in the same order, as a share of all letters."""
    return fuzz.ratio(_letters(text), _letters(phrase)) / 100


@dataclass(frozen=True, slots=True)
class Evidence:
    """How like the best phrase each hearing's text is (0 to 1), and how far behind the next best phrase is (0 to 3.5).

    The names are those of ``WEIGHTS``.
    """

    first: float
    many: float
    few: float
    adapted: float
    ahead: float


@dataclass(frozen=True, slots=True)
class Again:
    """What a second hearing gave.  ``best``: the phrase that ``evidence`` is about."""

    heard: Heard
    best: str = ""
    evidence: Evidence | None = None


def probability(evidence: Evidence) -> float:
    """That the best phrase is what was said: a logistic with ``WEIGHTS`` and ``BIAS``."""
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, astuple(evidence), strict=True))
    return 1 / (1 + math.exp(-score))


def hear_again(first: Heard, audio: Samples, phrases: Phrases, decode: Decode) -> Again:
    """What was said, after the first hearing: a phrase with its probability, or else the first text with little."""
    many = phrases.nearest(first.text, _MANY)
    if not many:
        return Again(Heard(first.text, 0.0))
    if clearly_first(first.text, many):
        return Again(Heard(many[0], _AT_ONCE), many[0])
    (second,) = decode((*many, *phrases.decoys), audio, 1)
    early = {each: likeness(second, each) + _FIRST_COUNTS * likeness(first.text, each) for each in many}
    few = sorted(many, key=early.__getitem__, reverse=True)[:_FEW]
    third, adapted = decode((*few, *phrases.decoys), audio, 2)
    late = {each: early[each] + likeness(third, each) + likeness(adapted, each) for each in few}
    best, *others = sorted(few, key=late.__getitem__, reverse=True)
    ahead = late[best] - late[others[0]] if others else _ALONE
    likenesses = [likeness(text, best) for text in (first.text, second, third, adapted)]
    evidence = Evidence(likenesses[0], likenesses[1], likenesses[2], likenesses[3], ahead)
    sure = probability(evidence)
    heard = Heard(best, sure) if sure >= _WINS else Heard(first.text, sure)
    return Again(heard, best, evidence)


def clearly_first(text: str, nearest: Sequence[str]) -> bool:
    """True when the nearest phrase was heard, or nearly and the next is far behind: no other hearing changes that.

    A third of 147 Korean utterances were such, all of them right; none of 153 from outside the grammar was.
    """
    first, *others = (likeness(text, phrase) for phrase in nearest[:2])
    alone = first == 1 or (first >= _CLEAR and first - max(others, default=0.0) >= _CLEARLY_AHEAD)
    return alone and len(_letters(text)) >= _LONG


def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", text)
