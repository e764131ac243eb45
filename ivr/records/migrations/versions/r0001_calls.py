"""Calls and what happened in them: the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "calls",
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
        sa.Column("farewell", sa.Boolean, nullable=False),
        sa.Column("team", sa.String(64)),
        sa.Column("target", sa.String(128)),
        sa.Column("card", sa.JSON),
        sa.Column("timings", sa.JSON),
    )
    op.create_index("calls_by_caller", "calls", ["caller", "started_at"])
    op.create_table(
        "call_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("call_id", sa.String(64), sa.ForeignKey("calls.call_id"), nullable=False),
        sa.Column("at_ms", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("call_events_by_call", "call_events", ["call_id", "id"])
