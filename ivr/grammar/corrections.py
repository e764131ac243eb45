"""Corrections inside a spoken number: "four two seven one eight, no nine" is 42719."""

from collections.abc import Sequence
from typing import NamedTuple

from ivr.grammar.pieces import Kind


class Segment(NamedTuple):
    """Digits said without a correction among them.  ``kind``: how the segment begins, None at the start."""

    kind: Kind | None
    digits: str
    others: tuple[str, ...] = ()
    sure: bool = True


class Corrected(NamedTuple):
    """A number after all its corrections.

    ``whole``: none of its digits is older than the last correction.  ``others``: its other readings.
    """

    digits: str = ""
    others: tuple[str, ...] = ()
    sure: bool = True
    whole: bool = True


def corrected(segments: Sequence[Segment], wanted: frozenset[int]) -> Corrected:
    """The number that the segments leave.  A correction with nothing behind it takes everything back."""
    number = Corrected()
    for at, segment in enumerate(segments):
        if segment.kind == "exclude":
            number = _excluded(number, segment, wanted)
        elif segment.digits:
            number = _replaced(number, segment, wanted)
        elif segment.kind and not any(later.digits for later in segments[at:]):
            return Corrected()
    return number


def _replaced(number: Corrected, segment: Segment, wanted: frozenset[int]) -> Corrected:
    """All of a number replaced, or as many of its last digits as were said anew."""
    before, after = number.digits, segment.digits
    whole = Corrected(after, segment.others, segment.sure)
    if not before or len(after) in wanted:
        return whole
    if len(before) not in wanted and before[0] != after[0]:  # one digit taken back, and then on to the end
        for taken_back in range(1, len(before)):
            if len(before) - taken_back + len(after) in wanted:
                return Corrected(before[:-taken_back] + after, sure=False, whole=False)
    if len(after) < len(before):
        return Corrected(before[: -len(after)] + after, sure=number.sure and segment.sure, whole=False)
    return whole


def _excluded(number: Corrected, segment: Segment, wanted: frozenset[int]) -> Corrected:
    """ "Not 50505, 42719": the second half.  "42719, not 50505": what was said before."""
    half = len(segment.digits) // 2
    if half in wanted and len(segment.digits) == 2 * half:
        return Corrected(segment.digits[half:], sure=segment.sure)
    return number._replace(sure=number.sure and len(segment.digits) in wanted)
