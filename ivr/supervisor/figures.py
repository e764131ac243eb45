"""What a period's calls come to.  Counted from the records alone."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, func, select

from ivr.grammar import BUILT_IN
from ivr.records.callbacks import Callbacks, Promise
from ivr.records.records import AGAIN_WITHIN
from ivr.records.schema import call_events, calls
from ivr.records.talk import TALKED
from ivr.supervisor import what_if_misses
from ivr.supervisor.what_if_misses import MissFates

BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
MOST_TEXTS = 1_500  # different sentences that nothing was made of; the rarer ones tell little
STEPS = 6

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Utterances whose confidence lay between ``low`` and ``high``.

    ``stood``: the share that the caller did not take back with their next words.  A sign of being right, not a proof.
    """

    low: float
    high: float
    count: int
    confidence: float
    stood: float


@dataclass(frozen=True, slots=True)
class Figures:
    """A period, its hours told in ``zone``.

    ``served_net``: served, and not ringing again within 24 hours (withheld numbers cannot be told).
    ``to_person_s``: seconds from the first ring to the transfer.  ``given_up``: the last prompt before callers hung up.
    ``hours``: calls by weekday (Monday first) and hour, shape (7, 24).  ``upset``: the highest of each call.
    ``unmatched``: language and text of what nothing was made of.  ``promises``: callbacks asked for in the period.
    ``misses``: what budgets of one, two and three misses would have cost and saved.
    ``talk_s``: seconds of each conversation with an advisor.
    """

    since: datetime
    until: datetime
    zone: ZoneInfo
    calls: int
    outcomes: Mapping[str, int]
    reasons: Mapping[str, int]
    languages: Mapping[str, int]
    served_net: int
    withheld: int
    to_person_s: Numbers
    given_up: Mapping[str, int]
    hours: NDArray[np.int64]
    upset: Numbers
    calibration: tuple[Calibration, ...]
    unmatched: Mapping[tuple[str, str], int]
    promises: tuple[Promise, ...] = ()
    misses: tuple[MissFates, ...] = ()
    talk_s: Numbers = field(default_factory=lambda: np.zeros(0))


def figures(
    engine: Engine, since: datetime, until: datetime, zone: ZoneInfo, step: Callable[[], None] = lambda: None
) -> Figures:
    """Everything between two moments.  ``zone``: whose hours of the day are told.  ``step`` is called ``STEPS`` times,
    for a progress bar."""
    inside = (calls.c.started_at >= since) & (calls.c.started_at < until)
    rows = _rows(engine, select(*(calls.c[name] for name in _COLUMNS)).where(inside))
    step()
    after = select(calls.c.caller, calls.c.started_at).where(
        (calls.c.started_at >= since) & (calls.c.started_at < until + AGAIN_WITHIN) & (calls.c.caller != "")
    )
    again = _who_rang_again(_rows(engine, after))
    step()
    hours = np.zeros((7, 24), dtype=np.int64)
    for moment in (row.started_at.astimezone(zone) for row in rows):
        hours[moment.weekday(), moment.hour] += 1
    served = [row for row in rows if row.outcome == "served"]
    # Where the clock was set back meanwhile, nobody knows how long it took.
    put_through = [row for row in rows if row.reason and row.ended_at and row.ended_at >= row.started_at]
    given_up = _given_up(engine, inside)
    step()
    upset = _rows(engine, _events(inside, "tone", func.max(call_events.c.data["upset"].as_float())).group_by("call_id"))
    step()
    calibration = _calibration(engine, inside)
    step()
    unmatched = _unmatched(engine, inside)
    length = func.max(call_events.c.data["seconds"].as_float())
    talks = _rows(engine, _events(inside, TALKED, length).group_by(call_events.c.call_id))
    step()
    return Figures(
        since=since,
        until=until,
        zone=zone,
        calls=len(rows),
        outcomes=Counter(row.outcome or "open" for row in rows),
        reasons=Counter(row.reason for row in rows if row.reason),
        languages=Counter(row.language for row in rows),
        served_net=sum((row.caller, row.started_at) not in again for row in served),
        withheld=sum(not row.caller for row in rows),
        to_person_s=np.array([(row.ended_at - row.started_at).total_seconds() for row in put_through]),
        given_up=given_up,
        hours=hours,
        upset=np.array([row[0] for row in upset if row[0] is not None], dtype=np.float64),
        calibration=calibration,
        unmatched=unmatched,
        promises=tuple(Callbacks(engine).between(since, until)),
        misses=what_if_misses.replay_each(what_if_misses.load(engine, since, until)),
        talk_s=np.array([row[0] for row in talks if row[0] is not None], dtype=np.float64),
    )


_COLUMNS = ("caller", "language", "started_at", "ended_at", "outcome", "reason")


def _rows(engine: Engine, wanted: Select[Any]) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(wanted).all())


def _events(inside: Any, kind: str, *columns: Any) -> Select[Any]:
    joined = call_events.c.call_id == calls.c.call_id
    return select(*columns).select_from(call_events.join(calls, joined)).where(inside & (call_events.c.kind == kind))


def _who_rang_again(rows: list[Any]) -> set[tuple[str, datetime]]:
    """The calls, as (number, moment), after which the same number rang within a day."""
    found = set()
    ordered = sorted((row.caller, row.started_at) for row in rows)
    for (caller, moment), (next_caller, next_moment) in pairwise(ordered):
        if caller == next_caller and next_moment - moment <= AGAIN_WITHIN:
            found.add((caller, moment))
    return found


def _given_up(engine: Engine, inside: Any) -> dict[str, int]:
    last = _events(inside & (calls.c.outcome == "hung_up"), "said", func.max(call_events.c.id)).group_by(
        call_events.c.call_id
    )
    prompt = call_events.c.data["prompt"].as_string()
    counted = select(prompt, func.count()).where(call_events.c.id.in_(last)).group_by(prompt)
    return {name or "": count for name, count in sorted(_rows(engine, counted), key=lambda row: -row[1])}


def _calibration(engine: Engine, inside: Any) -> tuple[Calibration, ...]:
    data = call_events.c.data
    columns = (call_events.c.call_id, data["intent"].as_string(), data["confidence"].as_float())
    heard = _rows(engine, _events(inside, "heard", *columns).order_by(call_events.c.call_id, call_events.c.id))
    sure, stood = [], []
    for (call_id, intent, confidence), (next_call, next_intent, _) in pairwise(heard):
        if call_id == next_call and intent and intent not in BUILT_IN and confidence is not None:
            sure.append(confidence)
            stood.append(next_intent != "no")
    confidences, right = np.array(sure), np.array(stood)
    found = []
    for low, high in pairwise(BINS):
        inside_bin = (confidences >= low) & (confidences < high) if sure else np.zeros(0, dtype=bool)
        if count := int(inside_bin.sum()):
            mean, share = float(confidences[inside_bin].mean()), float(right[inside_bin].mean())
            found.append(Calibration(low, min(high, 1.0), count, mean, share))
    return tuple(found)


def _unmatched(engine: Engine, inside: Any) -> dict[tuple[str, str], int]:
    data = call_events.c.data
    text, slots = data["text"].as_string(), data["slots"].as_string()
    nothing = _events(inside, "heard", calls.c.language, text, func.count().label("times"))
    missed = nothing.where(data["intent"].as_string().is_(None) & (text != "") & (slots.is_(None) | (slots == "{}")))
    most = missed.group_by(calls.c.language, text).order_by(func.count().desc()).limit(MOST_TEXTS)
    return {(language, words): times for language, words, times in _rows(engine, most)}
