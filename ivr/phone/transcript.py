"""What was said on both sides: from the records of the call, or, without them, from what went over the line."""

import asyncio
import contextlib
import time
from collections import deque

from sqlalchemy.exc import SQLAlchemyError

from ivr.phone.notes import Notes, Turn
from ivr.records.records import Records, StoredCall, StoredEvent
from ivr.speech import simulated

POLL_S = 0.1
RECORD_DELAY_MS = 1500  # a call that is not in the records this long after a prompt is not going to be
HOLD_S = 0.3  # records are read a moment late: what happens after the stream waits that long, so that order is kept
LAST_WRITES_S = 2.0  # the server may still be writing when the call is over


def turn_of(event: StoredEvent) -> Turn | None:
    """A stored event as something one side said; None for events that are nothing of the kind."""
    data = event.data
    match event.kind:
        case "said":
            return Turn("ivr", str(data.get("text") or f"[{data.get('prompt')}]"), event.at_ms)
        case "heard":
            return Turn(
                "caller",
                str(data.get("text", "")),
                event.at_ms,
                how="heard",
                confidence=data.get("confidence"),
                intent=data.get("intent"),
                slots=data.get("slots"),
            )
        case "pressed":
            return Turn("caller", str(data.get("keys", "")), event.at_ms, how="presses")
        case _:
            return None


class Transcript:
    """Reads one call's records while it goes on.  ``records`` None: nothing but the line itself is known."""

    def __init__(self, records: Records | None, notes: Notes) -> None:
        self._records = records
        self._notes = notes
        self._turns: list[Turn] = []
        self._seen: set[int] = set()
        self._prompts_told = 0
        self._held: deque[tuple[float, Turn | str]] = deque()
        if records is not None:
            notes.tell_later = self._hold

    async def follow(self) -> None:
        """Tell every turn soon after it happens, until cancelled."""
        while True:
            self._tell_events(await self._new_events())
            self._tell_prompts()
            self._release(time.monotonic() - HOLD_S)
            await asyncio.sleep(POLL_S)

    async def finish(self) -> tuple[list[Turn], StoredCall | None]:
        """Every turn of the call that is over, in order of time, and what the records say of the call."""
        stored = await self._wait_for_the_end()
        self._tell_events(await self._new_events())
        self._release(time.monotonic())
        said = self._turns if stored else [*self._notes.prompts, *self._notes.spoken]
        return sorted([*said, *self._notes.turns], key=lambda turn: turn.at_ms), stored

    async def _wait_for_the_end(self) -> StoredCall | None:
        deadline = asyncio.get_running_loop().time() + LAST_WRITES_S
        while True:
            stored = await self._stored_call()
            if (stored and stored.outcome) or self._records is None:
                return stored
            if asyncio.get_running_loop().time() >= deadline:
                return stored
            await asyncio.sleep(POLL_S)

    async def _stored_call(self) -> StoredCall | None:
        if self._records is None:
            return None
        with contextlib.suppress(SQLAlchemyError):
            return await asyncio.to_thread(self._records.call, self._notes.call_id)
        return None

    async def _new_events(self) -> list[StoredEvent]:
        if self._records is None:
            return []
        events: list[StoredEvent] = []
        with contextlib.suppress(SQLAlchemyError):  # not there yet, or busy: the next round reads it
            events = await asyncio.to_thread(self._records.events, self._notes.call_id)
        events = [event for event in events if event.id not in self._seen]  # one may be committed after a later one
        self._seen |= {event.id for event in events}
        self._turns += [turn for event in events if (turn := turn_of(event)) is not None]
        return events

    def _tell_events(self, events: list[StoredEvent]) -> None:
        for event in events:
            turn = turn_of(event)
            if turn is not None and turn.how != "presses":  # told already, when the key was pressed
                self._notes.tell(turn)
            if event.kind == "recognition":
                self._hears_with(str(event.data.get("model")), str(event.data.get("language")))
            if event.kind == "transfer":
                self._notes.tell(f"the call goes to a person: {event.data.get('reason')}")

    def _hears_with(self, model: str, language: str) -> None:
        self._notes.recognition = model
        if model == simulated.NAME:
            self._notes.tell(f"recognition simulated from text: no model for {language}")

    def _hold(self, what: Turn | str) -> None:
        self._held.append((time.monotonic(), what))

    def _release(self, until: float) -> None:
        """Tell what was held back before this moment."""
        while self._held and self._held[0][0] <= until:
            self._notes.tell(self._held.popleft()[1])

    def _tell_prompts(self) -> None:
        """Without records, the names of the prompts are better than nothing."""
        if self._seen:
            return
        delay_ms = RECORD_DELAY_MS if self._records else 0
        for prompt in self._notes.prompts[self._prompts_told :]:
            if prompt.at_ms + delay_ms <= self._notes.now_ms:
                self._notes.tell(prompt)
                self._prompts_told += 1
