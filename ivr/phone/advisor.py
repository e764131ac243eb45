"""The other end of a transfer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
    """Everybody who may be rung: one habit for all, and others for single targets (a number, SIP address, client)."""

    usually: Advisor = Advisor.ANSWERS
    at: Mapping[str, Advisor] = field(default_factory=dict)
    queue: Queue = Queue.MOVES

    def who_is_at(self, target: str) -> Advisor:
        """What whoever is rung at ``target`` does."""
        return self.at.get(target, self.usually)
