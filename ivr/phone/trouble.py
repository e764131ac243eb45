"""What goes wrong between the exchange and the server during one call."""

from collections.abc import Callable
from random import Random

KINDS = ("none", "garbage", "half open", "breaks", "doubled", "lost", "out of order", "late", "twice", "no stop")
_BETWEEN = (25, 400)  # frames: from half a second to eight seconds after the stream began
_GARBAGE = (
    "not json",
    "[]",
    "{}",
    '{"event":"media"}',
    '{"event":"media","media":{"payload":"***"}}',
    '{"event":"dtmf","dtmf":{"digit":"zero"}}',
    '{"event":"start","start":{}}',
    "[" * 9_000,
)


class LineBreaks(Exception):
    """The connection is lost, without ``stop`` and without Close."""


class Trouble:
    """One kind of trouble, at a moment and in a measure that ``random`` gives."""

    def __init__(self, kind: str, random: Random) -> None:
        self.kind = kind
        self._random = random
        self._at = random.randint(*_BETWEEN)
        self._frames = 0
        self._held: list[str] = []
        self._carry: Callable[[str], list[str]] = getattr(self, f"_{kind.replace(' ', '_')}", _as_it_is)

    def carries(self, frame: str) -> list[str]:
        """What arrives when this frame is sent.  Raises LineBreaks."""
        self._frames += 1
        return self._carry(frame)

    def twice(self) -> bool:
        """Whether a webhook is sent twice."""
        return self.kind == "twice" and self._random.random() < 0.5

    def stops(self) -> bool:
        """Whether a caller who hangs up is told of with ``stop``."""
        return self.kind != "no stop"

    def _garbage(self, frame: str) -> list[str]:
        return [frame, self._random.choice(_GARBAGE)] if self._frames == self._at else [frame]

    def _half_open(self, frame: str) -> list[str]:
        return [frame] if self._frames < self._at else []

    def _breaks(self, frame: str) -> list[str]:
        if self._frames >= self._at:
            raise LineBreaks
        return [frame]

    def _doubled(self, frame: str) -> list[str]:
        return [frame] * self._random.choice((1, 1, 1, 2))

    def _lost(self, frame: str) -> list[str]:
        return [frame] if self._random.random() < 0.9 else []

    def _out_of_order(self, frame: str) -> list[str]:
        self._held.append(frame)
        return self._let_go(self._random.randint(1, 5), shuffled=True)

    def _late(self, frame: str) -> list[str]:
        """Up to three seconds of nothing, then all of it at once."""
        self._held.append(frame)
        late = self._at <= self._frames < self._at + 150
        return [] if late else self._let_go(1)

    def _let_go(self, when: int, shuffled: bool = False) -> list[str]:
        if len(self._held) < when:
            return []
        held, self._held = self._held, []
        if shuffled:
            self._random.shuffle(held)
        return held


def _as_it_is(frame: str) -> list[str]:
    return [frame]


CALM = Trouble("none", Random(0))  # noqa: S311  not for secrets
