"""The beat that all media streams of an event loop send their frames to."""

import asyncio
import math
from collections.abc import Callable
from weakref import WeakKeyDictionary

from ivr.phone.caller import FRAME_MS

GRID_S = 0.005  # frames of all streams leave at multiples of this: waking up once for many costs far less
_SLOTS = round(FRAME_MS / 1000 / GRID_S)


class Beat:
    """Calls each stream once in 20 ms, those of the same moment together.  Late, it calls the missed ones at once."""

    def __init__(self) -> None:
        self._slots: list[list[Callable[[], None]]] = [[] for _ in range(_SLOTS)]
        self._next = 0  # in grid steps of the loop's time
        self._beating = False

    def join(self, tick: Callable[[], None], at_s: float) -> None:
        """Call ``tick`` at this moment of the loop's time, a multiple of GRID_S, and every 20 ms from then on."""
        self._slots[round(at_s / GRID_S) % _SLOTS].append(tick)
        if not self._beating:
            self._beating = True
            loop = asyncio.get_running_loop()
            self._next = math.ceil(loop.time() / GRID_S)
            loop.call_at(self._next * GRID_S, self._strike)

    def leave(self, tick: Callable[[], None]) -> None:
        """Do not call it any more."""
        for slot in self._slots:
            if tick in slot:
                slot.remove(tick)

    def _strike(self) -> None:
        if not any(self._slots):
            self._beating = False
            return
        asyncio.get_running_loop().call_at((self._next + 1) * GRID_S, self._strike)
        slot = self._slots[self._next % _SLOTS]
        self._next += 1
        for tick in tuple(slot):
            tick()


_beats: WeakKeyDictionary[asyncio.AbstractEventLoop, Beat] = WeakKeyDictionary()


def beat_of(loop: asyncio.AbstractEventLoop) -> Beat:
    """The beat of a loop."""
    return _beats.setdefault(loop, Beat())
