"""Callbacks are promises: who is to be called, by whom, and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, false, insert, select, update
from sqlalchemy.exc import IntegrityError

from ivr.records.schema import callbacks


@dataclass(frozen=True, slots=True)
class Promise:
    """A callback.  ``asked_at``: when the caller first asked; their place among the others is kept from then on.

    To be kept between ``not_before`` and ``not_after``; ``done_at`` is None while it is open.  All times in UTC.
    """

    id: int
    number: str
    call_id: str
    team: str
    language: str
    asked_at: datetime
    not_before: datetime
    not_after: datetime
    done_at: datetime | None = None
    done_by: str | None = None

    def broken(self, now: datetime) -> bool:
        """True when the time we named passed without a call; calling later does not mend that."""
        return (self.done_at or now) > self.not_after


class Callbacks:
    """The promises in the database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock

    def promise(
        self, number: str, call_id: str, team: str, language: str, not_before: datetime, not_after: datetime
    ) -> Promise:
        """Promise to call ``number`` between two times, which know their time zone.

        Who has an open promise keeps its place and gets the new window, team and language.  Saying so twice is the
        same as once: webhooks are retried.
        """
        latest = {
            "call_id": call_id,
            "team": team,
            "language": language,
            "not_before": not_before,
            "not_after": not_after,
        }
        for _ in range(3):  # another process may promise, or mark as done, between our two statements
            with self._engine.begin() as connection:
                mine = (callbacks.c.number == number) & callbacks.c.done_at.is_(None)
                if not connection.execute(update(callbacks).where(mine).values(latest)).rowcount:
                    try:
                        with connection.begin_nested():
                            row = {"number": number, "asked_at": self._clock(), **latest}
                            connection.execute(insert(callbacks).values(row))
                    except IntegrityError:
                        continue
                found = connection.execute(select(callbacks).where(mine)).mappings().first()
            if found:
                return Promise(**found)
        raise RuntimeError(f"the callback for call {call_id} could not be stored")

    def open(self) -> list[Promise]:
        """What is still to be done: in the order in which people asked."""
        return self._list(callbacks.c.done_at.is_(None))

    def open_for(self, number: str, call_id: str) -> Promise | None:
        """The open promise made in a call, maybe to another number than it came from, or else to its number."""
        mine = (callbacks.c.call_id == call_id) | ((callbacks.c.number == number) if number else false())
        found = self._list(callbacks.c.done_at.is_(None) & mine)
        return next((each for each in found if each.call_id == call_id), found[0] if found else None)

    def broken(self, now: datetime) -> list[Promise]:
        """Promises whose time passed and that nobody has kept since."""
        return self._list(callbacks.c.done_at.is_(None) & (callbacks.c.not_after < now))

    def between(self, begin: datetime, end: datetime) -> list[Promise]:
        """Everything first asked for in that time, done or not: for the reports."""
        return self._list(callbacks.c.asked_at.between(begin, end))

    def done(self, id: int, by: str = "") -> bool:
        """The caller was called.  False when there is no such open promise."""
        open_one = (callbacks.c.id == id) & callbacks.c.done_at.is_(None)
        with self._engine.begin() as connection:
            marked = connection.execute(
                update(callbacks).where(open_one).values(done_at=self._clock(), done_by=by[:64] or None)
            )
            return marked.rowcount == 1

    def _list(self, which: object) -> list[Promise]:
        statement = select(callbacks).where(which).order_by(callbacks.c.asked_at, callbacks.c.id)  # type: ignore[arg-type]
        with self._engine.connect() as connection:
            return [Promise(**row) for row in connection.execute(statement).mappings()]
