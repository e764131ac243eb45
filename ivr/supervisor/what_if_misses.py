"""Stored calls under other budgets of misses: what putting callers through sooner would have cost and saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from ivr.records.schema import call_events, calls

BUDGETS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class StoredMisses:
    """The misses of one call: utterances that nothing was made of.  Silences have a budget of their own.

    ``misses``: moment of each, and how many in a row it made.  ``transfer_ms``: when a person took over, if one did.
    """

    outcome: str
    reason: str | None
    misses: tuple[tuple[int, int], ...]
    transfer_ms: int | None


@dataclass(frozen=True, slots=True)
class MissFates:
    """What a budget of ``misses`` in a row would have done.

    ``put_through``: calls that reach it.  Of these ``served_lost`` were really served later (the cost), ``sooner``
    reached a person anyway, ``saved_s`` seconds later in all, and ``given_up`` hung up.
    ``went_on``: put through after fewer misses in a row, and here not: nobody knows their end.
    """

    misses: int
    put_through: int
    served_lost: int
    sooner: int
    saved_s: float
    given_up: int
    went_on: int


def load(engine: Engine, since: datetime, until: datetime) -> list[StoredMisses]:
    """The calls between two moments in which something was not understood."""
    inside = (calls.c.started_at >= since) & (calls.c.started_at < until)
    data = call_events.c.data
    intent, slots = data["intent"].as_string(), data["slots"].as_string()
    columns = (call_events.c.call_id, call_events.c.kind, call_events.c.at_ms, intent, slots)
    told = (
        select(*columns, calls.c.outcome, calls.c.reason)
        .select_from(call_events.join(calls, calls.c.call_id == call_events.c.call_id))
        .where(inside & call_events.c.kind.in_(("heard", "transfer")))
        .order_by(call_events.c.call_id, call_events.c.id)
    )
    found: dict[str, _Reader] = {}
    with engine.connect() as connection:
        for call_id, kind, at_ms, meant, values, outcome, reason in connection.execute(told):
            reader = found.setdefault(call_id, _Reader(outcome or "open", reason))
            if kind == "transfer":
                reader.transfer_ms = at_ms
            else:
                reader.hear(at_ms, understood=bool(meant) or values not in {None, "{}"})
    return [reader.stored() for reader in found.values() if reader.misses]


class _Reader:
    """The events of one call, one after the other."""

    def __init__(self, outcome: str, reason: str | None) -> None:
        self.misses: list[tuple[int, int]] = []
        self.transfer_ms: int | None = None
        self._outcome, self._reason = outcome, reason
        self._in_a_row = 0

    def hear(self, at_ms: int, understood: bool) -> None:
        self._in_a_row = 0 if understood else self._in_a_row + 1
        if not understood:
            self.misses.append((at_ms, self._in_a_row))

    def stored(self) -> StoredMisses:
        return StoredMisses(self._outcome, self._reason, tuple(self.misses), self.transfer_ms)


def replay(stored: Iterable[StoredMisses], misses: int) -> MissFates:
    """What would have become of the calls with this budget."""
    put_through = served = sooner = given_up = went_on = 0
    saved_ms = 0
    for call in stored:
        at_ms = next((at_ms for at_ms, in_a_row in call.misses if in_a_row >= misses), None)
        if at_ms is None:
            went_on += call.reason == "no_match"
            continue
        put_through += 1
        if call.transfer_ms is not None:
            sooner += call.transfer_ms > at_ms
            saved_ms += max(0, call.transfer_ms - at_ms)
        served += call.outcome == "served"
        given_up += call.outcome == "hung_up"
    return MissFates(misses, put_through, served, sooner, saved_ms / 1000, given_up, went_on)


def replay_each(stored: Sequence[StoredMisses], budgets: Iterable[int] = BUDGETS) -> tuple[MissFates, ...]:
    """The same for several budgets."""
    return tuple(replay(stored, misses) for misses in budgets)
