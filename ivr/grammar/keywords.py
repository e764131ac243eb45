"""Keywords: what an utterance is about when it is no sentence of the grammar.

``track | where + order | purchase - cancel*`` is met by a text with one word of each group joined by ``+`` and none of
those after ``-``.  ``cancel*`` is any word that begins so; a word of five letters or more may have a slip of one
letter, as recognisers and keyboards make them.  ``<ordered>`` stands for a list of words of that name.  A line after
``!`` wins over all others: ``! died | broken``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from ivr.grammar.templates import TemplateError, normalise

SLIP_FROM = 5  # letters: in shorter words a slip makes another word ("four", "your")
ELIDED = 2  # letters before the apostrophe, at most: "l'", "qu'"
NO_LISTS: Mapping[str, str] = {}
_LIST = re.compile(r"<(\w+)>")
_KEPT_WORDS = 20_000  # different words whose keywords are remembered; more than a language's callers use

Phrase = tuple[str, ...]
"""One word, or several that follow each other."""


@dataclass(frozen=True, slots=True)
class Keywords:
    """One line of keywords: an alternative of each group must be there, and nothing of ``without``.

    ``first``: whatever else is said, it is about this.
    """

    intent: str
    groups: tuple[tuple[Phrase, ...], ...]
    without: tuple[Phrase, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What keywords say: the places of the words that speak for each intent, those that come first, those ruled out."""

    met: Mapping[str, frozenset[int]]
    first: frozenset[str]
    barred: frozenset[str]


def parse(intent: str, line: str, words: Mapping[str, str] = NO_LISTS) -> Keywords:
    """Read a line of keywords.  ``words``: lists of alternatives by name, used as ``<name>``.  Raises TemplateError."""
    line = _LIST.sub(lambda name: _listed(name[1], words), line)
    first = line.startswith("! ")
    wanted, *unwanted = line.removeprefix("! ").split(" - ")
    groups = tuple(_alternatives(group, line) for group in wanted.split(" + "))
    without = tuple(word for part in unwanted for word in _alternatives(part, line))
    return Keywords(intent, groups, without, first)


def _listed(name: str, words: Mapping[str, str]) -> str:
    if name not in words:
        raise TemplateError(
            f"keywords use <{name}>, and no list of words has that name (there are: {', '.join(words)})"
        )
    return words[name]


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


def _begins_so(sought: str, word: str) -> bool:
    return word.startswith(sought[:-1]) if sought.endswith("*") else word == sought


def _slip(sought: str, word: str) -> bool:
    return OSA.distance(word, sought, score_cutoff=1) <= 1


class KeywordIndex:
    """The keyword lines of one language, ready to be looked up."""

    def __init__(self, lines: Iterable[Keywords], words: frozenset[str] = frozenset()) -> None:
        """``words`` of the language: what is one of them is no slip of another ("there" of "where")."""
        self._words = words
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

    def about(self, words: Sequence[str]) -> About:
        """Every intent with a line that is met, or would be but for a word that must not be there."""
        found = self._found(words)
        met: dict[str, frozenset[int]] = {}
        first, barred = set(), set()
        for line in self._lines:
            groups = [[found[phrase] for phrase in group if phrase in found] for group in line.groups]
            if not all(groups):
                continue
            if any(phrase in found for phrase in line.without):
                barred.add(line.intent)
                continue
            if line.first:
                first.add(line.intent)
            places = frozenset(place for group in groups for each in group for place in each)
            if len(places) > len(met.get(line.intent, ())):
                met[line.intent] = places
        return About(met, frozenset(first), frozenset(barred - met.keys()))

    def _found(self, words: Sequence[str]) -> dict[Phrase, set[int]]:
        found: dict[Phrase, set[int]] = {}
        for at, word in enumerate(words):
            for phrase in self._beginning(word):
                span = range(at, at + len(phrase))
                if span.stop <= len(words) and all(is_meant(phrase[place - at], words[place]) for place in span[1:]):
                    found.setdefault(phrase, set()).update(span)
        return found

    def _beginning_with(self, word: str) -> tuple[Phrase, ...]:
        spellings = {word, _without_elision(word)}
        if word in self._words:
            alike = [first for first in self._by_first if any(_begins_so(first, spelling) for spelling in spellings)]
        else:
            alike = [first for first in self._by_first if any(is_meant(first, spelling) for spelling in spellings)]
        return tuple(phrase for first in alike for phrase in self._by_first[first])


def _without_elision(word: str) -> str:
    """The word behind an elided one: "attends" of "j'attends"."""
    before, _, rest = word.partition("'")
    return rest if len(before) <= ELIDED and len(rest) > ELIDED else word
