"""The probability that a phrase of the grammar was said, after one hearing and, unless that was hopeless, another.

The first hearing follows the caller's speech with the whole grammar.  It has only the grammar's words to write down:
a word that no phrase holds becomes part of its neighbours, however sure the decoder is.  So nothing is acted upon
before the same audio was decoded with the phrases nearest to that text, and with short words spread over the sounds of
the language as their rivals.  What was said and is not in the phrase comes out as some of those.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from ivr.call.events import Heard
from ivr.speech.recogniser import RATE_HZ

LONGEST_SAMPLES = 15 * RATE_HZ  # no phrase takes longer to say; more is a story for a person
_NEAR = 8  # phrases of the second hearing
_LOOKED_AT = 64  # for them: a request has dozens of phrases that differ in a word
_FIRST_COUNTS = 0.5  # of the first hearing's likeness beside the second's, where the phrases are ranked
_WINS = 0.5  # probability from which the phrase, and not the text first heard, is what was said
_HOPELESS = 0.02  # probability at first, up to which another hearing is not worth its time
_UNVERIFIED = 0.7  # most that one hearing alone is believed: less than what is acted upon
_A_WORD = 8  # letters in a row: more of them that differ are no more of a difference
_ALL_NEW = 2  # times as bad as letters that were changed are those added or left out
_IN_STEP = 2  # letters in a row that two texts share by chance between two differences
_SLOWEST_S = 0.15  # for a letter: half as fast as people speak (0.07); a hum of a second is no "짜증나"
_FEWEST = 5  # letters that count: "네" may be drawn out
_FAR_AHEAD = 0.1  # more shows how unlike each other the phrases are; near misses in the grammar leave even less
_ALONE = 0.2  # ahead of nothing, in a vocabulary of one meaning: less than right phrases usually are


class Phrases:
    """The phrases of a vocabulary, compared with texts by letters: Korean syllables are taken apart into theirs."""

    def __init__(self, texts: Sequence[str], decoys: tuple[str, ...] = (), meanings: Sequence[str] = ()) -> None:
        """``decoys`` are heard beside them, but nothing is near them.  ``meanings``: see ``Vocabulary``."""
        self.texts, self.decoys = tuple(texts), decoys
        self._meanings = dict(zip(texts, meanings or texts, strict=True))
        self._letters = [_letters(text) for text in texts]

    def nearest(self, text: str, most: int) -> list[str]:
        """The phrases most like a text, best first; no more than half of them with the same meaning."""
        near: list[str] = []
        meant: Counter[str] = Counter()
        for _, _, index in process.extract(_letters(text), self._letters, scorer=fuzz.ratio, limit=_LOOKED_AT):
            phrase = self.texts[index]
            meant[self._meanings[phrase]] += 1
            if meant[self._meanings[phrase]] <= most // 2:
                near.append(phrase)
        return near[:most]

    def is_aside(self, phrase: str) -> bool:
        """True for what is recognised although it means nothing to a request."""
        return self._meanings.get(phrase) == ""

    def best(self, ranked: Mapping[str, float]) -> tuple[str, float]:
        """The phrase that ranks highest, and how far ahead of the next with another meaning."""
        best = max(ranked, key=ranked.__getitem__)
        others = [rank for phrase, rank in ranked.items() if self._meanings[phrase] != self._meanings[best]]
        return best, ranked[best] - max(others) if others else _ALONE


def likeness(text: str, phrase: str) -> float:
    """0 to 1: twice the letters that both have in the same order, as a share of all letters."""
    return fuzz.ratio(_letters(text), _letters(phrase)) / 100


def wholeness(text: str, phrase: str) -> float:
    """1 where a text is the phrase, less the longer the worst difference is, 0 where that is a word or more.

    A word too many or too few is hidden in the likeness of long sentences; errors of a letter here and there are not
    errors of a word.  What was misheard changes letters; where some were only added or left out, a word was.
    """
    worst = added = missing = 0
    for change in Levenshtein.opcodes(*(_letters(each.replace(" ", "")) for each in (text, phrase))):
        if change.tag != "equal":
            added += change.src_end - change.src_start
            missing += change.dest_end - change.dest_start
            worst = max(worst, max(added, missing) * (1 if added and missing else _ALL_NEW))
        elif change.src_end - change.src_start > _IN_STEP:
            added = missing = 0
    return 1 - min(worst, _A_WORD) / _A_WORD


def accounted(text: str, phrase: str) -> float:
    """1 where a phrase leaves nothing of a text over, less the longer what is left over is, 0 for a word or more.

    Counted are the letters of the text between two that both share, less those there in the phrase: what is misheard
    changes letters and leaves their number, a word that the phrase does not hold adds some.
    """
    longest = extra = 0
    for change in Levenshtein.opcodes(*(_letters(each.replace(" ", "")) for each in (text, phrase))):
        if change.tag == "equal":
            extra = 0
        else:
            extra += (change.src_end - change.src_start) - (change.dest_end - change.dest_start)
            longest = max(longest, extra)
    return 1 - min(longest, _A_WORD) / _A_WORD


@dataclass(frozen=True, slots=True)
class Once:
    """How like the nearest phrase the first text is (0 to 1), and how much more than the next of another meaning."""

    first: float
    ahead: float


@dataclass(frozen=True, slots=True)
class Twice:
    """How much more like the best phrase both hearings are than the next of another meaning, and how it fits the text.

    ``whole`` and ``accounted``: the functions of these names.  How like it each text is, and the decoder's posteriors,
    tell nothing beside them.
    """

    ahead: float
    whole: float
    accounted: float


# In the order of the names above, then the bias.  Fitted on Korean speech; for Twice with so many sentences that are
# one word off that few of those are accepted (docs/accuracy.md).  Others for other speech:
# ivr evaluate recognition RECORDINGS.csv --phrases PHRASES --language LANGUAGE --fit
WEIGHTS: dict[type[Once | Twice], tuple[tuple[float, ...], float]] = {
    Once: ((17.6, 13.5), -12.1),
    Twice: ((5.2, 3.4, 6.4), -7.1),
}


def probability(evidence: Once | Twice) -> float:
    """That the best phrase is what was said: a logistic with the ``WEIGHTS`` of that kind of evidence."""
    weights, bias = WEIGHTS[type(evidence)]
    score = bias + sum(weight * value for weight, value in zip(weights, astuple(evidence), strict=True))
    return 1 / (1 + math.exp(-score))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was said, after one hearing or two.  ``best``: the phrase that ``evidence`` is about; "" for none.

    ``before``: the judgement of the first hearing, when this is that of the second.  ``seconds``: of sound in words.
    ``near``: the phrases most like the text first heard, best first.
    """

    heard: Heard
    best: str = ""
    evidence: Once | Twice | None = None
    before: "Judgement | None" = None
    seconds: float = 0.0
    near: tuple[str, ...] = ()


