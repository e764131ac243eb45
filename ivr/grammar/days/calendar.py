"""The words and rules of one language's days, prepared for looking up."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ivr.grammar.templates import normalise

CLOCK = "@clock"
"""The token of a time of day written in digits ("10:30"); no spoken word has its sign."""


class Rule(NamedTuple):
    """A way to say a ``symbol``: its ``parts`` in order, and the function that makes its value of theirs.

    ``parts`` are symbols, of words or of other rules; those that end in ? may be left out.  ``make`` gets today and the
    values of the parts that have one; None where there is no such day, or where people disagree which one is meant.
    """

    symbol: str
    parts: tuple[str, ...]
    make: Callable[..., object]


class Entry(NamedTuple):
    """A meaning of a word: ``rest`` are the words that must follow it; ``value`` is None for words that join others."""

    rest: tuple[str, ...]
    symbol: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """A language's words for days.

    ``words``: symbol -> phrase -> value.  ``silent``: symbol -> phrases that have no value: those that join others,
    and those that surround a day in an answer: ``filler`` anywhere, ``before`` and ``after`` a day, ``part`` of a day,
    ``correction`` (what came before it is taken back).  ``limits``: words that exclude days or leave several, wherever
    they stand in a sentence with a day; ``joining``: those that do so beside a day.  They are never accounted for, but
    a recogniser must be able to hear them.  ``prepositions`` may stand before a day.
    ``clock``: times written in digits.  ``day_first``: 12/03 is a day in March.  ``plain_nth``: "vendredi 4" is the
    fourth.  ``comma_corrections``: corrections only where a comma follows: "ne, v pátek", but not "ne v pátek".
    ``short_is``: "friday's" may stand for "friday is".
    """

    words: Mapping[str, Mapping[str, int]]
    silent: Mapping[str, Iterable[str]]
    rules: Iterable[Rule]
    limits: frozenset[str]
    joining: frozenset[str]
    prepositions: frozenset[str]
    clock: str
    day_first: bool = True
    plain_nth: bool = True
    comma_corrections: frozenset[str] = frozenset()
    short_is: bool = False
    lexicon: Mapping[str, tuple[Entry, ...]] = field(init=False, repr=False)
    """First word, without accents -> what begins with it."""
    of_symbol: Mapping[str, tuple[Rule, ...]] = field(init=False, repr=False)
    vocabulary: tuple[str, ...] = field(init=False, repr=False)
    """Every word that an answer may hold, for a recogniser."""
    telling: frozenset[str] = field(init=False, repr=False)
    """The words without accents that name days or limit them; the others only surround a day."""

    def __post_init__(self) -> None:
        lexicon: dict[str, list[Entry]] = {CLOCK: [Entry((), "part", None)]}
        values = [(symbol, phrase, value) for symbol, each in self.words.items() for phrase, value in each.items()]
        silent = [(symbol, phrase, None) for symbol, phrases in self.silent.items() for phrase in phrases]
        for symbol, phrase, value in (*values, *silent):
            first, *rest = fold(phrase).split()
            lexicon.setdefault(first, []).append(Entry(tuple(rest), symbol, value))
        lexicon |= {f"{word},": [Entry((), "correction", None)] for word in self.comma_corrections}
        rules: dict[str, list[Rule]] = {}
        for each in self.rules:
            rules.setdefault(each.symbol, []).append(each)
        spoken = [normalise(phrase) for _, phrase, _ in (*values, *silent)]
        listed = dict.fromkeys(
            word for phrase in (*spoken, *sorted(self.limits | self.joining)) for word in phrase.split()
        )
        days = (phrase for symbol, phrase, _ in values if symbol not in ("count", "hour"))
        for name in ("limits", "joining", "prepositions"):
            object.__setattr__(self, name, frozenset(fold(word) for word in getattr(self, name)))
        object.__setattr__(self, "lexicon", {word: tuple(entries) for word, entries in lexicon.items()})
        object.__setattr__(self, "of_symbol", {symbol: tuple(each) for symbol, each in rules.items()})
        object.__setattr__(self, "vocabulary", tuple(listed))
        telling = (word for phrase in (*days, *self.limits) for word in fold(phrase).split())
        object.__setattr__(self, "telling", frozenset(telling) - self.joining - self.prepositions)


def fold(text: str) -> str:
    """A text normalised and without accents, which keyboards and some recognisers leave out."""
    letters = unicodedata.normalize("NFD", normalise(text))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def numbered(words: str, first: int) -> dict[str, int]:
    """Words in order -> numbers from ``first``; forms of the same number are joined by /, spaces in one by _."""
    return {
        form.replace("_", " "): number for number, forms in enumerate(words.split(), first) for form in forms.split("/")
    }


def tens(
    tens_words: Mapping[str, int], units: Mapping[str, int], joint: str = " ", highest: int = 31
) -> dict[str, int]:
    """The numbers that are made of a ten and a unit."""
    return {
        f"{ten}{joint}{unit}": value + more
        for ten, value in tens_words.items()
        for unit, more in units.items()
        if more < 10 and value + more <= highest
    }


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a text that separates them by |, with alternatives in brackets: "it's (on | for)"."""
    found: list[str] = []
    for phrase in re.split(r"\|(?![^(]*\))", text):
        wholes = [""]
        for part in re.split(r"(\([^)]*\))", phrase):
            choices = part[1:-1].split("|") if part.startswith("(") else [part]
            wholes = [f"{whole} {choice}" for whole in wholes for choice in choices]
        found += [" ".join(whole.split()) for whole in wholes]
    return tuple(dict.fromkeys(filter(None, found)))


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def rule(symbol: str, parts: str, make: Callable[..., object] | None = None) -> Rule:
    """A rule, its parts written in one string; without a function the value is that of its only part."""
    return Rule(symbol, tuple(parts.split()), make or _same)


def _same(_: date, value: object = True) -> object:
    return value
