"""A database of an earlier version becomes one of this version, with what is in it; on SQLite and PostgreSQL."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ivr.records.callbacks import Callbacks
from ivr.records.records import Records, RecordsUnavailable
from ivr.records.schema import HEAD, metadata
from ivr.records.upgrade import MIGRATIONS, age, revision

FIRST = sa.MetaData()  # the tables of the first release, as they were
FIRST_CALLS = sa.Table(
    "calls",
    FIRST,
    sa.Column("call_id", sa.String(64), primary_key=True),
    sa.Column("caller", sa.String(64), nullable=False),
    sa.Column("line", sa.String(64), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("token_hash", sa.String(64), nullable=False),
    sa.Column("stream_id", sa.String(64)),
    sa.Column("outcome", sa.String(16)),
    sa.Column("reason", sa.String(16)),
    sa.Column("farewell", sa.Boolean, nullable=False, default=False),
    sa.Column("team", sa.String(64)),
    sa.Column("target", sa.String(128)),
    sa.Column("card", sa.JSON),
    sa.Column("timings", sa.JSON),
    sa.Index("calls_by_caller", "caller", "started_at"),
)
FIRST_EVENTS = sa.Table(
    "call_events",
    FIRST,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("call_id", sa.String(64), sa.ForeignKey("calls.call_id"), nullable=False),
    sa.Column("at_ms", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Index("call_events_by_call", "call_id", "id"),
)
CARD = {"wanted": "order_status", "caller": "+15550111"}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ivr.sqlite3'}"
    database: str = request.getfixturevalue("postgres").database()
    return database


@pytest.fixture
def first(url: str) -> Records:
    """A database of the first release, with a call in it, that nobody has upgraded yet."""
    records = Records(url)
    FIRST.create_all(records.engine)
    call = {"call_id": "CA1", "caller": "+15550111", "line": "+15550100", "language": "en", "token_hash": "x"}
    with records.engine.begin() as connection:
        connection.execute(
            sa.insert(FIRST_CALLS).values(
                **call, started_at=datetime.now(UTC), outcome="transferred", reason="asked", card=CARD
            )
        )
        connection.execute(sa.insert(FIRST_EVENTS).values(call_id="CA1", at_ms=7, kind="heard", data={"text": "hello"}))
    return records


def differences(records: Records) -> list[Any]:
    """How the database differs from what this version works with."""
    with records.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata)


def number(records: Records) -> str | None:
    with records.engine.connect() as connection:
        return revision(connection)


def test_the_first_release_is_upgraded_with_its_calls_and_serves_new_ones(first: Records) -> None:
    first.prepare()
    assert number(first) == HEAD and differences(first) == []
    stored = first.call("CA1")
    assert stored and (stored.outcome, stored.reason, stored.card) == ("transferred", "asked", CARD)
    assert [(event.at_ms, event.kind, event.data) for event in first.events("CA1")] == [(7, "heard", {"text": "hello"})]
    first.open("CA2", "+15550111", "+15550100", "en", "token")
    assert first.claim("CA2", "MZ2", "token") and first.close("CA2", "transferred", "asked")
    first.change("CA2", finished_at=datetime.now(UTC))
    again = first.call("CA2")
    assert again and again.called_before
    now = datetime.now(UTC)
    promises = [
        Callbacks(first.engine).promise("+15550111", each, "service", "en", now, now) for each in ("CA1", "CA2")
    ]
    assert promises[0].id == promises[1].id, "the index that keeps one place for each number is there"


def test_what_trial_versions_had_already_is_kept(first: Records) -> None:
    with first.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE calls ADD COLUMN finished_at TIMESTAMP"))
        metadata.tables["jobs"].create(connection)
    first.prepare()
    assert number(first) == HEAD
    assert set(metadata.tables) <= set(sa.inspect(first.engine).get_table_names())


def test_an_empty_database_is_made_as_migrations_make_it(url: str) -> None:
    records = Records(url)
    records.prepare()
    assert number(records) == HEAD and differences(records) == []


def at_once(prepare: Callable[[], None]) -> list[Exception]:
    together, failed = threading.Barrier(4), list[Exception]()

    def start() -> None:
        together.wait()
        try:
            prepare()
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_processes_that_start_at_once_upgrade_once(first: Records, url: str) -> None:
    assert at_once(lambda: Records(url).prepare()) == []
    assert number(first) == HEAD and differences(first) == []


def test_processes_that_start_at_once_make_an_empty_database_once(url: str) -> None:
    assert at_once(lambda: Records(url).prepare()) == []
    assert differences(Records(url)) == []


def test_an_upgrade_that_breaks_off_changes_nothing_and_can_be_tried_again(first: Records) -> None:
    with first.engine.begin() as connection:
        connection.execute(sa.text("CREATE INDEX jobs_due ON calls (line)"))  # in the way of one of the last steps
    with pytest.raises(RecordsUnavailable, match="jobs_due"):
        first.prepare()
    assert number(first) is None
    assert set(sa.inspect(first.engine).get_table_names()) == {"calls", "call_events"}
    with first.engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX jobs_due"))
    first.prepare()
    assert number(first) == HEAD and differences(first) == []


def test_a_database_of_a_later_version_is_refused_and_left_alone(url: str) -> None:
    records = Records(url)
    records.prepare()
    with records.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        assert age(connection) == "newer"
    with pytest.raises(RecordsUnavailable, match=f"its schema is 9999, this version knows up to {HEAD}"):
        records.prepare()
    assert number(records) == "9999"


def test_a_database_of_this_version_is_looked_at_only(url: str) -> None:
    Records(url).prepare()
    records, asked = Records(url), list[str]()
    sa.event.listen(records.engine, "before_cursor_execute", lambda *_: asked.append(_[2]))
    began = datetime.now(UTC)
    records.prepare()
    assert [each for each in asked if not each.lstrip().upper().startswith(("SELECT", "PRAGMA", "SHOW"))] == []
    assert len(asked) < 10 and datetime.now(UTC) - began < timedelta(seconds=30)


def test_the_migrations_end_where_the_tables_are() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == HEAD
    numbers = [script.revision for script in scripts.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True), "older and newer are told apart by comparing numbers"
