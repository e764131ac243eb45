"""The sentences one kind of question may be answered with, and the nearest of them to a text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from ivr.grammar.keywords import is_meant

NEAREST = 0.6  # below this likeness two sentences are different (FACTS: ≥ 0.6 handles 87 % of real Korean speech)
_FOREIGN = 0.7  # likeness lost when every telling word is another one
_LOOKED_AT = 50  # sentences, to find the nearest one of another intent


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means.  ``likeness`` (0 to 1) to ``sentence``, the nearest one of the grammar; 1.0 is the very one.

    ``margin`` is the distance to the nearest sentence of another intent; 1.0 for the very sentence: it was written and
    no other.  ``intent`` is None when nothing is near.
    ``digits``: a number that was said instead; ``restarted``: its speaker began anew, what was said before is void.
    ``day``: a date that was said instead, as 2026-11-24.  ``slots``: values said in one breath with the request.
    ``subject``: where ``intent`` is None, the request that the words are about although it must not begin (a near miss
    of it, or words that leave a doubt about a change): what a person is told.  ``also``: other requests in the same
    utterance, each as whole as the first.  ``near_miss``: ``subject`` is turned round or only asked about, not just in
    doubt.  ``agrees``: a yes stands with the request ("yes, cancel my order").
    """

    intent: str | None
    likeness: float = 0.0
    margin: float = 0.0
    sentence: str = ""
    digits: str = ""
    restarted: bool = False
    day: str = ""
    slots: tuple[tuple[str, str], ...] = ()
    subject: str | None = None
    also: tuple[str, ...] = ()
    agrees: bool = False
    near_miss: bool = False


class Sentences:
    """Sentences that may be said in answer to a question, each with its intent."""

    def __init__(
        self, texts: Sequence[str], intents: Mapping[str, str], fillers: frozenset[str], words: Iterable[str] = ()
    ) -> None:
        """``fillers``: words that tell nothing.  ``words``: more that may be said, in no sentence."""
        self.texts = texts
        self.words = {*words, *(word for text in texts for word in text.split())}
        self._intents = {text: intents[text] for text in texts}
        self._fillers = fillers
        self._beginnings = _beginnings(texts)

    def meant_by(self, text: str) -> str | None:
        """The intent of this very sentence."""
        return self._intents.get(text)

    def nearest(self, text: str) -> Meaning:
        """The nearest sentence; its intent only when it is near enough."""
        if intent := self._intents.get(text):
            return Meaning(intent, 1.0, 1.0, text)
        sentence, likeness, first = "", 0.0, 0.0
        for other, score, _ in process.extract(text, self.texts, scorer=fuzz.ratio, limit=_LOOKED_AT, score_cutoff=40):
            if not sentence:
                sentence, first = other, score / 100 - _FOREIGN * self._foreign(text, other)
            elif self._intents[other] != self._intents[sentence]:
                likeness = score / 100
                break
        if not sentence:
            return Meaning(None)
        return Meaning(self._intents[sentence] if first >= NEAREST else None, first, first - likeness, sentence)

    def goes_on(self, text: str) -> bool:
        """True when a longer sentence begins with all these words."""
        return text in self._beginnings

    def _foreign(self, text: str, sentence: str) -> float:
        """Share of a text's telling words that are nowhere in a sentence: "change my order" is not "check my order"."""
        telling = [word for word in text.split() if word not in self._fillers]
        theirs = sentence.split()
        foreign = sum(not any(is_meant(word, other) for other in theirs) for word in telling)
        return foreign / len(telling) if telling else 0.0


def _beginnings(sentences: Iterable[str]) -> frozenset[str]:
    """Every proper beginning, in whole words, of the sentences."""
    found: set[str] = set()
    for sentence in sentences:
        words = sentence.split()
        found.update(" ".join(words[:end]) for end in range(1, len(words)))
    return frozenset(found)
