"""Whether a process is behind its callers: audio that had come and was not listened to at once."""

import logging
import threading
import time
from collections.abc import Callable

LATE_MS = 100  # behind by more: a third of the time in which who asks for a person is to be put through
MOST_LATE = 0.1  # of all audio; p95 of the time to a person has no room for more than half of it
WINDOW_S = 4.0  # looked at, in two halves: a burst of work lasts less, a new caller's greeting longer
_LEAST_MS = 20_000  # of audio in it: five calls; a few may be late because their network is
_log = logging.getLogger(__name__)


class Lag:
    """One for each process; from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began_s = clock()
        # Audio and late audio, in ms, of this half of the window and the last one.
        self._now = self._before = (0.0, 0.0)
        self._behind = False

    def took(self, audio_ms: float, behind_ms: float) -> None:
        """A call took so much audio, the first of which had waited so long."""
        with self._lock:
            self._move()
            audio, late = self._now
            self._now = audio + audio_ms, late + audio_ms * (behind_ms > LATE_MS)

    def behind(self) -> bool:
        """True when so much is late that one more call would make it worse for all."""
        with self._lock:
            self._move()
            audio, late = self._now[0] + self._before[0], self._now[1] + self._before[1]
            behind = audio >= _LEAST_MS and late > MOST_LATE * audio
            if behind != self._behind:
                self._behind = behind
                share = late / audio if audio else 0.0
                what = "new calls go straight to advisors" if behind else "calls are taken again"
                _log.warning("%.0f %% of the callers' audio is listened to late: %s", 100 * share, what)
            return behind

    def _move(self) -> None:
        halves = int((self._clock() - self._began_s) / (WINDOW_S / 2))
        if halves:
            self._before = self._now if halves == 1 else (0.0, 0.0)
            self._now = (0.0, 0.0)
            self._began_s += halves * WINDOW_S / 2
