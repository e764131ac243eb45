"""Sentences of different intents that a recogniser will confuse."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz.distance import Levenshtein

from ivr.grammar.authoring.sounds import sound

NEAR = 0.4  # of the sounds of one word: "track" and "truck", "chci" and "nechci", but not "order" and "parcel"
ENOUGH_SOUNDS = 5  # in sentences with fewer, one other sound is a difference one hears
WEAK_SOUNDS = 4  # a word this short, like "don't", is easily swallowed, or heard where nobody said it

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two sentences of different intents.  ``same``: nothing in their sound tells them apart."""

    first: str
    second: str
    same: bool


def sound_alikes(intents: Mapping[str, str], language: str) -> Iterator[Alike]:
    """Pairs among normalised sentences, given with their intents; each pair once, in the order they are given."""
    by_sound: dict[Words, list[str]] = {}
    for sentence in intents:
        by_sound.setdefault(tuple(sound(sentence, language).split()), []).append(sentence)
    by_sound.pop((), None)
    rank = {sentence: at for at, sentence in enumerate(intents)}
    seen: set[tuple[str, str]] = set()
    for same, one, other in (*_same(by_sound), *_one_sound_apart(by_sound), *_one_word_apart(by_sound)):
        for first in by_sound[one]:
            for second in by_sound[other]:
                pair = (first, second) if rank[first] < rank[second] else (second, first)
                if intents[first] != intents[second] and pair not in seen:
                    seen.add(pair)
                    yield Alike(*pair, same)


Pair = tuple[bool, Words, Words]


def _same(by_sound: Mapping[Words, list[str]]) -> Iterator[Pair]:
    together: dict[str, list[Words]] = {}
    for words in by_sound:
        together.setdefault("".join(words), []).append(words)
    for alike in together.values():
        yield from ((True, words, words) for words in alike)
        yield from ((True, one, other) for one, other in combinations(alike, 2))


def _one_sound_apart(by_sound: Mapping[Words, list[str]]) -> Iterator[Pair]:
    """Sentences that are the same once a sound is taken out of one or of both."""
    shortened: dict[str, dict[Words, None]] = {}
    for words in by_sound:
        key = "".join(words)
        if len(key) >= ENOUGH_SOUNDS:
            for at in range(len(key) + 1):  # the last of them takes nothing out
                shortened.setdefault(key[:at] + key[at + 1 :], {})[words] = None
    for alike in shortened.values():
        for one, other in combinations(alike, 2):
            if Levenshtein.distance("".join(one), "".join(other), score_cutoff=1) <= 1:
                yield False, one, other


def _one_word_apart(by_sound: Mapping[Words, list[str]]) -> Iterator[Pair]:
    """Sentences that differ in one word, which sounds alike, or which one of them does not have and is weak."""
    holes: dict[tuple[Words, Words], dict[Words, None]] = {}
    for words in by_sound:
        for at in range(len(words)):
            rest = words[:at] + words[at + 1 :]
            holes.setdefault((words[:at], words[at + 1 :]), {})[words] = None
            if len(words[at]) <= WEAK_SOUNDS and rest in by_sound:
                yield False, rest, words
    for (before, _), alike in holes.items():
        for one, other in combinations(alike, 2):
            if Levenshtein.normalized_distance(one[len(before)], other[len(before)], score_cutoff=NEAR) <= NEAR:
                yield False, one, other
