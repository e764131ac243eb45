"""How long callers and advisors talked, and whether something ends their conversations.

A telephone company found that 56 % of its transferred calls were cut a minute after the transfer, for four days, with
every figure in order: people end their conversations after any time, a fault after the same time each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WITHIN_S = 2.0  # of each other: a fault is that punctual
LEAST_S = 5.0  # who puts the receiver down at once does so at the same time as others
LEAST_ALIKE = 10  # conversations; fewer are chance
SHARE = 0.2  # of all: conversations of half a minute, 10 s more or less, have 8 % of them in 2 s, longer ones 1 to 3 %

TALKED = "talked"
"""The event of a conversation that is over; its data: ``seconds``."""


@dataclass(frozen=True, slots=True)
class Alike:
    """``count`` of ``all`` conversations lasted from ``low_s`` to ``high_s``."""

    count: int
    all: int
    low_s: float
    high_s: float

    def __str__(self) -> str:
        """For a person who can look after it."""
        return (
            f"{self.count} of {self.all} conversations with advisors lasted {self.low_s:.0f} to {self.high_s:.0f} s. "
            "People do not do that: something cuts them (a time limit, a proxy, the telephone company)"
        )


def alike(seconds: Sequence[float]) -> Alike | None:
    """The conversations that are suspiciously alike; None when their lengths are those of people."""
    talks = sorted(each for each in seconds if each >= LEAST_S)
    best = Alike(0, len(talks), 0, 0)
    first = 0
    for last, high_s in enumerate(talks):
        while high_s - talks[first] > WITHIN_S:
            first += 1
        if last - first + 1 > best.count:
            best = Alike(last - first + 1, len(talks), talks[first], high_s)
    return best if best.count >= LEAST_ALIKE and best.count >= SHARE * best.all else None
