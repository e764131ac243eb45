"""Accounting for the words of an utterance: sentences of the grammar, near misses, carrier speech, and what is left.

A change may begin only when nothing is left, a question only when nothing is left that could turn it round.  So the
words are divided among sentences in the way that leaves the fewest over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.grammar.near_misses import NO_NEAR_MISSES, NearMisses, place
from ivr.grammar.word_trie import WordTrie

NEAR_MISS = "!"
"""How the meaning of a near miss begins: ``!cancel_order`` is none of that request."""

_CARRIER, _NAMED, _ASKING = "", "{name}", "?"
_LEFT_OVER = 10.0  # cost of a word that nothing accounts for; the others only choose between equal accounts
_SEGMENT, _NAME = 0.1, 1.0
_LONGEST_NAME = 3  # words
_LONGEST_RESTART = 6  # words said and begun again: "where's my, where's my order"


@dataclass(frozen=True, slots=True)
class CarrierSpeech:
    """The words of a language that surround what is meant.

    ``phrases``: greetings, politeness, reasons; ``named``: those that a name follows ("my name is"); ``asking``: those
    that ask about what follows ("how can I"), which is then a question and no order to change.  ``hesitations``
    may stand anywhere ("um").  ``reversals``: words that reverse, restrict or attribute what is said (not, only, who,
    already); ``ne*`` is any word that begins so, ``*n't`` any that ends so.
    """

    phrases: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    asking: tuple[str, ...] = ()
    hesitations: frozenset[str] = frozenset()
    reversals: frozenset[str] = frozenset()


NO_CARRIER_SPEECH = CarrierSpeech()


@dataclass(frozen=True, slots=True)
class Account:
    """How the words of an utterance are divided.

    ``meanings``: of the sentences in it, in order and without doubles; ``near``: the requests it nearly says.
    ``core``: the first sentence.  ``left``: words that nothing accounts for; ``reversed_by``: reversals among them.
    ``asked``: what it says is only asked about.  ``places``: of the words that are left, and of those in a sentence.
    ``begins_at``: where the first sentence of each meaning begins; ``left_at``: the places of the words that are left.
    """

    meanings: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    core: str = ""
    left: tuple[str, ...] = ()
    reversed_by: tuple[str, ...] = ()
    asked: bool = False
    places: frozenset[int] = frozenset()
    begins_at: Mapping[str, int] = field(default_factory=dict)
    left_at: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        """True when every word is accounted for."""
        return not self.left

    def ends_with(self, meaning: str) -> bool:
        """True when no word is left after the sentence of this meaning."""
        return all(place < self.begins_at[meaning] for place in self.left_at)


@dataclass(slots=True)
class _Way:
    """The cheapest account of the words so far: its last segment, and where that began."""

    cost: float = float("inf")
    start: int = 0
    meaning: str | None = None


class Accounting:
    """Divides utterances of one language."""

    def __init__(
        self,
        sentences: Mapping[str, str],
        near: NearMisses = NO_NEAR_MISSES,
        carrier: CarrierSpeech = NO_CARRIER_SPEECH,
    ) -> None:
        """``sentences``: sentence -> intent.  A near miss that is one of them is none."""
        self._sentences = sentences
        self._carrier = carrier
        self._beginnings = tuple(each[:-1] for each in carrier.reversals if each.endswith("*"))
        self._endings = tuple(each[1:] for each in carrier.reversals if each.startswith("*"))
        self._words = {word for sentence in sentences for word in sentence.split()} | near.words()
        said = ((sentence, intent) for sentence, intent in sentences.items())
        missed = ((sentence, NEAR_MISS) for _, pattern in near.patterns for sentence in pattern)
        forms = {place(form): WordTrie(said) for form, said in near.forms.items()}
        around = ((phrase, _CARRIER) for phrase in carrier.phrases)
        named = ((phrase, _NAMED) for phrase in carrier.named)
        asking = ((phrase, _ASKING) for phrase in carrier.asking)
        self._trie = WordTrie([*said, *missed, *around, *named, *asking], forms)

    def reverses(self, word: str) -> bool:
        """True for a word that may turn round what the others say, or ("n'annulez") begins with one that does."""
        return (
            word in self._carrier.reversals
            or word.partition("'")[0] + "'" in self._carrier.reversals
            or word.startswith(self._beginnings)
            or word.endswith(self._endings)
        )

    def hesitates(self, word: str) -> bool:
        """True for a sound of somebody who thinks."""
        return word in self._carrier.hesitations

    def account(self, words: Sequence[str]) -> Account:
        """Divide the words, hesitations left out, so that as few as possible are left.

        Time grows with the words, not with their square.
        """
        segments = self._divided(words)
        meanings = [meaning for _, _, meaning in segments if meaning and meaning != _ASKING]
        found = tuple(dict.fromkeys(meaning for meaning in meanings if not meaning.startswith(NEAR_MISS)))
        left = [words[start] for start, _, meaning in segments if meaning is None]
        return Account(
            meanings=found,
            near=tuple(dict.fromkeys(each.removeprefix(NEAR_MISS) for each in meanings if each.startswith(NEAR_MISS))),
            core=next((" ".join(words[start:end]) for start, end, each in segments if each in meanings), ""),
            left=tuple(left),
            reversed_by=tuple(word for word in left if self.reverses(word)),
            begins_at={meaning: start for start, _, meaning in reversed(segments) if meaning},
            left_at=tuple(start for start, _, meaning in segments if meaning is None),
            asked=any(meaning == _ASKING for _, _, meaning in segments),
            places=frozenset(
                place
                for start, end, meaning in segments
                if meaning not in (_CARRIER, _ASKING)
                for place in range(start, end)
            ),
        )

    def _divided(self, words: Sequence[str]) -> list[tuple[int, int, str | None]]:
        """(start, end, meaning) of each segment; meaning "" for carrier speech, None for a word that is left."""
        best = [_Way() for _ in range(len(words) + 1)]
        best[0].cost = 0.0
        for start in range(len(words)):
            cost = best[start].cost
            for end, meaning, more in self._segments(words, start):
                if cost + more < best[end].cost:
                    best[end] = _Way(cost + more, start, meaning)
        segments: list[tuple[int, int, str | None]] = []
        end = len(words)
        while end > 0:
            segments.append((best[end].start, end, best[end].meaning))
            end = best[end].start
        return segments[::-1]

    def _segments(self, words: Sequence[str], start: int) -> Iterable[tuple[int, str | None, float]]:
        """(end, meaning, cost) of everything that may stand from ``start`` on."""
        yield start + 1, None, _LEFT_OVER
        for length in range(1, min(_LONGEST_RESTART, (len(words) - start) // 2) + 1):
            if words[start : start + length] == words[start + length : start + 2 * length]:
                yield start + length, _CARRIER, _SEGMENT  # said twice: the first time was a beginning
        for end, meaning in self._trie.found(words, start):
            if meaning == _NAMED:
                yield end, _CARRIER, _SEGMENT
                yield from self._names(words, end)
            elif not (meaning.startswith(NEAR_MISS) and " ".join(words[start:end]) in self._sentences):
                # Of equal accounts the one with a near miss counts, then the one with a sentence.
                told = 0.03 if meaning == _ASKING else -0.01 * bool(meaning) - 0.01 * meaning.startswith(NEAR_MISS)
                yield end, meaning, _SEGMENT + told
        yield from self._restarted(words, start)

    def _restarted(self, words: Sequence[str], start: int) -> Iterable[tuple[int, str | None, float]]:
        """A sentence after its own beginning: "where is my, where's my order"."""
        for at in range(start + 1, min(start + _LONGEST_RESTART, len(words) - 1) + 1):
            if self.reverses(words[at - 1]):
                break
            begun = self._trie.begun(words[start:at])
            if not begun:
                break
            begins_anew = _stem(words[start]) == _stem(words[at])
            for end, meaning in self._trie.found(words, at) if begins_anew else ():
                if meaning and meaning in begun and not meaning.startswith(NEAR_MISS):
                    yield end, meaning, 2 * _SEGMENT

    def _names(self, words: Sequence[str], start: int) -> Iterable[tuple[int, str | None, float]]:
        for end in range(start + 1, min(start + _LONGEST_NAME, len(words)) + 1):
            if self.reverses(words[end - 1]) or words[end - 1] in self._words:
                break
            yield end, _CARRIER, _SEGMENT + _NAME * (end - start)


def _stem(word: str) -> str:
    """A word without what is contracted to it: "where" of "where's"."""
    return word.partition("'")[0]
