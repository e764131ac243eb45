"""Today in figures, and what the system could not do."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select

from ivr.records.schema import call_events, calls
from ivr.records.talk import TALKED, alike

_KEPT_S = 2.0  # one look for all viewers
TROUBLES = {
    "broken": "An error of ours: the caller was put through",
    "lookup_failed": "A backend could not answer: the caller was put through",
    "lookup_timeout": "A backend was too slow: the caller was put through",
    "line_lost": "The line broke",
    "unknown_line": "A number that is no line was dialled: answered in the language of the first line",
    "undelivered": "The company's own system was not told of a call",
}
_MOST_TROUBLES = 20
LATEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Today:
    """Since midnight where the company is.

    ``outcomes`` and ``reasons``: how many calls; ``troubles``: the latest first.  ``cut``: that
    conversations with advisors are suspiciously alike.
    """

    calls: int
    outcomes: Mapping[str, int]
    reasons: Mapping[str, int]
    troubles: tuple[dict[str, Any], ...]
    cut: str = ""


class TodaysNumbers:
    """Counted at most every two seconds, however many look."""

    def __init__(
        self, engine: Engine, zone: Callable[[], ZoneInfo], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._zone = zone
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, Today] | None = None

    def now(self) -> Today:
        """The figures."""
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > _KEPT_S:
                self._kept = (time.monotonic(), self._count())
            return self._kept[1]

    def _count(self) -> Today:
        zone = self._zone()
        midnight = datetime.combine(self._clock().astimezone(zone), time_of_day(), zone)
        today = calls.c.started_at >= midnight
        lately = calls.c.started_at >= midnight - LATEST  # a delivery is given up long after its call
        each = select(calls.c.outcome, calls.c.reason, func.count()).where(today).group_by("outcome", "reason")
        trouble = (
            select(calls.c.call_id, calls.c.started_at, call_events.c.at_ms, call_events.c.kind, call_events.c.data)
            .join(calls, calls.c.call_id == call_events.c.call_id)
            .where(lately & call_events.c.kind.in_(TROUBLES))
            .order_by(call_events.c.id.desc())
            .limit(10 * _MOST_TROUBLES)
        )
        talks = (
            select(func.max(call_events.c.data["seconds"].as_float()))
            .join(calls, calls.c.call_id == call_events.c.call_id)
            .where(today & (call_events.c.kind == TALKED))
            .group_by(call_events.c.call_id)
        )
        outcomes: dict[str, int] = {}
        reasons: dict[str, int] = {}
        with self._engine.connect() as connection:
            for outcome, reason, count in connection.execute(each):
                outcomes[outcome or "open"] = outcomes.get(outcome or "open", 0) + count
                if reason:
                    reasons[reason] = reasons.get(reason, 0) + count
            troubles = tuple(
                {
                    "call_id": row.call_id,
                    "at": row.started_at.timestamp() + row.at_ms / 1000,
                    "what": TROUBLES[row.kind],
                    "why": str(row.data.get("why", "") or row.data.get("request", "")),
                }
                for row in connection.execute(trouble)
                if row.started_at + timedelta(milliseconds=row.at_ms) >= midnight
            )[:_MOST_TROUBLES]
            cut = alike([seconds for seconds in connection.execute(talks).scalars() if seconds])
        return Today(
            sum(outcomes.values()),
            outcomes,
            dict(sorted(reasons.items(), key=lambda r: -r[1])),
            troubles,
            str(cut or ""),
        )
