"""Calls now.  The records are the only source: whichever process serves a call, every wallboard shows it."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, func, select

from ivr.records.records import LONGEST
from ivr.records.schema import call_events, calls

SILENT_AFTER_S = 90  # an open call notes something every few seconds; else its process has died
_STEP = 5_000  # events read at a time
LATE_S = 60.0  # between the number of an event and its commit; no transaction of ours lasts longer
_MOST_LATE = 1_000  # numbers waited for; more are those of another table's life


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is going on.  ``state``: with the machine, ringing, waiting, with an advisor.

    ``upset``: probability that the caller is, None when nothing can be said.  ``last``: what was heard or said last.
    ``seen_s``: when something of it was seen last, by a clock that nobody sets.
    """

    call_id: str
    caller: str
    line: str
    language: str
    started_at: datetime
    state: str = "machine"
    reason: str | None = None
    team: str | None = None
    upset: float | None = None
    last: str = ""
    seen_s: float = 0.0


class LiveCalls:
    """Follows the end of the events' table and keeps what matters of each open call.  Shared by all requests."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, LiveCall] = {}
        self._last_event: int | None = None
        self._missing: dict[int, float] = {}
        """Numbers that were passed over, and when: given before a commit that had not come yet."""

    def now(self) -> list[LiveCall]:
        """The calls that are going on, the longest first."""
        with self._lock:
            moment, seen_s = self._clock(), time.monotonic()
            with self._engine.connect() as connection:
                rows = connection.execute(_going_on(moment)).mappings().all()
                known = {row["call_id"]: self._calls.get(row["call_id"]) or _from(row, moment) for row in rows}
                self._calls = {row["call_id"]: _ended(known[row["call_id"]], row) for row in rows}
                for event in self._new_events(connection, list(self._calls)):
                    if event["call_id"] in self._calls:
                        self._calls[event["call_id"]] = after(self._calls[event["call_id"]], event, seen_s)
            alive = [
                call
                for call in self._calls.values()
                if call.state != "machine" or seen_s - call.seen_s < SILENT_AFTER_S
            ]
            return sorted(alive, key=lambda call: call.started_at)

    def _new_events(self, connection: Any, open_calls: list[str]) -> Iterable[RowMapping]:
        """Events since the last look; at the first look, those of the calls that are open."""
        if self._last_event is None:
            self._last_event = connection.execute(select(func.coalesce(func.max(call_events.c.id), 0))).scalar_one()
            recent = range(max(1, self._last_event - _MOST_LATE), self._last_event)
            there = set(connection.execute(select(call_events.c.id).where(call_events.c.id >= recent.start)).scalars())
            self._missing = dict.fromkeys((id for id in recent if id not in there), time.monotonic())
            mine = call_events.c.call_id.in_(open_calls)
            yield from connection.execute(select(call_events).where(mine).order_by(call_events.c.id)).mappings()
            return
        now_s = time.monotonic()
        self._missing = {id: since_s for id, since_s in self._missing.items() if now_s - since_s < LATE_S}
        while True:
            late = call_events.c.id.in_(self._missing)
            newer = (call_events.c.id > self._last_event) | late
            rows = connection.execute(select(call_events).where(newer).order_by(call_events.c.id).limit(_STEP))
            batch = rows.mappings().all()
            yield from batch
            for event in batch:
                self._see(event["id"], now_s)
            if len(batch) < _STEP:
                return

    def _see(self, id: int, now_s: float) -> None:
        """One event was read; those with a number below it that were not are looked for again."""
        if self._missing.pop(id, None) is not None or self._last_event is None:
            return
        passed_over = range(max(self._last_event + 1, id - _MOST_LATE), id)
        self._missing |= dict.fromkeys(passed_over, now_s)
        self._last_event = id


def after(call: LiveCall, event: RowMapping | dict[str, Any], seen_s: float) -> LiveCall:
    """The call after one more event."""
    call = replace(call, seen_s=seen_s)
    data = event["data"]
    match event["kind"]:
        case "heard" | "said":
            return replace(call, last=str(data.get("text", "")))
        case "tone":
            return replace(call, upset=data.get("upset"))
        case kind if kind in _STATES:
            return replace(call, state=_STATES[kind])
        case _:
            return call


_STATES = {"ringing": "ringing", "waiting": "waiting", "accepted": "advisor"}


def _going_on(moment: datetime) -> Any:
    recent = calls.c.started_at > moment - LONGEST
    columns = ("call_id", "caller", "line", "language", "started_at", "outcome", "reason", "team")
    unfinished = calls.c.outcome.is_(None) | (calls.c.outcome == "transferred") & calls.c.finished_at.is_(None)
    return select(*(calls.c[name] for name in columns)).where(recent & unfinished)


def _from(row: RowMapping, moment: datetime) -> LiveCall:
    began, age_s = row["started_at"], (moment - row["started_at"]).total_seconds()
    seen_s = time.monotonic() - max(0.0, age_s)
    return LiveCall(row["call_id"], row["caller"], row["line"], row["language"], began, seen_s=seen_s)


def _ended(call: LiveCall, row: RowMapping) -> LiveCall:
    """A call whose part with the machine has ended rings somewhere until the records know better."""
    if row["outcome"] != "transferred" or call.reason:
        return call
    return replace(call, state="ringing", reason=row["reason"], team=row["team"])
