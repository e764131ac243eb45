"""Opening a database by its URL."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ivr.records.availability import CONNECT_S, Availability
from ivr.records.patience import left_s

USUAL_S = 120.0  # of a statement of a command: reports over many calls take their time
POOL_S = 0.7  # for one of the connections; a webhook that waits twice still has its answer in time
LOCKED_S = 2.0


class RecordsUnavailable(Exception):
    """The database cannot be used; the message says what to do."""


def connect(url: str, patience_s: float | None = None, usual_s: float = USUAL_S) -> Engine:
    """An engine for any SQLAlchemy URL; the folder of a SQLite file is created.  Raises RecordsUnavailable.

    ``usual_s``: for an answer of PostgreSQL (with psycopg), unless ``patience`` says otherwise.  ``patience_s``: the
    same, and the server itself (PostgreSQL, SQLite) stops a statement that takes longer.  Other databases must be told
    so in the URL, in their driver's words.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
            _create_for_us_only(Path(parsed.database))
        availability = Availability(parsed.render_as_string(hide_password=True), patience_s or usual_s)
        # An error's text goes into logs: it must not hold what callers said.
        engine = create_engine(
            parsed, pool_pre_ping=True, hide_parameters=True, **_pool(parsed, availability, patience_s)
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise RecordsUnavailable(
            f"the database address is not usable ({error}); it looks like sqlite:////var/lib/ivr/ivr.sqlite3 or "
            "postgresql+psycopg://user:password@host/name (for PostgreSQL: pip install 'call-us-ivr[postgres]')"
        ) from error
    except OSError as error:
        raise RecordsUnavailable(
            f"the database's folder cannot be made: {error}; choose another IVR_DATABASE_URL"
        ) from error
    if backend == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "checkout", _wait_for_locks)
        if patience_s:
            event.listen(engine, "before_cursor_execute", _interrupting(patience_s))
    else:
        availability.watch(engine)
    return engine


def _pool(url: URL, availability: Availability, patience_s: float | None) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        in_memory = url.database in (None, "", ":memory:")
        return {} if in_memory else {"pool_size": 10, "max_overflow": 10, "pool_timeout": POOL_S}
    limits: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql":
        limits = {"connect_timeout": CONNECT_S, "tcp_user_timeout": int(availability.usual_s * 1000)}
        if patience_s:
            limits["options"] = f"-c statement_timeout={int(900 * patience_s)}"  # a little before we hang up
    # Webhooks of 100 calls share a few connections.
    size = {"pool_size": 10, "max_overflow": 10, "pool_timeout": POOL_S}
    return {"poolclass": availability.pool(), "connect_args": limits, **size}


def _interrupting(patience_s: float) -> Callable[..., None]:
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
    """Readers beside a writer (WAL); a crash of ours loses nothing committed."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _wait_for_locks(connection: Any, *_: object) -> None:
    """A locked file is waited for 2 s, or for what is left of the limit."""
    connection.execute(f"PRAGMA busy_timeout={round(1000 * min(LOCKED_S, left_s(LOCKED_S)))}")