def judge(first: Heard, seconds: float, phrases: Phrases) -> Judgement:
    """What the first hearing says by itself: the nearest phrase with its probability, or the text with little.

    ``seconds``: how long its words last, those included that were rejected.
    """
    ranked = {phrase: likeness(first.text, phrase) for phrase in phrases.nearest(first.text, _NEAR)}
    if not ranked:
        return Judgement(Heard(first.text, 0.0))
    best, ahead = phrases.best(ranked)
    return _judgement(best, first, Once(ranked[best], ahead), Judgement(first, seconds=seconds, near=tuple(ranked)))


def worth_another(judged: Judgement, phrases: Phrases) -> bool:
    """True when another hearing may change what is done.

    Words of anger are heard in everything and said seldom: only those that would be taken as said are heard again.
    """
    return judged.heard.confidence > (_WINS if phrases.is_aside(judged.best) else _HOPELESS)


def unverified(judged: Judgement) -> Heard:
    """What is left of a judgement when the second hearing that it needs is not to be had: a question, or a person."""
    return replace(judged.heard, confidence=min(judged.heard.confidence, _UNVERIFIED))


def judge_again(before: Judgement, first: Heard, again: Sequence[str], phrases: Phrases) -> Judgement:
    """What both hearings say together.

    ``again``: the texts of the second, with the phrases ``near`` the first, before and after it knew the voice.  A
    voice full of feeling hides words from one of them; a word that is not in the phrase comes out in both.
    """
    ranked = {
        each: max(likeness(text, each) for text in again) + _FIRST_COUNTS * likeness(first.text, each)
        for each in before.near
    }
    best, ahead = phrases.best(ranked)
    whole, all_of_it = (max(fits(text, best) for text in again) for fits in (wholeness, accounted))
    judged = _judgement(best, first, Twice(min(ahead, _FAR_AHEAD), whole, all_of_it), before)
    return replace(judged, heard=replace(judged.heard, free="" if judged.heard.text in again else again[-1]))


def _judgement(best: str, first: Heard, evidence: Once | Twice, before: Judgement) -> Judgement:
    """A phrase drawn out longer than anybody says it in was not said."""
    drawn_out = before.seconds > _SLOWEST_S * max(len(_letters(best)), _FEWEST)
    sure = 0.0 if drawn_out else probability(evidence)
    heard = Heard(best if sure >= _WINS else first.text, sure)
    earlier = before if isinstance(evidence, Twice) else None
    return Judgement(heard, best, evidence, earlier, before.seconds, before.near)


def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", text)
