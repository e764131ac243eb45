"""Actions as named, parameterised SQL statements against any database SQLAlchemy knows."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, RowMapping, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from ivr.requests.backend import BackendFailed, OutcomeUnknown, Result

MAX_ROWS = 50  # more values than this are of no use on a telephone
CHANGED = "changed"  # the parameter that holds how many rows the statement before has changed


class SqlBackend:
    """Carries out actions, each in a transaction of its own.

    Callers' words are bound as parameters and never become part of a statement.
    """

    def __init__(self, engine: Engine, statements: Mapping[str, Sequence[str]]) -> None:
        self.name = f"the database {engine.url.render_as_string(hide_password=True)}"
        self._engine = engine
        self._statements = {name: tuple(map(text, each)) for name, each in statements.items()}

    def ask(self, action: str, values: Mapping[str, str], key: str | None = None) -> Result:
        """Run an action's statements; the last one answers.

        A row with a column ``outcome`` gives that outcome and its other columns as values; rows with a column
        ``value`` (and ``label``) give ``found`` and ``{"values": [...], "labels": [...]}``; no row gives ``none``.
        Several rows with an ``outcome`` give ``several``, and nothing is changed.  Dates come as ISO text, whatever
        the database.
        """
        known = {**values, "key": key, CHANGED: 0}
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise BackendFailed(f"{action}: {self.name} cannot be reached: {_reason(error)}") from error
        with connection:
            try:
                result = self._run(connection, action, known)
            except SQLAlchemyError as error:
                raise BackendFailed(f"{action}: {_reason(error)}") from error
            if key is not None and result.outcome != "several":
                self._commit(connection, action)
        return result

    def _run(self, connection: Connection, action: str, known: dict[str, Any]) -> Result:
        for statement in self._statements[action]:
            wanted = set(statement.compile().params)
            if missing := wanted - set(known):
                raise BackendFailed(f"{action} needs {', '.join(sorted(missing))}, which is not known")
            done = _execute(connection, statement, {name: known[name] for name in wanted})
            known[CHANGED] = max(done.rowcount, 0)
        return _result(action, done.mappings().fetchmany(MAX_ROWS) if done.returns_rows else None)

    def _commit(self, connection: Connection, action: str) -> None:
        try:
            connection.commit()
        except SQLAlchemyError as error:
            raise OutcomeUnknown(f"{action}: the database went away while it was changed: {_reason(error)}") from error


def _execute(connection: Connection, statement: TextClause, values: dict[str, Any]) -> CursorResult[Any]:
    return connection.execute(statement, values)


def _result(action: str, rows: Sequence[RowMapping] | None) -> Result:
    if rows is None:
        raise BackendFailed(f"{action}: its last statement is no SELECT, so nothing can be answered")
    if not rows:
        return Result("none", {})
    first = {name: _plain(value) for name, value in rows[0].items()}
    if "outcome" in first:
        return Result(str(first.pop("outcome")), first) if len(rows) == 1 else Result("several", {})
    if "value" in first:
        columns = {f"{name}s": [str(row[name]) for row in rows] for name in ("value", "label") if name in first}
        return Result("found", columns)
    raise BackendFailed(f"{action} gives neither a column `outcome` nor a column `value`")


def _plain(value: object) -> object:
    """What can be stored as JSON, and is the same from every database."""
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _reason(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).strip()
    return "it took too long (timeout)" if reason == "interrupted" else reason
