"""Opening a database by its URL."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError


class RecordsUnavailable(Exception):
    """The database cannot be used; the message says what to do."""


def connect(url: str, patience_s: int | None = None) -> Engine:
    """An engine for any SQLAlchemy URL; the folder of a SQLite file is created.  Raises RecordsUnavailable.

    ``patience_s``: PostgreSQL and SQLite give up a statement that takes longer; other databases must be told so in the
    URL, in their driver's words.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            _create_for_us_only(Path(parsed.database))
        in_memory = parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:")
        pool = {} if in_memory else _pool(parsed.get_backend_name(), patience_s)
        # An error's text goes into logs: it must not hold what callers said.
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, **pool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise RecordsUnavailable(
            f"the database address is not usable ({error}); it looks like sqlite:////var/lib/ivr/ivr.sqlite3 or "
            "postgresql+psycopg://user:password@host/name (for PostgreSQL: pip install 'call-us-ivr[postgres]')"
        ) from error
    except OSError as error:
        raise RecordsUnavailable(
            f"the database's folder cannot be made: {error}; choose another IVR_DATABASE_URL"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        if patience_s:
            event.listen(engine, "before_cursor_execute", _interrupting(patience_s))
    return engine


def _pool(backend: str, patience_s: int | None) -> dict[str, Any]:
    # Webhooks of 100 calls share a few connections; waiting longer than 2 s would eat Twilio's patience.
    limits: dict[str, Any] = {}
    if backend == "postgresql" and patience_s:
        ms = patience_s * 1000
        limits = {"connect_timeout": patience_s, "tcp_user_timeout": ms, "options": f"-c statement_timeout={ms}"}
    return {"pool_size": 10, "max_overflow": 10, "pool_timeout": 2, "connect_args": limits}


def _interrupting(patience_s: int) -> Callable[..., None]:
    """SQLite asks every few thousand steps of a statement whether to go on; locked files have their own limit."""

    def limit(_: object, cursor: Any, *__: object) -> None:
        ends_s = time.monotonic() + patience_s
        cursor.connection.set_progress_handler(lambda: time.monotonic() > ends_s, 10_000)

    return limit


def _create_for_us_only(file: Path) -> None:
    """A new file holds what callers say: nobody but the server's user reads it.  SQLite's other files follow it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _tune_sqlite(connection: Any, _: object) -> None:
    """Readers beside a writer (WAL); a locked file is waited for 2 s; a crash of ours loses nothing committed."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=2000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
