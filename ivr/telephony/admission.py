"""How many calls a process takes: a place is kept from the answer to ``/voice`` until the stream opens."""

import logging
import threading
import time
from collections.abc import Callable

KEPT_S = 15.0  # Twilio opens the stream at once; a caller who hung up meanwhile opens none
_log = logging.getLogger(__name__)


class Admission:
    """The streams of a process and the places kept for those that are about to open.  From any thread.

    ``wanted``: the limit in the supervisors' files, which may change at any time; ``threads``: how many streams there
    are threads for.  A process has them from its start on, and one more stream would take its webhooks' threads.
    """

    def __init__(self, wanted: Callable[[], int], threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._wanted = wanted
        self._threads = threads
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, float] = {}
        self._told = 0
        self.running = 0

    @property
    def limit(self) -> int:
        """The most streams at a time, as of now."""
        wanted = self._wanted()
        if wanted > self._threads and wanted != self._told:
            self._told = wanted
            _log.warning(
                "max_calls is %d now, and this server was started for %d calls in each process: it takes %d until it "
                "is started again (systemctl reload ivr)",
                wanted,
                self._threads,
                self._threads,
            )
        return min(wanted, self._threads)

    def has_room(self) -> bool:
        """True when one more call may come in."""
        with self._lock:
            return self._room()

    def keep(self, call_id: str) -> bool:
        """Keep a place for a call.  A webhook that comes twice keeps one place."""
        with self._lock:
            if call_id not in self._kept and not self._room():
                return False
            self._kept[call_id] = self._clock()
            return True

    def begin(self) -> None:
        """A connection opens; whose it is has to be seen."""
        with self._lock:
            self.running += 1

    def end(self) -> None:
        """It is over."""
        with self._lock:
            self.running -= 1

    def enter(self, call_id: str) -> bool:
        """The stream of a call has opened and is counted already.  False when it is one too many.

        It comes to any process, and not always to the one that kept its place.
        """
        with self._lock:
            self._kept.pop(call_id, None)
            return self.running <= self.limit

    def _room(self) -> bool:
        oldest_s = self._clock() - KEPT_S
        self._kept = {call_id: since_s for call_id, since_s in self._kept.items() if since_s > oldest_s}
        return self.running + len(self._kept) < self.limit
