"""Which changes were sent.  Any process that gets the same change again finds it here and does not send it twice."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ivr.records.schema import sent_changes
from ivr.requests.backend import BackendFailed, OutcomeUnknown, Result

KEPT = timedelta(days=1)  # longer than any call


class SentChanges:
    """The keys of changes, with their outcomes; forgotten after a day."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, key: str) -> Result | None:
        """None: nobody has sent this change, and now it is yours to send.  Otherwise what came of it.

        Raises OutcomeUnknown when it was sent and no answer is known, BackendFailed when nothing can be said; then
        it must not be sent.
        """
        now = datetime.now(UTC)
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(sent_changes).where(sent_changes.c.sent_at < now - KEPT))
                connection.execute(insert(sent_changes).values(key=key, sent_at=now))
        except IntegrityError:
            return self._outcome(key)
        except SQLAlchemyError as error:
            raise BackendFailed(f"the change was not sent, because it could not be written down: {error}") from error
        return None

    def answered(self, key: str, result: Result) -> None:
        """What came of a change."""
        values = {"outcome": result.outcome, "result_values": dict(result.values)}
        with self._engine.begin() as connection:
            connection.execute(update(sent_changes).where(sent_changes.c.key == key).values(values))

    def release(self, key: str) -> None:
        """The change was certainly not made: it may be sent again."""
        with self._engine.begin() as connection:
            connection.execute(delete(sent_changes).where(sent_changes.c.key == key))

    def _outcome(self, key: str) -> Result:
        try:
            with self._engine.connect() as connection:
                row = connection.execute(select(sent_changes).where(sent_changes.c.key == key)).first()
        except SQLAlchemyError as error:
            raise OutcomeUnknown(f"the change was sent before; its outcome cannot be read: {error}") from error
        if row is None or row.outcome is None:
            raise OutcomeUnknown("the change was sent before, and no answer to it is known")
        return Result(row.outcome, row.result_values)
