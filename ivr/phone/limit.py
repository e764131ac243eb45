"""The largest number of calls that is still good enough, found in a few steps."""

from collections.abc import Callable
from dataclasses import dataclass, field

MOST_STEPS = 5
CLOSE_ENOUGH = 0.15  # the last good number and the first bad one differ by no more: runs differ as much


@dataclass(slots=True)
class Search:
    """``tried``: number of calls -> what was wrong with it, in the order of the steps."""

    tried: dict[int, list[str]] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """The largest number found good enough below the first that was not; 0 when none was."""
        return max((calls for calls, wrong in self.tried.items() if not wrong and calls < self.refused), default=0)

    @property
    def refused(self) -> float:
        """The smallest number found too large."""
        return min((calls for calls, wrong in self.tried.items() if wrong), default=float("inf"))


def find_limit(wrong_with: Callable[[int], list[str]], first: int, most: int) -> Search:
    """Double from ``first`` until something is wrong, then halve the distance.  ``most`` is never exceeded."""
    search = Search()
    calls = min(first, most)
    while len(search.tried) < MOST_STEPS and calls not in search.tried:
        search.tried[calls] = wrong_with(calls)
        if search.refused == float("inf"):
            calls = min(calls * 2, most)
        elif search.refused - search.limit <= max(1, CLOSE_ENOUGH * search.limit):
            break
        else:
            calls = (search.limit + int(search.refused)) // 2
    return search
