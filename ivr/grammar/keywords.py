"""Keywords: what an utterance is about when it is no sentence of the grammar.

``track | where + order | purchase - cancel*`` is met by a text with one word of each group joined by ``+`` and none of
those after ``-``.  ``cancel*`` is any word that begins so; a word of five letters or more may have a slip of one
letter, as recognisers and keyboards make them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from ivr.grammar.templates import TemplateError, normalise

SLIP_FROM = 5  # letters: in shorter words a slip makes another word ("four", "your")
_KEPT_WORDS = 20_000  # different words whose keywords are remembered; more than a language's callers use

Phrase = tuple[str, ...]
"""One word, or several that follow each other."""


@dataclass(frozen=True, slots=True)
class Keywords:
    """One line of keywords: an alternative of each group must be there, and nothing of ``without``."""

    intent: str
    groups: tuple[tuple[Phrase, ...], ...]
    without: tuple[Phrase, ...]


def parse(intent: str, line: str) -> Keywords:
    """Read a line of keywords.  Raises TemplateError."""
    wanted, *unwanted = line.split(" - ")
    groups = tuple(_alternatives(group, line) for group in wanted.split(" + "))
    without = tuple(word for part in unwanted for word in _alternatives(part, line))
    return Keywords(intent, groups, without)


def _alternatives(group: str, line: str) -> tuple[Phrase, ...]:
    found = []
    for alternative in group.split("|"):
        words = tuple(normalise(word) + "*" * word.endswith("*") for word in alternative.split() if normalise(word))
        if not words:
            raise TemplateError(f"keywords {line!r} have an empty part: write words joined by |, + and -")
        found.append(words)
    return tuple(found)


def is_meant(sought: str, word: str) -> bool:
    """True when ``word`` is the sought one, begins like it (``cancel*``), or is it but for a slip."""
    if sought.endswith("*"):
        stem = sought[:-1]
        return word.startswith(stem) or (len(stem) >= SLIP_FROM and _slip(stem, word[: len(stem)]))
    return word == sought or (len(sought) >= SLIP_FROM and abs(len(word) - len(sought)) <= 1 and _slip(sought, word))


def _slip(sought: str, word: str) -> bool:
    return OSA.distance(word, sought, score_cutoff=1) <= 1


class KeywordIndex:
    """The keyword lines of one language, ready to be looked up."""

    def __init__(self, lines: Iterable[Keywords]) -> None:
        self._lines = tuple(lines)
        phrases = {
            phrase
            for line in self._lines
            for phrase in (*line.without, *(each for group in line.groups for each in group))
        }
        self._by_first: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            self._by_first.setdefault(phrase[0], []).append(phrase)
        # The same words come again and again; comparing each with every keyword takes a third of a millisecond.
        self._beginning = lru_cache(_KEPT_WORDS)(self._beginning_with)

    def about(self, words: Sequence[str]) -> Mapping[str, frozenset[int]]:
        """Intent -> the places of the words that speak for it, for every intent with a line that is met."""
        found = self._found(words)
        met: dict[str, frozenset[int]] = {}
        for line in self._lines:
            if any(phrase in found for phrase in line.without):
                continue
            groups = [[found[phrase] for phrase in group if phrase in found] for group in line.groups]
            if all(groups):
                places = frozenset(place for group in groups for each in group for place in each)
                if len(places) > len(met.get(line.intent, ())):
                    met[line.intent] = places
        return met

    def _found(self, words: Sequence[str]) -> dict[Phrase, set[int]]:
        found: dict[Phrase, set[int]] = {}
        for at, word in enumerate(words):
            for phrase in self._beginning(word):
                span = range(at, at + len(phrase))
                if span.stop <= len(words) and all(is_meant(phrase[place - at], words[place]) for place in span[1:]):
                    found.setdefault(phrase, set()).update(span)
        return found

    def _beginning_with(self, word: str) -> tuple[Phrase, ...]:
        return tuple(phrase for first, phrases in self._by_first.items() if is_meant(first, word) for phrase in phrases)
