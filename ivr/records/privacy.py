"""What is removed after its time, and what one caller may have or have removed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, null, select, update

from ivr.records.audio import BYTES_A_SECOND, path_of
from ivr.records.keeping import Keeping
from ivr.records.records import ERASED
from ivr.records.schema import call_events, callbacks, calls, jobs


@dataclass(frozen=True, slots=True)
class Purged:
    """How much is too old: events, calling numbers, cards, callbacks and recordings."""

    events: int
    numbers: int
    cards: int
    callbacks: int
    recordings: int


class ClockInDoubt(Exception):
    """By this machine's clock not one call is recent; the message says what to do."""


def purge(
    engine: Engine, audio: Path, keeping: Keeping, really: bool, now: datetime | None = None, certainly: bool = False
) -> Purged:
    """Remove what is older than the supervisor allows; with ``really`` False only count it.

    What stays of an old call is its day, language, outcome and reason: reports go on to count it.  ``now``: the time,
    if not the machine's.  Raises ClockInDoubt, unless ``certainly``, when nothing at all would be kept: a clock that
    jumped ahead must not remove what a company may keep.
    """
    now = now or datetime.now(UTC)
    if not certainly:
        _believe(engine, now, timedelta(days=keeping.days))
    old = calls.c.started_at < now - timedelta(days=keeping.days)
    old_calls = select(calls.c.call_id).where(old)
    card_days = min(keeping.card_days, keeping.days) if keeping.what != "nothing" else 1
    old_cards = (calls.c.started_at < now - timedelta(days=card_days)) & calls.c.card.is_not(None)
    old_promises = callbacks.c.not_after < now - timedelta(days=keeping.days)  # done or not: nobody calls that late
    events, numbers = call_events.c.call_id.in_(old_calls), old & (calls.c.caller != "")
    recordings = _recordings_from_before(audio, now - timedelta(days=keeping.audio_days))
    with engine.begin() as connection:
        purged = Purged(
            events=_count(connection, call_events, events),
            numbers=_count(connection, calls, numbers),
            cards=_count(connection, calls, old_cards),
            callbacks=_count(connection, callbacks, old_promises),
            recordings=len(recordings),
        )
        if really:
            connection.execute(delete(call_events).where(events))
            connection.execute(update(calls).where(old_cards | old).values(card=null()))
            connection.execute(update(calls).where(numbers).values(caller="", target=None))
            connection.execute(delete(callbacks).where(old_promises))
    if really:
        for path in recordings:
            path.unlink(missing_ok=True)
    return purged


def export(engine: Engine, audio: Path, number: str) -> dict[str, Any]:
    """Everything stored of one caller, ready for JSON.  ``sound_s`` of a call: how much of its sound is kept."""
    with engine.connect() as connection:
        mine = connection.execute(select(calls).where(calls.c.caller == number).order_by(calls.c.started_at)).mappings()
        found = [_plain(dict(row), without=("token_hash", "stream_id")) for row in mine]
        for call in found:
            of_call = select(call_events).where(call_events.c.call_id == call["call_id"]).order_by(call_events.c.id)
            rows = connection.execute(of_call).mappings()
            call["events"] = [_plain(dict(row), without=("id", "call_id")) for row in rows]
            sound = path_of(audio, call["call_id"])
            call["sound_s"] = round(sound.stat().st_size / BYTES_A_SECOND, 1) if sound.exists() else 0
        theirs = (callbacks.c.number == number) | callbacks.c.call_id.in_([call["call_id"] for call in found])
        promised = connection.execute(select(callbacks).where(theirs)).mappings()
        return {"number": number, "calls": found, "callbacks": [_plain(dict(row)) for row in promised]}


def erase(engine: Engine, audio: Path, number: str) -> int:
    """Remove everything that tells who one caller was and what they said.  Gives the number of their calls.

    What a call that goes on, or a message that is being written down, would still store of them is not stored.
    """
    with engine.begin() as connection:
        ids = list(connection.execute(select(calls.c.call_id).where(calls.c.caller == number)).scalars())
        connection.execute(delete(call_events).where(call_events.c.call_id.in_(ids)))
        connection.execute(delete(jobs).where(jobs.c.call_id.in_(ids)))
        connection.execute(delete(callbacks).where((callbacks.c.number == number) | callbacks.c.call_id.in_(ids)))
        gone = {"caller": "", "card": null(), "target": None, "token_hash": ERASED}
        connection.execute(update(calls).where(calls.c.call_id.in_(ids)).values(**gone))
        connection.execute(update(calls).where(calls.c.target == number).values(target=None))  # promised in other calls
    for call_id in ids:
        path_of(audio, call_id).unlink(missing_ok=True)
    return len(ids)


def _count(connection: Connection, table: Any, condition: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one())


def _recordings_from_before(audio: Path, moment: datetime) -> list[Path]:
    before = moment.timestamp()
    return [path for path in audio.glob("*.ulaw") if path.stat().st_mtime < before] if audio.is_dir() else []


def _believe(engine: Engine, now: datetime, kept: timedelta) -> None:
    with engine.connect() as connection:
        newest = connection.execute(select(func.max(calls.c.started_at))).scalar()
    if newest and now - newest.replace(tzinfo=UTC) > kept:
        raise ClockInDoubt(
            f"by this machine's clock it is {now:%Y-%m-%d}, and the newest call is from {newest:%Y-%m-%d}: nothing "
            "would be kept.  If the clock is wrong, set it (ivr doctor); if there were no calls since, say --certainly"
        )


def _plain(row: dict[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in set(without)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in kept.items()}
