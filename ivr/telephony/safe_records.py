"""The records as webhooks need them: they may be out of reach, and the caller is put through all the same."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ivr.records.records import ACCEPTED, NewEvent, StoredCall
from ivr.telephony.parts import Parts

_log = logging.getLogger(__name__)


class SafeRecords:
    """What cannot be read is nothing, what cannot be written now is written later."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def call(self, call_id: str) -> StoredCall | None:
        """A call; None when there is none, or nobody can say."""
        try:
            return self._parts.records.call(call_id)
        except SQLAlchemyError as error:
            _log.error("call %s goes on without its record: %s", call_id[:64], error)
            return None

    def events(self, call_id: str, kind: str) -> list[dict[str, Any]]:
        """What was noted of one kind."""
        try:
            return [event.data for event in self._parts.records.events(call_id) if event.kind == kind]
        except SQLAlchemyError as error:
            _log.error("call %s goes on without its record: %s", call_id[:64], error)
            return []

    def accepted(self, call_id: str, ring: str) -> list[dict[str, Any]]:
        """The advisors who pressed 1 in one ringing of a call, the first of them first."""
        return [event for event in self.events(call_id, "accepted") if event.get("ring") == ring]

    def since_accepted(self, stored: StoredCall) -> int:
        """Seconds since an advisor took a call; 0 when nobody did, or nobody can say."""
        try:
            taken = [each.at_ms for each in self._parts.records.events(stored.call_id) if each.kind == ACCEPTED]
        except SQLAlchemyError:
            return 0
        if not taken:
            return 0
        since = datetime.now(UTC) - stored.started_at - timedelta(milliseconds=taken[-1])
        return max(0, round(since.total_seconds()))

    def accept(self, call_id: str, leg: str, ring: str, team: str, target: str) -> bool:
        """True when this advisor has the call; also when nobody can say who was first: two may talk to a caller."""
        records = self._parts.records
        try:
            return records.accept(call_id, leg, ring, team, target)
        except SQLAlchemyError as error:
            _log.error("call %s: its advisor is written down later: %s", call_id[:64], error)
            self._parts.writer.later(lambda: records.accept(call_id, leg, ring, team, target))
            return True

    def soon(self, call_id: str, kind: str, data: dict[str, Any]) -> None:
        """For who looks on: no next step depends on it, so the caller does not wait for the disk."""
        self._parts.writer.note(NewEvent(call_id, 0, kind, data))

    def note(self, call_id: str, kind: str, data: dict[str, Any]) -> None:
        """What the next step depends on: stored now, or, when that fails, as soon as the database is back."""
        self._parts.writer.surely(lambda: self._parts.records.note(call_id, kind, data))

    def change(self, call_id: str, **values: Any) -> None:
        """What became of the call: the same."""
        self._parts.writer.surely(lambda: self._parts.records.change(call_id, **values))
