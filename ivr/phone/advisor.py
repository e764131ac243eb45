"""The other end of a transfer."""

from dataclasses import dataclass
from enum import StrEnum

TALK_S = 60


class Advisor(StrEnum):
    """What an advisor does when the telephone rings."""

    ANSWERS = "answers"  # and accepts: presses 1 when a whisper asks
    DECLINES = "declines"  # presses 2 when a whisper asks; without one, rejects the call while it rings
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    DROPS = "drops"  # answers, and hangs up before pressing anything

    @property
    def key(self) -> str:
        """What is pressed when a whisper asks whether to take the call."""
        return "2" if self is Advisor.DECLINES else "1"


class Queue(StrEnum):
    """What happens to a caller in a queue."""

    MOVES = "moves"  # an advisor takes the call after a short while
    STUCK = "stuck"  # nobody ever does
    FULL = "full"  # not even let in


@dataclass(frozen=True, slots=True)
class Advisors:
    """Everybody who may be rung.  ``habits``: of the telephones in the order they ring; the last one of all others.

    ``talk_s``: how long they talk with a caller, unless somebody cuts them off.
    """

    habits: tuple[Advisor, ...] = (Advisor.ANSWERS,)
    queue: Queue = Queue.MOVES
    talk_s: int = TALK_S

    def who_is_at(self, ring: int) -> Advisor:
        """What whoever is at the telephone does that rings as number ``ring`` of a call, from 0 on."""
        return self.habits[min(ring, len(self.habits) - 1)]
