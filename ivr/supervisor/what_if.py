"""Stored decisions under other thresholds: what would have become of the calls."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select

from ivr.grammar.meaning import CONVERSATION, NO, PERSON, YES
from ivr.records.schema import call_events, calls

MOST_UNSURE = 1  # asked about once in a call; the next unsure utterance goes to a person
_ALWAYS = (YES, NO, *CONVERSATION)  # answers, not requests: they are acted on or asked again


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidence from which we act and from which we ask, and probability of being upset from which a person comes."""

    accept: float
    confirm: float
    tone: float


@dataclass(frozen=True, slots=True)
class Stored:
    """What was decided about, in the order it happened, one row for each moment of a call.

    ``call``: index of the call, ascending.  ``confidence``: NaN where the moment is one of tone; ``upset``: NaN where
    it is one of words.  ``asked``: the caller asked for a person then.  ``ended``: by call, how it really ended.
    """

    call: NDArray[np.int64]
    confidence: NDArray[np.float64]
    upset: NDArray[np.float64]
    asked: NDArray[np.bool_]
    ended: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Fates:
    """Calls by what would have become of them.

    ``went_on``: really put through because we were not sure enough, and here not: nobody knows their end.
    ``wrong``: how many requests acted on would have been the wrong ones, by their own confidence.
    """

    served: int
    transferred: int
    asked_back: int
    went_on: int
    other: int
    wrong: float


def load(engine: Engine, since: datetime, until: datetime) -> Stored:
    """The decisions between two moments."""
    kind, data = call_events.c.kind, call_events.c.data
    columns = (
        calls.c.call_id,
        kind,
        data["intent"].as_string(),
        data["confidence"].as_float(),
        data["upset"].as_float(),
    )
    inside = (calls.c.started_at >= since) & (calls.c.started_at < until)
    moments = (
        select(*columns)
        .select_from(call_events.join(calls, calls.c.call_id == call_events.c.call_id))
        .where(inside & ((kind == "tone") | ((kind == "heard") & data["intent"].as_string().is_not(None))))
        .order_by(calls.c.call_id, call_events.c.id)
    )
    with engine.connect() as connection:
        endings = connection.execute(
            select(calls.c.call_id, calls.c.outcome, calls.c.reason).where(inside).order_by(calls.c.call_id)
        ).all()
        places = {row[0]: place for place, row in enumerate(endings)}
        rows = connection.execute(moments).all()
    requests = [row[1] == "heard" and row[2] not in _ALWAYS for row in rows]
    return Stored(
        call=np.array([places[row[0]] for row in rows], dtype=np.int64),
        confidence=np.array(
            [_or_nan(row[3]) if wanted else np.nan for row, wanted in zip(rows, requests, strict=True)]
        ),
        upset=np.array([_or_nan(row[4]) for row in rows], dtype=np.float64),
        asked=np.array([row[2] == PERSON for row in rows], dtype=bool),
        ended=np.array([_ending(row[1], row[2]) for row in endings], dtype="U16"),
    )


def _or_nan(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _ending(outcome: str | None, reason: str | None) -> str:
    if reason in ("low_confidence", "tone"):
        return reason
    return "transferred" if reason else outcome or "open"


def replay(stored: Stored, thresholds: Thresholds) -> Fates:
    """What would have become of the calls.  A call ends at its first moment that leads to a person."""
    sure = stored.confidence
    asked_now = (sure >= thresholds.confirm) & (sure < thresholds.accept) & ~stored.asked
    earlier = _count_before(asked_now, stored.call)
    through = (
        stored.asked
        | (sure < thresholds.confirm)
        | (asked_now & (earlier >= MOST_UNSURE))
        | (stored.upset >= thresholds.tone)
    )
    still = _count_before(through, stored.call) == 0
    total = stored.ended.size
    put_through = np.zeros(total, dtype=bool)
    put_through[stored.call[through]] = True
    confirmed = np.zeros(total, dtype=bool)
    confirmed[stored.call[asked_now & still & ~through]] = True
    acted = still & ~through & (sure >= thresholds.accept)
    by_threshold = np.isin(stored.ended, ("low_confidence", "tone"))
    served = (stored.ended == "served") & ~put_through
    transferred = put_through | (stored.ended == "transferred")
    went_on = by_threshold & ~put_through
    return Fates(
        served=int(served.sum()),
        transferred=int(transferred.sum()),
        asked_back=int((confirmed & ~put_through).sum()),
        went_on=int(went_on.sum()),
        other=int(total - served.sum() - transferred.sum() - went_on.sum()),
        wrong=float((1 - sure[acted]).sum()),
    )


def _count_before(flags: NDArray[np.bool_], call: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each moment, how many flagged ones came before it in the same call."""
    if not flags.size:
        return np.zeros(0, dtype=np.int64)
    running: NDArray[np.int64] = np.cumsum(flags) - flags
    first = np.concatenate(([True], call[1:] != call[:-1]))
    base = np.maximum.accumulate(np.where(first, running, 0))
    return np.asarray(running - base)


def sweep(stored: Stored, thresholds: Thresholds) -> list[tuple[float, Fates]]:
    """The same for a range of ``accept``, everything else as given."""
    return [
        (float(accept), replay(stored, replace(thresholds, accept=float(accept))))
        for accept in np.round(np.arange(thresholds.confirm, 0.96, 0.05), 2)
    ]
