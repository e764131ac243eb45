"""A backend that does not answer is left alone for a while: its callers reach a person at once."""

import threading
import time
from collections.abc import Callable

FAILURES = 5  # in a row; fewer may be bad luck
REST_S = 20.0  # then one caller's question tries whether it is back


class Breaker:
    """Counts failures in a row.  Shared by threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_from = 0.0

    def allows(self) -> bool:
        """May the backend be asked now?  While it rests, one question each ``REST_S`` may."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            if self._clock() < self._closed_from:
                return False
            self._closed_from = self._clock() + REST_S
            return True

    def answered(self) -> None:
        """The backend is there."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The backend did not answer, or nonsense."""
        with self._lock:
            self._failures += 1
            self._closed_from = self._clock() + REST_S
