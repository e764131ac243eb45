"""Earlier calls of a number."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from ivr.records.records import AGAIN_WITHIN, StoredCall
from ivr.records.schema import calls

MOST = 5


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call of the same number.  ``recent``: within 24 hours before.  ``wanted``: what was understood, or None."""

    began_at: datetime
    recent: bool
    outcome: str | None
    reason: str | None
    wanted: str | None


def earlier_calls(engine: Engine, call: StoredCall) -> list[EarlierCall]:
    """The last calls of its number before this one, the newest first; none for a withheld number."""
    if not call.caller:
        return []
    same = (calls.c.caller == call.caller) & (calls.c.call_id != call.call_id) & (calls.c.started_at <= call.started_at)
    columns = (calls.c.started_at, calls.c.outcome, calls.c.reason, calls.c.card)
    statement = select(*columns).where(same).order_by(calls.c.started_at.desc()).limit(MOST)
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    return [
        EarlierCall(
            began_at.replace(tzinfo=UTC) if began_at.tzinfo is None else began_at,
            call.started_at - began_at <= AGAIN_WITHIN,
            outcome,
            reason,
            (card or {}).get("wanted"),
        )
        for began_at, outcome, reason, card in rows
    ]
