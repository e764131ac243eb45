"""A whole stream: whatever the messages, the socket is closed, the call has an ending, and nothing of ours broke."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from ivr.call.events import Heard
from ivr.config import load
from ivr.records.records import StoredCall
from tests.conftest import ROOT
from tests.fuzz import media
from tests.house import CONNECTED, SILENCE, FakeSocket, House, frames, utterance

SAID = (Heard("where is my order", 1.0), Heard("four two seven one nine", 0.7), Heard("quartz", 0.4), Heard("yes", 0.9))
BETWEEN = {0: [], 1: frames(SILENCE, 40), 2: frames(SILENCE, 1000), 3: utterance(200, 800)}
MOST_MESSAGES = 60
SEEDS = [b"\n".join(media.SEEDS), b"\x01" + b"\n\x03".join(media.SEEDS[2:]), b"\x02{}\n\x02[]\n\x00not json"]


class Broke(logging.Handler):
    """An error with a traceback in the log is a bug of ours that was caught at last: it is raised again."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            raise record.exc_info[1]


@contextmanager
def listening(*names: str) -> Iterator[None]:
    """While inside, such errors escape."""
    handler, logs = Broke(), [logging.getLogger(name) for name in names]
    for log in logs:
        log.addHandler(handler)
    try:
        yield
    finally:
        for log in logs:
            log.removeHandler(handler)


class MemoryRecords:
    """Records that forget; so a stream costs a millisecond."""

    def __init__(self) -> None:
        self.endings: dict[str, str] = {}

    def claim(self, call_id: str, stream_id: str, token: str) -> bool:
        return call_id.startswith("CA")

    def call(self, call_id: str) -> StoredCall:
        now = datetime(2026, 11, 25, 12, tzinfo=UTC)
        return StoredCall(
            call_id, "+15550199", "+15550100", "en", now, None, "MZ", None, None, False, None, None, None, None
        )

    def close(self, call_id: str, outcome: str, reason: str | None = None, **_: Any) -> bool:
        self.endings.setdefault(call_id, outcome)
        return True

    def change(self, call_id: str, **_: Any) -> None:
        return

    def append(self, events: Any) -> None:
        return


def _house() -> House:
    house = House(load(ROOT), Path(tempfile.mkdtemp(prefix="ivr-fuzz-")))
    house.records = house.parts.records = MEMORY  # type: ignore[assignment]
    house.parts.writer._records = MEMORY  # type: ignore[assignment]
    return house


MEMORY = MemoryRecords()
HOUSE = _house()
_numbers = count(1)


def one(data: bytes) -> None:
    """Lines are messages; the first byte of each says how much of a caller's sound comes before it."""
    call_id = f"CA{next(_numbers):032}"
    messages: list[str | bytes | None] = [CONNECTED, HOUSE.start(call_id)]
    for line in data.split(b"\n")[:MOST_MESSAGES]:
        messages += BETWEEN[line[0] % 4 if line[:1] < b" " and line else 0]
        body = line[1:] if line[:1] < b" " else line
        try:
            messages.append(body.decode())
        except UnicodeDecodeError:
            messages.append(body)
    HOUSE.model.script.clear()
    HOUSE.model.script.extend(SAID)
    socket = FakeSocket(messages)
    with listening("ivr.telephony.session", "ivr.telephony.streams"):
        HOUSE.streams.serve(socket)
    assert socket.closed
    assert MEMORY.endings.pop(call_id), "the call has no ending"
