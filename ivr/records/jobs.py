"""Work that outlives the process that wanted it: stored, tried until it succeeds, given up after a day of tries.

One thread per process takes what is due.  Who takes a job moves its time ahead first, so that no other process takes it
as well; a process that dies in the middle leaves it to be taken again.
"""

import logging
import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ivr.records.schema import jobs

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5, 900  # each pause is twice the one before
MOST_TRIES = 103  # their pauses are a day; a clock that jumps ends nothing early
LOOK_EVERY_S = 5.0  # for what another process left behind
_NAMES = uuid.UUID("6f1c5a0e-4a35-4b0b-9a2e-1d1f0c1b7a55")  # ours, for ids that are the same for the same job
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.  ``id`` stays the same through all tries."""

    id: str
    call_id: str
    what: str
    begun_at: datetime
    tries: int


class Jobs:
    """Jobs of one kind.  ``work`` does one, and raises when it must be tried again; ``gave_up`` hears of the end.

    ``taken_for``: longer than any one try lasts; after that another process may take the job from one that died.
    The thread starts with ``start`` or the first job, so that an object made before a fork works after it.
    """

    def __init__(
        self,
        engine: Engine,
        kind: str,
        work: Callable[[Job], None],
        gave_up: Callable[[Job, str], None],
        taken_for: timedelta,
    ) -> None:
        self._engine = engine
        self._kind = kind
        self._work = work
        self._gave_up = gave_up
        self._taken_for = taken_for
        self._new = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, call_id: str, what: str) -> None:
        """Store a job; it is begun at once, elsewhere.  One that waits already is the same.  Raises SQLAlchemyError."""
        now = datetime.now(UTC)
        id = uuid.uuid5(_NAMES, f"{self._kind} {call_id} {what}")
        row = {"id": str(id), "kind": self._kind, "call_id": call_id, "what": what, "tries": 0}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(jobs).values(**row, begun_at=now, due_at=now))
        except IntegrityError:
            return
        self.start()
        self._new.set()

    def start(self) -> None:
        """Go on with what was left behind."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._kind, daemon=True)
                self._thread.start()

    def waiting(self) -> int:
        """How many jobs of this kind are not done yet."""
        with self._engine.connect() as connection:
            return len(connection.execute(select(jobs.c.id).where(jobs.c.kind == self._kind)).all())

    def do_next(self, now: datetime) -> bool:
        """Take one job that is due and try it.  False when there is none."""
        job = self._take(now)
        if job is None:
            return False
        try:
            self._work(job)
        except Exception as error:  # noqa: BLE001  whatever went wrong, it is tried again
            self._put_back(job, now, str(error) or type(error).__name__)
        else:
            self._remove(job)
        return True

    def _run(self) -> None:
        if hasattr(os, "setpriority"):  # callers come first (Linux gives each thread a priority of its own)
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while True:
            self._new.clear()
            try:
                while self.do_next(datetime.now(UTC)):
                    pass
            except SQLAlchemyError as error:
                _log.error("%s: the database cannot be asked for jobs: %s", self._kind, error)
            self._new.wait(LOOK_EVERY_S)

    def _take(self, now: datetime) -> Job | None:
        # Nothing is ever put off for longer: what is due after that was written while the clock was wrong.
        never = now + timedelta(seconds=LONGEST_PAUSE_S) + self._taken_for
        due = (jobs.c.kind == self._kind) & ((jobs.c.due_at <= now) | (jobs.c.due_at > never))
        with self._engine.connect() as connection:
            found = connection.execute(select(jobs).where(due).order_by(jobs.c.due_at).limit(10)).mappings().all()
        for row in found:
            unchanged = (jobs.c.id == row["id"]) & (jobs.c.due_at == row["due_at"])
            with self._engine.begin() as connection:
                taken = connection.execute(
                    update(jobs).where(unchanged).values(due_at=now + self._taken_for, tries=row["tries"] + 1)
                )
            if taken.rowcount == 1:
                return Job(row["id"], row["call_id"], row["what"], row["begun_at"], row["tries"] + 1)
        return None

    def _put_back(self, job: Job, now: datetime, why: str) -> None:
        if job.tries >= MOST_TRIES:
            _log.error("%s for call %s is given up after %d tries: %s", self._kind, job.call_id, job.tries, why)
            self._remove(job)
            self._gave_up(job, why)
            return
        pause_s = min(FIRST_PAUSE_S * 2 ** (job.tries - 1), LONGEST_PAUSE_S)
        _log.warning("%s for call %s: %s; tried again in %.0f s", self._kind, job.call_id, why, pause_s)
        with self._engine.begin() as connection:
            later = update(jobs).where(jobs.c.id == job.id).values(due_at=now + timedelta(seconds=pause_s))
            connection.execute(later)

    def _remove(self, job: Job) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(jobs).where(jobs.c.id == job.id))
