"""Calls of the past: by number, reason, intent and day."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, RowMapping, exists, select

from ivr.records.schema import call_events, calls

MOST = 100  # on a page; a narrower question finds the rest


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for; "" means anything.  ``number``: the end of the calling number, in digits."""

    number: str = ""
    outcome: str = ""
    reason: str = ""
    intent: str = ""
    since: date | None = None
    until: date | None = None


def search(engine: Engine, question: Question, zone: ZoneInfo) -> list[RowMapping]:
    """The newest calls that fit, ``MOST`` at most.  ``zone``: where the days of the question begin."""
    columns = ("call_id", "caller", "line", "language", "started_at", "ended_at", "outcome", "reason", "team")
    wanted = select(*(calls.c[name] for name in columns)).order_by(calls.c.started_at.desc()).limit(MOST)
    for condition in _conditions(question, zone):
        wanted = wanted.where(condition)
    with engine.connect() as connection:
        return list(connection.execute(wanted).mappings())


def _conditions(question: Question, zone: ZoneInfo) -> list[Any]:
    found: list[Any] = []
    if digits := re.sub(r"\D", "", question.number):
        found.append(calls.c.caller.like(f"%{digits}"))
    if question.outcome:
        found.append(calls.c.outcome == question.outcome)
    if question.reason:
        found.append(calls.c.reason == question.reason)
    if question.intent:
        heard = (call_events.c.call_id == calls.c.call_id) & (call_events.c.kind == "heard")
        found.append(exists().where(heard & (call_events.c.data["intent"].as_string() == question.intent)))
    if question.since:
        found.append(calls.c.started_at >= datetime.combine(question.since, time(), zone))
    if question.until:
        found.append(calls.c.started_at < datetime.combine(question.until + timedelta(days=1), time(), zone))
    return found
