"""Spoken numbers -> digits: "four two seven one nine", "forty-two seventy-one nine", "double seven", "no, sorry, ...".

The same words can often be cut into pieces in several ways ("quatre vingt" is 80 or 4 20); the reading with
the fewest pieces is the most natural one, and the expected number of digits decides between the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ivr.grammar.corrections import Segment, corrected
from ivr.grammar.pieces import MAX_DIGITS, Entry, Kind, Pieces
from ivr.grammar.templates import normalise

MAX_ALTERNATIVES = 5  # more than anybody could be asked about
_NO_NUMBER: tuple[Kind, ...] = ("aside", "lead", "restart", "exclude")
_AS_GOOD = 0.25  # of the cost of a piece: what is less than a cut more is as natural


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """A number as it was understood.

    ``share``: of the words that are not fillers, how many belong to the number (0 to 1).  ``alternatives``: the other
    readings that are possible (of the expected lengths, when they are known), best first.  ``restarted``: the caller
    began anew ("no, sorry"), so that what earlier utterances gave does not count.  ``sure``: no other reading is as
    natural as this one; a number that is not sure should be read back.
    """

    digits: str = ""
    share: float = 0.0
    alternatives: tuple[str, ...] = ()
    restarted: bool = False
    sure: bool = False


@dataclass(frozen=True, slots=True)
class DigitWords:
    """A language's words for numbers.  Made once; every key may be several words, and is normalised.

    ``digits``: word -> "0" to "9".  ``homophones``: other words that sound like a digit, taken for it where nothing but
    a number was said.  ``times``: word -> how often the next digit is meant ("double" -> 2).
    ``numbers``: word -> 10 to 99; the tens take a digit after them ("forty" "two"), and those in ``teens_after``
    also 10 to 19 ("soixante" "douze").  ``large``: word -> 100 or 1000.  ``joined_by``: words that may join the parts
    of a number ("vingt et un").  ``before``: units that stand joined before the tens ("dva" "a" "dvacet").
    ``several``: plural -> digit, after a count ("two zeros").  ``asides``: words that say nothing about the number.
    ``lead_ins``: words that say nothing before it ("i have" is none in "two i have").  ``things``: name of a slot ->
    words for its number, lead-ins where it is asked for; the first one's are so where no slot is named.
    ``other_things``: words for numbers that are never asked for.
    ``restarts``: what came before them is corrected by what follows.  ``excludes``: what follows is not the number
    ("not").  ``run_together``: words may be written without spaces.
    """

    digits: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    large: Mapping[str, int] = field(default_factory=dict)
    teens_after: frozenset[int] = frozenset()
    joined_by: tuple[str, ...] = ()
    before: Mapping[str, int] = field(default_factory=dict)
    several: Mapping[str, str] = field(default_factory=dict)
    homophones: Mapping[str, str] = field(default_factory=dict)
    asides: frozenset[str] = frozenset()
    lead_ins: frozenset[str] = frozenset()
    things: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_things: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    run_together: bool = False
    words: tuple[str, ...] = field(init=False, compare=False)
    """The words of a number said digit by digit, for a recogniser."""
    group_words: tuple[str, ...] = field(init=False, compare=False)
    """The other words of a number.  Apart, because a recogniser that hears digits well enough alone mistakes more of
    them beside these: Whisper tiny.en made "four two ten one nine" of "four two seven one nine"."""
    word_set: frozenset[str] = field(init=False, repr=False, compare=False)
    """All of them."""
    _lexicon: Mapping[str, tuple[Entry, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lexicon: dict[str, list[Entry]] = {}
        one_by_one: dict[str, None] = {}
        groups: dict[str, None] = {}
        for phrase, kind, value in self._phrases():
            first, *rest = normalise(phrase).split() or [""]
            if first:
                lexicon.setdefault(first, []).append(Entry(tuple(rest), kind, value))
                listed = one_by_one if kind in ("digit", "times", "several") else groups
                listed |= dict.fromkeys((first, *rest) if kind not in _NO_NUMBER else ())
        longest_first = {first: tuple(sorted(found, key=lambda e: -len(e.rest))) for first, found in lexicon.items()}
        object.__setattr__(self, "_lexicon", longest_first)
        object.__setattr__(self, "words", tuple(one_by_one))
        object.__setattr__(self, "group_words", tuple(word for word in groups if word not in one_by_one))
        object.__setattr__(self, "word_set", frozenset((*one_by_one, *groups)))

    def _phrases(self) -> Iterator[tuple[str, Kind, int]]:
        yield from ((word, "digit", int(value)) for word, value in self.digits.items())
        yield from ((word, "times", value) for word, value in self.times.items())
        yield from ((word, "number", value) for word, value in self.numbers.items())
        yield from ((word, "large", value) for word, value in self.large.items())
        yield from ((word, "several", int(value)) for word, value in self.several.items())
        yield from ((word, "joint", 0) for word in self.joined_by)
        for ten, value in self.numbers.items():
            for unit, more in self.before.items() if value % 10 == 0 and value > 10 else ():
                for joint in self.joined_by:
                    yield f"{unit}{joint}{ten}", "number", value + more
                    if unit in self.digits:
                        yield f"{unit} {joint} {ten}", "number", value + more
        yield from ((word, "aside", 0) for word in (*self.asides, *self.joined_by))
        yield from ((word, "lead", 0) for word in self.lead_ins)
        for number, words in enumerate(self.things.values(), 1):
            yield from ((word, "lead", number) for word in words)
        yield from ((word, "restart", 0) for word in self.restarts)
        yield from ((word, "exclude", 0) for word in self.excludes)

    def read(self, text: str, lengths: Iterable[int] = ()) -> tuple[str, float]:
        """(digits, share of the words that belong to them); ("", 0.0) when there are none.  See ``number``."""
        number = self.number(text, lengths)
        return number.digits, number.share

    def number(self, text: str, lengths: Iterable[int] = (), slot: str = "") -> SpokenNumber:
        """The most natural reading that has one of the ``lengths``; without lengths, or if none fits, of all.

        Digits that a recogniser wrote ("42719", "42,719") count as they stand.  ``slot``: what was asked for.
        """
        words = self._split(normalise(text).split())
        wanted = frozenset(lengths)
        asked = [number for number, name in enumerate(self.things, 1) if name == (slot or name)]
        leads = frozenset((0, *asked[:1]))
        number = self._number(words, wanted, leads)
        if wanted and len(number.digits) not in wanted and not self.homophones.keys().isdisjoint(words):
            other = self._number([self.homophones.get(word, word) for word in words], wanted, leads)
            if len(other.digits) in wanted and other.share == 1.0:
                return replace(other, sure=False)
        return number

    def names_another(self, text: str, slots: Iterable[str]) -> bool:
        """True when a text names a number that is in none of these slots: a postcode, an age, an amount."""
        others = [word for name, words in self.things.items() if name not in slots for word in words]
        return any(f" {word} " in f" {text} " for word in (*others, *self.other_things))

    def _number(self, words: Sequence[str], wanted: frozenset[int], leads: frozenset[int]) -> SpokenNumber:
        """The segments between corrections, read one by one; ``share`` counts the words of all of them."""
        segments: list[Segment] = []
        content = unknown = 0
        for kind, start, end in self._segments(words):
            paths = Pieces(words[start:end], self._lexicon, self.teens_after, leads).paths()
            halves = [path for path in paths if kind == "exclude" and len(path.digits) / 2 in wanted]
            fitting = halves or [path for path in paths if len(path.digits) in wanted] or paths
            if not fitting:
                return SpokenNumber()  # longer than any number
            best = fitting[0]
            content += end - start - best.aside
            unknown += best.unknown
            # A number that is cut into as few pieces as this one, or fewer, may be what was meant.
            rivals = (path for path in paths if path.digits != best.digits and path.cost < best.cost + _AS_GOOD)
            others = tuple(path.digits for path in fitting[1 : MAX_ALTERNATIVES + 1])
            segments.append(Segment(kind, best.digits, others, sure=not any(rivals)))
        result = corrected(segments, wanted)
        return SpokenNumber(
            digits=result.digits,
            share=(content - unknown) / content if result.digits else 0.0,
            alternatives=result.others,
            restarted=result.whole and len(segments) > 1,
            sure=result.sure and bool(result.digits),
        )

    def _segments(self, words: Sequence[str]) -> Iterator[tuple[Kind | None, int, int]]:
        """(the kind of word it begins with, its start, its end) of each stretch between corrections."""
        kind: Kind | None = None
        start = at = 0
        while at < len(words):
            entry = next((each for each in self._lexicon.get(words[at], ()) if self._turns(each, words, at)), None)
            if entry:
                yield kind, start, at
                kind, start = entry.kind, at + 1 + len(entry.rest)
            at = max(start, at + 1)
        yield kind, start, len(words)

    def _turns(self, entry: Entry, words: Sequence[str], at: int) -> bool:
        """Whether a correction begins here."""
        return entry.kind in ("restart", "exclude") and tuple(words[at + 1 : at + 1 + len(entry.rest)]) == entry.rest

    def _split(self, words: list[str]) -> list[str]:
        if not self.run_together:
            return words
        return [part for word in words for part in ([word] if word in self._lexicon else self._parts(word))]

    def _parts(self, word: str) -> list[str]:
        """The fewest known words that, written together, are this one; itself when there are none."""
        if len(word) > MAX_DIGITS * 2:  # no number is longer, and the time grows with the square
            return [word]
        best: list[list[str] | None] = [[], *[None] * len(word)]
        for end in range(1, len(word) + 1):
            for start in range(end):
                before, part = best[start], word[start:end]
                if before is not None and part in self._lexicon:
                    shorter = best[end]
                    if shorter is None or len(before) + 1 < len(shorter):
                        best[end] = [*before, part]
        return best[-1] or [word]
