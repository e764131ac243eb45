"""Whether a process is behind its callers: audio that had come and was not listened to at once."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

LATE_MS = 100  # behind by more: a third of the time in which who asks for a person is to be put through
MOST_LATE = 0.1  # of all audio; p95 of the time to a person has no room for more than half of it
WINDOW_S = 4.0  # looked at, in two halves: a burst of work lasts less, a new caller's greeting longer
SLOW_S = 0.4  # for an utterance to be understood; who asks for a person is to have one within 0.6 s
MOST_SLOW = 0.2  # of all utterances
_LEAST_HEARD = 5
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
        self._heard: deque[tuple[float, bool]] = deque()
        self._behind = False

    def understood(self, after_s: float) -> None:
        """A recogniser took so long for what a caller said: where others wait for it, too, it has a queue."""
        with self._lock:
            self._heard.append((self._clock(), after_s > SLOW_S))

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
            slow = self._slow()
            behind = slow or (audio >= _LEAST_MS and late > MOST_LATE * audio)
            if behind != self._behind:
                self._behind = behind
                share = late / audio if audio else 0.0
                what = "new calls go straight to advisors" if behind else "calls are taken again"
                why = "what callers say is understood late" if slow else "of the callers' audio is listened to late"
                _log.warning("%s%s: %s", "" if slow else f"{100 * share:.0f} % ", why, what)
            return behind

    def _slow(self) -> bool:
        oldest_s = self._clock() - WINDOW_S
        while self._heard and self._heard[0][0] < oldest_s:
            self._heard.popleft()
        slow = sum(each for _, each in self._heard)
        return len(self._heard) >= _LEAST_HEARD and slow > MOST_SLOW * len(self._heard)

    def _move(self) -> None:
        halves = int((self._clock() - self._began_s) / (WINDOW_S / 2))
        if halves:
            self._before = self._now if halves == 1 else (0.0, 0.0)
            self._now = (0.0, 0.0)
            self._began_s += halves * WINDOW_S / 2
