"""Values said in one breath with a request: "where is my order four two seven one nine"."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ivr.grammar.digits import DigitWords


@dataclass(frozen=True, slots=True)
class SentenceSlot:
    """A value that may stand in a sentence: a number of one of ``lengths``, or, without lengths, a day."""

    name: str
    lengths: tuple[int, ...] = ()


def number_within(
    text: str,
    lengths: Sequence[int],
    words: DigitWords,
    slots: Iterable[str] = (),
    sentences: Container[str] = (),
) -> tuple[str, str] | None:
    """(the text without its number, the number); None where no number of these lengths stands in it.

    The number is "" when the same words could be another one as well, when the text holds a second one, or when it
    names a number that is in none of the ``slots``.  A sentence may end with a word that excludes ("le colis
    n'arrive pas 42719"): the number behind it is meant.
    """
    spoken = text.split()
    for start, end in _runs(spoken, words, sentences):
        number = words.number(" ".join(spoken[start:end]), lengths)
        if number.share == 1.0 and len(number.digits) in lengths:
            rest = " ".join([*spoken[:start], *spoken[end:]])
            sure = number.sure and not words.names_another(rest, slots) and not _has_number(rest, lengths, words)
            return rest, number.digits if sure else ""
    return None


def _has_number(text: str, lengths: Sequence[int], words: DigitWords) -> bool:
    spoken = text.split()
    runs = (words.number(" ".join(spoken[start:end]), lengths) for start, end in _runs(spoken, words))
    return any(len(number.digits) in lengths for number in runs)


def before_number(text: str, words: DigitWords) -> str:
    """What stands before a number that is still being said; "" when none is."""
    spoken = text.split()
    runs = [(start, end) for start, end in _runs(spoken, words) if end == len(spoken)]
    return " ".join(spoken[: runs[-1][0]]) if runs else ""


def _runs(spoken: Sequence[str], words: DigitWords, sentences: Container[str] = ()) -> Iterator[tuple[int, int]]:
    """Stretches from one word of a number to another, the longest first for each beginning."""
    counts = [word in words.word_set or word.isdecimal() for word in spoken]
    starts = [at for at, number in enumerate(counts) if number and not (at and counts[at - 1])]
    ends = [at + 1 for at, number in enumerate(counts) if number and not (at + 1 < len(counts) and counts[at + 1])]
    for start in starts:
        # "Not 50505, 42719" is one number.
        excluded = start > 0 and spoken[start - 1] in words.excludes and " ".join(spoken[:start]) not in sentences
        yield from ((start - excluded, end) for end in reversed(ends) if end > start)
