"""The words of a spoken number, cut into pieces: a digit, "forty-two", "nine hundred", "double seven", "42".

The same words can often be cut in several ways.  All of them are kept, as far as people would say them, with a cost:
the number of pieces, because a listener takes the longest numbers that make sense.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

MAX_DIGITS = 24  # the longest number anyone reads out (an IBAN) has 22
_KEPT = 6  # readings of the same length kept at each word; more only come from numbers nobody would say
_UNKNOWN = 3.0  # cost of passing over a word: more than another way to cut the words we know
_EARLIER = 1e-5  # of two equally short readings, the one whose first pieces are longer, as a listener cuts them

Kind = Literal["digit", "number", "large", "times", "several", "joint", "aside", "lead", "restart", "exclude"]


class Entry(NamedTuple):
    """What a word (or several) stands for.  ``rest``: the words after the first."""

    rest: tuple[str, ...]
    kind: Kind
    value: int


class Piece(NamedTuple):
    """Words up to ``end`` (not included) that stand for some digits."""

    end: int
    digits: str
    cost: float = 1.0


class Path(NamedTuple):
    """A way to read all the words.  Smaller is better; ``aside`` and ``unknown`` count words that are no number."""

    cost: float
    digits: str = ""
    aside: int = 0
    unknown: int = 0


Value = tuple[int, int]
"""(where it ends, its value)"""


class Pieces:
    """Every way to cut the words of one utterance."""

    def __init__(
        self,
        words: Sequence[str],
        lexicon: Mapping[str, tuple[Entry, ...]],
        teens_after: frozenset[int],
        leads: frozenset[int],
    ) -> None:
        """``leads``: the values of the entries of that kind that may stand before this number."""
        self._words = words
        self._leads = leads
        self._teens_after = teens_after
        self._meanings = [self._look_up(at, lexicon) for at in range(len(words))]
        self._has_large = any("large" in meaning for meaning in self._meanings)

    def _look_up(self, at: int, lexicon: Mapping[str, tuple[Entry, ...]]) -> Mapping[Kind, list[Value]]:
        """What begins with this word."""
        found: dict[Kind, list[Value]] = {}
        for rest, kind, value in lexicon.get(self._words[at], ()):
            end = at + 1 + len(rest)
            if not rest or tuple(self._words[at + 1 : end]) == rest:
                found.setdefault(kind, []).append((end, value))
        return found

    def paths(self) -> list[Path]:
        """The readings with at least one digit, best first; without any, the best that accounts for the words.

        Time grows with the words, not with the readings.
        """
        reached: list[dict[int, list[Path]]] = [{} for _ in range(len(self._words) + 1)]
        reached[0][0] = [Path(0.0)]
        for at in range(len(self._words)):
            if not reached[at]:
                continue
            here = [path for paths in reached[at].values() for path in paths]
            pieces = list(self._pieces(at))
            earlier = _EARLIER * at
            for end, digits, cost in pieces:
                for before, read, aside, unknown in here:
                    _keep(reached[end], Path(before + cost - earlier, read + digits, aside, unknown))
            for end, aside in self._skips(at, bool(pieces)):
                cost, unknown = (0.0, 0) if aside else (_UNKNOWN, 1)
                for path in here:
                    skipped = Path(path.cost + cost, path.digits, path.aside + aside, path.unknown + unknown)
                    _keep(reached[end], skipped)
            for end, _ in self._leading(at):
                for path in reached[at].get(0, ()):
                    _keep(reached[end], path._replace(aside=path.aside + end - at))
        with_digits = sorted(path for length, paths in reached[-1].items() if length for path in paths)
        return with_digits or sorted(reached[-1].get(0, ()))

    def _leading(self, at: int) -> Sequence[Value]:
        """Words that lead to a number: before it they say nothing, after it they would ("one order")."""
        return [each for each in self._of("lead", at) if each[1] in self._leads]

    def _skips(self, at: int, is_number: bool) -> Iterator[Value]:
        """(end, words of no meaning) where the reading may go on without a piece; 0 words: one we do not know."""
        asides = self._of("aside", at)
        yield from ((end, end - at) for end, _ in asides)
        if not (asides or is_number or self._of("large", at)):
            yield at + 1, 0

    def _pieces(self, at: int) -> Iterator[Piece]:
        if _is_written(self._words[at]):
            yield Piece(at + 1, self._words[at])
        for end, digit in self._of("digit", at):
            yield Piece(end, str(digit))
            if digit > 1:
                yield from (Piece(after, str(zero) * digit) for after, zero in self._of("several", end))
        for end, value in self._whole(at) if self._has_large else self._below_100(at):
            if value > 9:
                yield Piece(end, str(value))
        for end, count in self._of("times", at):
            yield from self._repeated(end, count)
        if self._has_large:
            yield from self._hundred_after(at)

    def _hundred_after(self, at: int) -> Iterator[Piece]:
        """ "Quarante-deux cent trois" is 4203, but also 42 103."""
        for end, value in self._below_100(at):
            if value > 9:
                yield from (Piece(after, f"{value}{big}", 1.5) for after, big in self._multiplied(end, 1, (100,)))

    def _repeated(self, at: int, count: int) -> Iterator[Piece]:
        for start in (at, *(end for end, _ in self._of("aside", at))):
            yield from (Piece(end, str(digit) * count) for end, digit in self._of("digit", start))
            if start < len(self._words) and _is_written(self._words[start]) and len(self._words[start]) == 1:
                yield Piece(start + 1, self._words[start] * count)

    def _whole(self, at: int) -> Iterator[Value]:
        """Numbers up to 999,999, digits included."""
        alone = not self._follows_number(at)
        below_1000 = list(self._below_1000(at, alone))
        yield from below_1000
        if alone:
            yield from self._multiplied(at, 1, (1000,))
        for end, value in below_1000:
            if 0 < value < 1000:
                yield from self._multiplied(end, value, (1000,))

    def _below_1000(self, at: int, alone: bool = True) -> Iterator[Value]:
        """And "forty-two hundred": 4200.  ``alone``: "hundred" without a number before it is 100."""
        below_100 = list(self._below_100(at))
        yield from below_100
        if alone:
            yield from self._multiplied(at, 1, (100,))
        for end, value in below_100:
            if value > 0:
                yield from self._multiplied(end, value, (100,))

    def _below_100(self, at: int) -> Iterator[Value]:
        yield from self._of("digit", at)
        for end, value in self._of("number", at):
            yield end, value
            if value % 10 == 0 and value > 10:
                for start in self._joined(end):
                    yield from ((after, value + unit) for after, unit in self._of("digit", start) if unit)
                    if value in self._teens_after:
                        teens = ((after, teen) for after, teen in self._of("number", start) if teen < 20)
                        yield from ((after, value + teen) for after, teen in teens)

    def _multiplied(self, at: int, by: int, larges: tuple[int, ...]) -> Iterator[Value]:
        """A word for 100 or 1000 that stands here, with what may follow it."""
        for end, large in self._of("large", at):
            if large not in larges:
                continue
            yield end, by * large
            smaller: Callable[[int], Iterator[Value]] = self._below_100 if large == 100 else self._below_1000
            for start in self._joined(end):
                yield from ((after, by * large + rest) for after, rest in smaller(start) if 0 < rest < large)

    def _joined(self, at: int) -> Iterator[int]:
        """Here, and after a word that joins the parts of a number."""
        yield at
        yield from (end for end, _ in self._of("joint", at))

    def _follows_number(self, at: int) -> bool:
        """In "four hundred" the hundred cannot stand alone: that is 400, and never 4 100."""
        digit = any(value for _, value in self._of("digit", at - 1)) if at else False
        return digit or bool(at and (self._of("number", at - 1) or self._of("large", at - 1)))

    def _of(self, kind: Kind, at: int) -> Sequence[Value]:
        return self._meanings[at].get(kind, ()) if at < len(self._words) else ()


def _keep(paths: dict[int, list[Path]], path: Path) -> None:
    """Among readings of the same length, the few best different ones."""
    length = len(path.digits)
    if length > MAX_DIGITS:
        return
    same = paths.get(length)
    if same is None:
        paths[length] = [path]
        return
    for at, other in enumerate(same):
        if other.digits == path.digits:
            same[at] = min(path, other)
            return
    same.append(path)
    if len(same) > _KEPT:
        same.remove(max(same))


def _is_written(word: str) -> bool:
    return word.isascii() and word.isdigit()
