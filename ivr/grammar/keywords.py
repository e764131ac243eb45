"""Keywords: what an utterance is about when it is no sentence of the grammar.

``track | where + order | purchase - cancel*`` is met by a text with one word of each group joined by ``+`` and none of
those after ``-``.  ``cancel*`` is any word that begins so; a word of five letters or more may have a slip of one
letter, as recognisers and keyboards make them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from ivr.grammar.templates import TemplateError, normalise

SLIP_FROM = 5  # letters: in shorter words a slip makes another word ("four", "your")


@dataclass(frozen=True, slots=True)
class Keywords:
    """One line of keywords.  Each alternative is one word, or several that follow each other."""

    intent: str
    groups: tuple[tuple[tuple[str, ...], ...], ...]
    without: tuple[tuple[str, ...], ...]

    def found(self, words: "Words") -> frozenset[int] | None:
        """The places of the words that meet every group, or None."""
        if any(words.find(each) for each in self.without):
            return None
        places: set[int] = set()
        for group in self.groups:
            met = [places_of for each in group if (places_of := words.find(each))]
            if not met:
                return None
            places.update(*met)
        return frozenset(places)


class Words:
    """The words of one text, looked up many times: each comparison is made once."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._known: dict[tuple[str, ...], frozenset[int]] = {}

    def find(self, sought: tuple[str, ...]) -> frozenset[int]:
        """The places at which a sequence of words stands; empty when it does not."""
        if sought not in self._known:
            span = len(sought)
            self._known[sought] = frozenset(
                at + offset
                for at in range(len(self.words) - span + 1)
                if all(_same(word, self.words[at + index]) for index, word in enumerate(sought))
                for offset in range(span)
            )
        return self._known[sought]


def _same(sought: str, word: str) -> bool:
    if sought.endswith("*"):
        stem = sought[:-1]
        return word.startswith(stem) or (
            len(stem) >= SLIP_FROM and OSA.distance(word[: len(stem)], stem, score_cutoff=1) <= 1
        )
    if word == sought:
        return True
    return (
        len(sought) >= SLIP_FROM
        and abs(len(word) - len(sought)) <= 1
        and OSA.distance(word, sought, score_cutoff=1) <= 1
    )


def parse(intent: str, line: str) -> Keywords:
    """Read a line of keywords.  Raises TemplateError."""
    wanted, *unwanted = line.split(" - ")
    groups = tuple(_alternatives(group, line) for group in wanted.split(" + "))
    without = tuple(word for part in unwanted for word in _alternatives(part, line))
    return Keywords(intent, groups, without)


def _alternatives(group: str, line: str) -> tuple[tuple[str, ...], ...]:
    found = []
    for alternative in group.split("|"):
        words = tuple(normalise(word) + "*" * word.endswith("*") for word in alternative.split() if normalise(word))
        if not words:
            raise TemplateError(f"keywords {line!r} have an empty part: write words joined by |, + and -")
        found.append(words)
    return tuple(found)


def best(rules: Iterable[Keywords], words: Words) -> Mapping[str, frozenset[int]]:
    """Intent -> the places of the words that speak for it, for every intent with a line that is met."""
    met: dict[str, frozenset[int]] = {}
    for rule in rules:
        places = rule.found(words)
        if places is not None and len(places) > len(met.get(rule.intent, ())):
            met[rule.intent] = places
    return met
