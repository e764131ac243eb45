"""Values said in one breath with a request: "where is my order four two seven one nine"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ivr.grammar.digits import DigitWords


@dataclass(frozen=True, slots=True)
class SentenceSlot:
    """A value that may stand in a sentence: a number of one of ``lengths``, or, without lengths, a day."""

    name: str
    lengths: tuple[int, ...] = ()


def number_within(text: str, lengths: Sequence[int], words: DigitWords) -> tuple[str, str] | None:
    """(the text without its number, the number); None where no number of these lengths stands in it.

    The number is "" when the same words could be another one as well.
    """
    spoken = text.split()
    for start, end in _runs(spoken, words):
        number = words.number(" ".join(spoken[start:end]), lengths)
        if number.share == 1.0 and len(number.digits) in lengths:
            return " ".join([*spoken[:start], *spoken[end:]]), number.digits if number.sure else ""
    return None


def before_number(text: str, words: DigitWords) -> str:
    """What stands before a number that is still being said; "" when none is."""
    spoken = text.split()
    runs = [(start, end) for start, end in _runs(spoken, words) if end == len(spoken)]
    return " ".join(spoken[: runs[-1][0]]) if runs else ""


def _runs(spoken: Sequence[str], words: DigitWords) -> Iterator[tuple[int, int]]:
    """Stretches from one word of a number to another, the longest first for each beginning."""
    counts = [word in words.word_set or word.isdecimal() for word in spoken]
    starts = [at for at, number in enumerate(counts) if number and not (at and counts[at - 1])]
    ends = [at + 1 for at, number in enumerate(counts) if number and not (at + 1 < len(counts) and counts[at + 1])]
    yield from ((start, end) for start in starts for end in reversed(ends) if end > start)
