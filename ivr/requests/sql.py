"""Lookups as named, parameterised SQL statements against any database SQLAlchemy knows."""

from collections.abc import Mapping

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from ivr.requests.backend import BackendFailed, Result

MAX_ROWS = 50  # more values than this are of no use on a telephone


class SqlBackend:
    """Answers lookups.  Callers' words are bound as parameters and never become part of a statement."""

    def __init__(self, engine: Engine, statements: Mapping[str, str]) -> None:
        self._engine = engine
        self._statements = {name: text(statement) for name, statement in statements.items()}

    def look_up(self, name: str, values: Mapping[str, str]) -> Result:
        """Run a statement.

        A row with a column ``outcome`` gives that outcome and its other columns as values; rows with a column
        ``value`` give ``found`` and ``{"values": [...]}``; no row gives ``none``.  Raises BackendFailed.
        """
        statement = self._statements[name]
        wanted = set(statement.compile().params)
        if missing := wanted - set(values):
            raise BackendFailed(f"lookup {name} needs {', '.join(sorted(missing))}, which no slot provides")
        try:
            with self._engine.connect() as connection:
                bound = {key: value for key, value in values.items() if key in wanted}
                rows = connection.execute(statement, bound).mappings().fetchmany(MAX_ROWS)
        except SQLAlchemyError as error:
            raise BackendFailed(f"lookup {name}: {getattr(error, 'orig', None) or error}") from error
        if not rows:
            return Result("none", {})
        first = dict(rows[0])
        if "outcome" in first:
            return Result(str(first.pop("outcome")), first)
        if "value" in first:
            return Result("found", {"values": [str(row["value"]) for row in rows]})
        raise BackendFailed(f"lookup {name} gives neither a column `outcome` nor a column `value`")
