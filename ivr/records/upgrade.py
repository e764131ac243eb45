"""Brings a database to the schema that this version works with.  Safe when several processes start at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select, text

from ivr.records.database import RecordsUnavailable
from ivr.records.patience import COMMAND_S, patience
from ivr.records.schema import HEAD, metadata

FIRST = "0001"  # what a database holds that has calls but no number: earlier versions did not number theirs
MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 20261125  # PostgreSQL's advisory lock of whoever upgrades
_WAIT_S = 60  # for another process that upgrades
_LONGEST_S = 3600  # of an upgrade: a large table gets an index
_LOCKED_S = 10  # a table that is in use for longer is left alone: calls in progress come first

Age = Literal["empty", "older", "current", "newer"]

_numbers = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def upgrade(engine: Engine) -> None:
    """Create or change what is missing.  One short query when nothing is.

    Raises RecordsUnavailable for a database that a later version has changed, and SQLAlchemyError.
    """
    with patience(COMMAND_S), engine.connect() as connection:
        if revision(connection) == HEAD:
            return
    with patience(_LONGEST_S), _alone(engine) as connection:
        match age(connection):
            case "empty":
                metadata.create_all(connection)
                _number(connection, HEAD)
            case "older":
                if revision(connection) is None:
                    _number(connection, FIRST)
                _migrate(connection)
            case "newer":
                raise RecordsUnavailable(
                    f"the database was upgraded by a later version of this program: its schema is "
                    f"{revision(connection)}, this version knows up to {HEAD}; install the later version again, or "
                    "restore the backup from before the upgrade (docs/operations.md)"
                )


def revision(connection: Connection) -> str | None:
    """The number of a database's schema; None for one that is empty or older than numbers."""
    if not inspect(connection).has_table(_numbers.name):
        return None
    return connection.execute(select(_numbers.c.version_num)).scalar()


def age(connection: Connection) -> Age:
    """A database's schema compared with that of this version."""
    number = revision(connection)
    if number == HEAD:
        return "current"
    if number is None:
        return "older" if inspect(connection).has_table("calls") else "empty"
    return "older" if number < HEAD else "newer"


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction, while no other process upgrades the same database."""
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            patience_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_WAIT_S * 1000}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver's own transactions begin after the first change
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={patience_ms}")
        return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCKED_S}s'"))
        yield connection


def _number(connection: Connection, number: str) -> None:
    _numbers.create(connection, checkfirst=True)
    connection.execute(insert(_numbers).values(version_num=number))


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
