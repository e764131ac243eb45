"""What is written beside the calls, not inside them: a slow disk never delays a caller's audio."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from ivr.records.records import NewEvent, Records, short

_MAX_WAITING = 50_000  # about 100 bytes each; more means that the database has been away for long
_BATCH = 500
_GATHER_S = 0.2  # of many calls' events: whoever puts a caller through waits for the same lock of the database
PAUSE_S = 1.0  # between two tries while the database is away, locked or full
PATIENCE_S = 600.0  # what nobody has mended by then is lost, so that what comes after it is not
_AWAY = (OperationalError, InterfaceError, NoConnection)  # it may come back; other errors are those of what is written
_log = logging.getLogger(__name__)

Work = Callable[[], object]


class EventWriter:
    """One thread that stores what all calls of this process note, in order; events in batches.

    While the database is away it waits and tries again.  The thread starts with the first event, so that an object
    made before a fork works after it.
    """

    def __init__(self, records: Records, pause_s: float = PAUSE_S, patience_s: float = PATIENCE_S) -> None:
        self._records = records
        self._pause_s = pause_s
        self._patience_s = patience_s
        self._waiting: queue.Queue[NewEvent | Work | threading.Event] = queue.Queue(_MAX_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._losing = False
        self.trouble = ""
        """Why the database takes nothing now; "" when it does."""
        self.on_trouble: Callable[[], object] = lambda: None
        """Told when ``trouble`` begins and ends."""

    def note(self, event: NewEvent) -> None:
        """Store an event soon.  Never waits, never raises: the caller comes first."""
        self._put(event)

    def surely(self, work: Work) -> None:
        """Write something now; where the database does not take it, as soon as it does.  Never raises for that."""
        try:
            work()
        except SQLAlchemyError as error:
            _log.error("written down as soon as the database takes it: %s", short(error))
            self.later(work)

    def later(self, work: Work) -> None:
        """Write something as soon as the database takes it.  Never waits, never raises."""
        self._put(work)

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything noted so far is stored.  False when that takes too long."""
        self._ensure_running()
        done = threading.Event()
        try:
            self._waiting.put(done, timeout=timeout_s)
        except queue.Full:
            return False
        return done.wait(timeout_s)

    def _put(self, item: NewEvent | Work) -> None:
        self._ensure_running()
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            if not self._losing:  # once: there are thousands of them
                _log.error("events are being lost: the database does not keep up")
            self._losing = True

    def _ensure_running(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = self._gather()
            events: list[NewEvent] = []
            for each in batch:
                if isinstance(each, NewEvent):
                    events.append(each)
                    continue
                self._store(events)
                events = []
                if isinstance(each, threading.Event):
                    each.set()
                else:
                    self._insist(each, "something of a call")
            self._store(events)
            self._losing = False

    def _gather(self) -> list[NewEvent | Work | threading.Event]:
        """What waits, and what comes shortly after it; no longer than until something is asked to be stored now."""
        batch = [self._waiting.get()]
        until_s = time.monotonic() + _GATHER_S
        while len(batch) < _BATCH:
            left_s = until_s - time.monotonic() if isinstance(batch[-1], NewEvent) else 0.0
            try:
                batch.append(self._waiting.get(timeout=left_s) if left_s > 0 else self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _store(self, events: list[NewEvent]) -> None:
        if not events or self._insist(lambda: self._records.append(events), f"{len(events)} events"):
            return
        for event in events if len(events) > 1 else ():  # one of them is wrong; the others are not
            self._insist(lambda: self._records.append([event]), f"{event.kind} of call {event.call_id}")  # noqa: B023

    def _insist(self, work: Work, what: str) -> bool:
        """Do it, however long the database is away.  False when it is given up, which stands in the log."""
        gives_up_at = time.monotonic() + self._patience_s
        while True:
            try:
                work()
            except Exception as error:  # noqa: BLE001  this thread must go on, whatever was wrong with this one
                if not isinstance(error, _AWAY) or time.monotonic() >= gives_up_at:
                    _log.error("%s could not be stored: %s", what, short(error))
                    return False
                _log.warning("%s cannot be stored yet: %s", what, short(error))
                self._is_in_trouble(short(error))
                time.sleep(self._pause_s)
            else:
                self._is_in_trouble("")
                return True

    def _is_in_trouble(self, why: str) -> None:
        changed, self.trouble = bool(why) != bool(self.trouble), why
        if changed:
            self.on_trouble()
