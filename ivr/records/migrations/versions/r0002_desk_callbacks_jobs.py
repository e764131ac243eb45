"""The end of a whole call, log-ins of the desk, callbacks, jobs, versions of the files, changes that were sent.

Trial versions between the two releases had some of it; what is there stays.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create what is missing."""
    there = sa.inspect(op.get_bind())
    if "finished_at" not in {column["name"] for column in there.get_columns("calls")}:
        op.add_column("calls", sa.Column("finished_at", sa.DateTime(timezone=True)))
    if "calls_by_time" not in {index["name"] for index in there.get_indexes("calls")}:
        op.create_index("calls_by_time", "calls", ["started_at"])
    for name, (columns, indexes) in _tables().items():
        if not there.has_table(name):
            op.create_table(name, *columns)
            for index, on, options in indexes:
                op.create_index(index, name, on, **options)


def _moment(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **options})


def _text(name: str, length: int, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), **{"nullable": False, **options})


def _number(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, **{"nullable": False, **options})


def _tables() -> dict[str, tuple[list[sa.Column[Any]], list[tuple[str, list[str], dict[str, Any]]]]]:
    """Name -> its columns and indexes."""
    still_open = sa.text("done_at IS NULL")
    counted = {"primary_key": True, "autoincrement": True}
    return {
        "desk_sessions": (
            [
                _text("secret_hash", 64, primary_key=True),
                _text("name", 64),
                _text("password_hash", 64),
                _text("form_key", 32),
                _moment("began_at"),
                _moment("seen_at"),
            ],
            [],
        ),
        "desk_attempts": (
            [_number("id", **counted), _text("name", 64), _text("address", 64), _moment("at")],
            [("desk_attempts_by_time", ["at"], {})],
        ),
        "callbacks": (
            [
                _number("id", **counted),
                _text("number", 64),
                _text("call_id", 64),
                _text("team", 64),
                _text("language", 8),
                _moment("asked_at"),
                _moment("not_before"),
                _moment("not_after"),
                _moment("done_at", nullable=True),
                _text("done_by", 64, nullable=True),
            ],
            [
                (
                    "one_open_callback",
                    ["number"],
                    {"unique": True, "sqlite_where": still_open, "postgresql_where": still_open},
                )
            ],
        ),
        "jobs": (
            [
                _text("id", 36, primary_key=True),
                _text("kind", 16),
                _text("call_id", 64),
                _text("what", 255),
                _moment("begun_at"),
                _moment("due_at"),
                _number("tries"),
            ],
            [("jobs_due", ["kind", "due_at"], {})],
        ),
        "file_texts": ([_text("digest", 64, primary_key=True), sa.Column("text", sa.Text, nullable=False)], []),
        "versions": (
            [
                _number("id", primary_key=True, autoincrement=False),
                _moment("at"),
                _text("who", 64),
                sa.Column("files", sa.Text, nullable=False),
            ],
            [],
        ),
        "notices": ([_number("id", **counted), _moment("at"), sa.Column("text", sa.Text, nullable=False)], []),
        "sent_changes": (
            [
                _text("key", 128, primary_key=True),
                _moment("sent_at"),
                _text("outcome", 64, nullable=True),
                sa.Column("result_values", sa.JSON),
            ],
            [("ix_sent_changes_sent_at", ["sent_at"], {})],
        ),
    }
