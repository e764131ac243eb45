"""Calls and their events in the database.  Any process may go on with any call: all it needs is here."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, case, func, insert, literal, null, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ivr.records.database import USUAL_S, RecordsUnavailable, connect
from ivr.records.schema import call_events, calls
from ivr.records.upgrade import upgrade

__all__ = ["Records", "RecordsUnavailable", "StoredCall", "StoredEvent"]


AGAIN_WITHIN = timedelta(hours=24)  # who rings again within this was not served: the reports count it so, too
ACCEPTED = "accepted"  # the event of an advisor who takes a call
ERASED = "erased"  # in place of a token's hash: its caller was erased, and nothing more is stored of the call
LONGEST = timedelta(hours=4)  # Twilio ends a call after this


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as it stands in the database.  ``outcome`` is None while it is open.

    ``called_before``: the same number rang within 24 hours before it.
    """

    call_id: str
    caller: str
    line: str
    language: str
    started_at: datetime
    ended_at: datetime | None
    stream_id: str | None
    outcome: str | None
    reason: str | None
    farewell: bool
    team: str | None
    target: str | None
    card: dict[str, Any] | None
    timings: dict[str, Any] | None
    called_before: bool = False


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """Something that happened, ``at_ms`` milliseconds of the caller's audio after the stream began."""

    id: int
    at_ms: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event on its way to the database."""

    call_id: str
    at_ms: int
    kind: str
    data: Mapping[str, Any]


class Records:
    """The one way to the stored calls."""

    def __init__(self, database_url: str, usual_s: float = USUAL_S) -> None:
        """Raises RecordsUnavailable when the address makes no sense; nothing is opened yet.

        ``usual_s``: see ``ivr.records.database.connect``.
        """
        self.engine = connect(database_url, usual_s=usual_s)
        self.on_ending: Callable[[str, str | None], None] | None = None
        """Told once of each ending that this process records: outcome and reason."""

    def prepare(self) -> None:
        """Create what is missing, upgrade what is of an earlier version.  Raises RecordsUnavailable."""
        try:
            upgrade(self.engine)
        except SQLAlchemyError as error:
            where = self.engine.url.render_as_string(hide_password=True)
            raise RecordsUnavailable(
                f"the database {where} cannot be opened ({short(error)}); check IVR_DATABASE_URL, the file's "
                "permissions, and that the server runs"
            ) from error

    def open(self, call_id: str, caller: str, line: str, language: str, token: str) -> None:
        """A call begins.  Doing so again changes nothing: webhooks are retried."""
        row = {
            "call_id": call_id,
            "caller": caller,
            "line": line,
            "language": language,
            "started_at": datetime.now(UTC),
            "token_hash": _hash(token),
            "farewell": False,
        }
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(calls).values(row))
        except IntegrityError:
            return

    def claim(self, call_id: str, stream_id: str, token: str) -> bool:
        """True for the first stream that shows the call's token, and only for that one."""
        with self.engine.begin() as connection:
            stored = connection.execute(select(calls.c.token_hash).where(calls.c.call_id == call_id)).scalar()
            if stored is None or not hmac.compare_digest(stored, _hash(token)):
                return False
            free = calls.c.stream_id.is_(None) & calls.c.outcome.is_(None)
            claimed = connection.execute(
                update(calls).where((calls.c.call_id == call_id) & free).values(stream_id=stream_id)
            )
            return claimed.rowcount == 1

    def close(self, call_id: str, outcome: str, reason: str | None = None, **values: Any) -> bool:
        """A call's part with the machine ends.  The first ending stays: a second changes nothing and gives False.

        Only the word of somebody who saw no more than that the caller is gone gives way to one that has the story.
        """
        is_open = calls.c.outcome.is_(None) | (calls.c.outcome == ("hung_up" if "card" in values else "")) & (
            calls.c.card.is_(None)
        )
        if "card" in values:
            card = literal(values["card"], calls.c.card.type)
            values["card"] = case((calls.c.token_hash == ERASED, null()), else_=card)
        with self.engine.begin() as connection:
            closed = connection.execute(
                update(calls)
                .where((calls.c.call_id == call_id) & is_open)
                .values(outcome=outcome, reason=reason, ended_at=datetime.now(UTC), **values)
            )
        if closed.rowcount == 1 and self.on_ending:
            self.on_ending(outcome, reason)
        return closed.rowcount == 1

    def close_forgotten(self) -> int:
        """End calls that are still open after longer than any call lasts: their process died, and nobody asked again.

        Raises SQLAlchemyError.
        """
        now = datetime.now(UTC)
        forgotten = calls.c.outcome.is_(None) & (calls.c.started_at < now - LONGEST)
        with self.engine.begin() as connection:
            return connection.execute(update(calls).where(forgotten).values(outcome="failed", ended_at=now)).rowcount

    def change(self, call_id: str, **values: Any) -> None:
        """What became of a call later: a caller who hung up but is still there, a voicemail, the advisor reached."""
        with self.engine.begin() as connection:
            connection.execute(update(calls).where(calls.c.call_id == call_id).values(**values))

    def call(self, call_id: str) -> StoredCall | None:
        """One call, or None."""
        columns = [calls.c[name] for name in StoredCall.__dataclass_fields__ if name in calls.c]
        with self.engine.connect() as connection:
            row = connection.execute(select(*columns).where(calls.c.call_id == call_id)).mappings().first()
            if row is None:
                return None
            earlier = (calls.c.caller == row["caller"]) & (calls.c.call_id != call_id)
            recent = calls.c.started_at.between(row["started_at"] - AGAIN_WITHIN, row["started_at"])
            before = (
                row["caller"] and connection.execute(select(calls.c.call_id).where(earlier & recent).limit(1)).first()
            )
        return StoredCall(**row, called_before=bool(before))

    def given_up(self, call_id: str) -> int:
        """How many calls its number gave up within 24 hours before it: hung up, nothing done.  0 if withheld."""
        now, before = calls.alias(), calls.alias()
        recent = before.c.started_at > datetime.now(UTC) - AGAIN_WITHIN
        same = (before.c.caller == now.c.caller) & (before.c.caller != "") & (before.c.call_id != call_id)
        gave_up = (before.c.outcome == "hung_up") & ~before.c.farewell  # who said goodbye was content
        counted = select(func.count()).select_from(before.join(now, same & recent & gave_up))
        with self.engine.connect() as connection:
            return int(connection.execute(counted.where(now.c.call_id == call_id)).scalar() or 0)

    def events(self, call_id: str) -> list[StoredEvent]:
        """The events of a call, in order."""
        wanted = select(call_events).where(call_events.c.call_id == call_id).order_by(call_events.c.id)
        with self.engine.connect() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [StoredEvent(row["id"], row["at_ms"], row["kind"], row["data"]) for row in rows]

    def note(self, call_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Store one event that happened outside the caller's audio: its time is that since the call came in.

        An unknown call notes nothing.
        """
        with self.engine.connect() as connection:
            began = connection.execute(select(calls.c.started_at).where(calls.c.call_id == call_id)).scalar()
        if began is not None:
            self.append([NewEvent(call_id, _ms_since(began), kind, data)])

    def accept(self, call_id: str, leg: str, ring: str, team: str, target: str) -> bool:
        """An advisor takes a call.  True for the first one in a ringing, and for that one again; unknown calls too.

        The row of the call is locked first: of two who press 1 at the same moment, the second one sees the first.
        """
        mine = calls.c.call_id == call_id
        earlier = select(call_events.c.data).where(
            (call_events.c.call_id == call_id) & (call_events.c.kind == ACCEPTED)
        )
        with self.engine.begin() as connection:
            if not connection.execute(update(calls).where(mine).values(stream_id=calls.c.stream_id)).rowcount:
                return True
            for data in connection.execute(earlier.order_by(call_events.c.id)).scalars():
                if data.get("ring") == ring:
                    return bool(data.get("leg") == leg)
            began = connection.execute(select(calls.c.started_at).where(mine)).scalar_one()
            noted = {"leg": leg, "ring": ring}
            row = {"call_id": call_id, "at_ms": _ms_since(began), "kind": ACCEPTED, "data": noted}
            connection.execute(insert(call_events).values(row))
            connection.execute(update(calls).where(mine).values(team=team, target=target))
        return True

    def append(self, events: Sequence[NewEvent]) -> None:
        """Store events, all or none; none of a call whose caller was erased."""
        rows = [{"call_id": e.call_id, "at_ms": e.at_ms, "kind": e.kind, "data": dict(e.data)} for e in events]
        erased = calls.c.call_id.in_({event.call_id for event in events}) & (calls.c.token_hash == ERASED)
        with self.engine.begin() as connection:
            gone = set(connection.execute(select(calls.c.call_id).where(erased)).scalars())
            if rows := [row for row in rows if row["call_id"] not in gone]:
                connection.execute(insert(call_events), rows)


def events_since(engine: Engine, kind: str, begin: datetime) -> list[dict[str, Any]]:
    """What events of a kind say, of calls that came in since then; the newest hundred."""
    calls_since = call_events.join(calls, calls.c.call_id == call_events.c.call_id)
    wanted = (call_events.c.kind == kind) & (calls.c.started_at >= begin)
    statement = select(call_events.c.data).select_from(calls_since).where(wanted)
    with engine.connect() as connection:
        return list(connection.execute(statement.order_by(call_events.c.id.desc()).limit(100)).scalars())


def _ms_since(began: datetime) -> int:
    since = max(datetime.now(UTC) - began.replace(tzinfo=UTC), timedelta(0))  # a clock may have been set back
    return round(since.total_seconds() * 1000)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def short(error: Exception) -> str:
    """What a database says is wrong, in one line."""
    return (str(getattr(error, "orig", None) or error) or type(error).__name__).splitlines()[0]
