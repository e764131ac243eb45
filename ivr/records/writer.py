"""Events go to the database beside the calls, not inside them: a slow disk never delays a caller's audio."""

import logging
import queue
import threading

from sqlalchemy.exc import SQLAlchemyError

from ivr.records.records import NewEvent, Records

_MAX_WAITING = 50_000  # about 100 bytes each; more means that the database has been away for long
_log = logging.getLogger(__name__)


class EventWriter:
    """One thread that stores what all calls of this process note, in batches.

    The thread starts with the first event, so that an object made before a fork works after it.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: queue.Queue[NewEvent | threading.Event] = queue.Queue(_MAX_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, event: NewEvent) -> None:
        """Store an event soon.  Never waits, never raises: the caller comes first."""
        self._ensure_running()
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            _log.error("events are being lost: the database does not keep up")

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything noted so far is stored.  False when that takes too long."""
        self._ensure_running()
        done = threading.Event()
        try:
            self._waiting.put(done, timeout=timeout_s)
        except queue.Full:
            return False
        return done.wait(timeout_s)

    def _ensure_running(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while not self._waiting.empty() and len(batch) < 500:
                batch.append(self._waiting.get_nowait())
            events = [each for each in batch if isinstance(each, NewEvent)]
            if events:
                self._store(events)
            for each in batch:
                if isinstance(each, threading.Event):
                    each.set()

    def _store(self, events: list[NewEvent]) -> None:
        try:
            self._records.append(events)
        except SQLAlchemyError:
            _log.exception("%d events could not be stored as one; storing them one by one", len(events))
            for event in events:
                try:
                    self._records.append([event])
                except SQLAlchemyError:
                    _log.error("an event of call %s is lost: %s", event.call_id, event.kind)
