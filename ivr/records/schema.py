"""The tables, as this version works with them.  Each change needs a migration, too: see ``ivr.records.migrations``."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

HEAD = "0002"  # the number of the last migration
metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A point in time, in UTC on both sides: SQLite forgets the zone it was given, PostgreSQL answers in its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


calls = Table(
    "calls",
    metadata,
    Column("call_id", String(64), primary_key=True),  # Twilio's CallSid
    Column("caller", String(64), nullable=False),  # "" when withheld
    Column("line", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),  # of the machine's part
    Column("finished_at", Moment),  # of the whole call, advisor's part included
    # Only this hash is kept: who reads the database cannot open a stream.
    Column("token_hash", String(64), nullable=False),
    Column("stream_id", String(64)),  # set once, by the stream that used the token
    Column("outcome", String(16)),  # null while the call is open
    Column("reason", String(16)),
    Column("farewell", Boolean, nullable=False, default=False),  # the caller was content: nothing follows the stream
    Column("team", String(64)),
    Column("target", String(128)),
    Column("card", JSON),
    Column("timings", JSON),
    Index("calls_by_caller", "caller", "started_at"),
    Index("calls_by_time", "started_at"),
)

call_events = Table(
    "call_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("call_id", String(64), ForeignKey("calls.call_id"), nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("data", JSON, nullable=False),
    Index("call_events_by_call", "call_id", "id"),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("password_hash", String(64), nullable=False),  # of the stored hash: a new password ends the session
    Column("form_key", String(32), nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

desk_attempts = Table(
    "desk_attempts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("desk_attempts_by_time", "at"),
)


callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("number", String(64), nullable=False),
    Column("call_id", String(64), nullable=False),  # the call in which it was last promised
    Column("team", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    Column("asked_at", Moment, nullable=False),  # since then the caller keeps a place
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("done_at", Moment),
    Column("done_by", String(64)),
)
# One place for each number, whichever processes it asks at the same time.
Index(
    "one_open_callback",
    callbacks.c.number,
    unique=True,
    sqlite_where=callbacks.c.done_at.is_(None),
    postgresql_where=callbacks.c.done_at.is_(None),
)

# Work that must happen even if this process ends first.  A row is deleted when its work is done or given up.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("call_id", String(64), nullable=False),
    Column("what", String(255), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),  # moved ahead by who takes the job, so that nobody else does
    Column("tries", Integer, nullable=False),
    Index("jobs_due", "kind", "due_at"),
)

# The supervisors' files, each text once.
file_texts = Table(
    "file_texts",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3: two processes cannot both make the next
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("files", Text, nullable=False),  # JSON: name -> digest
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
)

# Changes that were sent to a company's own system: the same one is not sent twice, whichever process gets it.
sent_changes = Table(
    "sent_changes",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("sent_at", Moment, nullable=False, index=True),
    Column("outcome", String(64)),  # null until an answer came
    Column("result_values", JSON),
)
