"""Who waits in a queue, by what the webhooks noted."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from ivr.records.schema import call_events, calls

_LONGEST = timedelta(hours=4)  # Twilio ends a call after that
_MOVES = ("waiting", "queue_left", "gave_up", "accepted")


def waits_longest(engine: Engine, queue: str) -> str | None:
    """The id of the call that has been in a queue longest, which is the one Twilio gives to who dials the queue."""
    recent = calls.c.started_at > datetime.now(UTC) - _LONGEST
    moves = (
        select(call_events.c.call_id, call_events.c.kind, call_events.c.data)
        .join(calls)
        .where(recent & calls.c.finished_at.is_(None) & call_events.c.kind.in_(_MOVES))
        .order_by(call_events.c.id)
    )
    waiting: dict[str, None] = {}
    with engine.connect() as connection:
        for call_id, kind, data in connection.execute(moves):
            if kind == "waiting" and data.get("in") == queue:
                waiting.setdefault(call_id)
            else:
                waiting.pop(call_id, None)
    return next(iter(waiting), None)
