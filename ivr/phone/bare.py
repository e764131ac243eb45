"""The same callers before a bare recognition server: how long each frame waits for its answer.

Ours hears, answers, plays prompts and writes records; the other only recognises.  What is compared is how many callers
each of them keeps up with on this machine.
"""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ivr.phone import usage
from ivr.phone.beat import GRID_S
from ivr.phone.benchmark import TRUSTED_MS, percentiles
from ivr.phone.caller import FRAME_MS
from ivr.phone.websocket import WebSocket, connect
from ivr.speech.codec import decode_mulaw

READY_WITHIN_S = 60
SPREAD_S = 25.0  # as the telephones before our own server
Call = Sequence[bytes]
"""What one caller's line carried, frame by frame: μ-law."""


@dataclass(frozen=True, slots=True)
class BareServer:
    """One that is ready."""

    url: str
    pid: int


@contextmanager
def bare_server(model: Path, phrases_json: str) -> Iterator[BareServer]:
    """Start one and end it afterwards.  Raises OSError when it does not start."""
    with TemporaryDirectory(prefix="ivr-bench-") as directory:
        phrases = Path(directory) / "phrases.json"
        phrases.write_text(phrases_json, encoding="utf-8")
        command = [sys.executable, "-m", "ivr.phone.bare_server", str(model), str(phrases)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise OSError("the bare recognition server did not start")
            yield BareServer(f"ws://127.0.0.1:{port}/", process.pid)
        finally:
            process.kill()
            process.wait()


@dataclass(slots=True)
class BareLoad:
    """What the callers met once all were there."""

    all_there_s: float
    replies_ms: list[float] = field(default_factory=list)
    own_delay_ms: list[float] = field(default_factory=list)
    unanswered: int = 0
    call_s: float = 0.0
    cpu_s: float = 0.0

    def figures(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "replies_ms": percentiles(self.replies_ms),
            "unanswered": self.unanswered,
            "cpu_seconds_per_call_second": round(self.cpu_s / self.call_s, 4) if self.call_s else None,
            "own_delay_ms": percentiles(self.own_delay_ms),
        }

    def beyond(self, most_ms: float) -> list[str]:
        """What is worse than it may be, in words."""
        replies, own = percentiles(self.replies_ms)["p95"], percentiles(self.own_delay_ms)["p95"]
        found = (
            [] if replies is not None and replies <= most_ms else [f"replies: p95 {replies} ms, at most {most_ms:g}"]
        )
        return found if own is None or own <= TRUSTED_MS else [*found, f"the telephone itself: p95 {own} ms late"]


async def ring_bare(server: BareServer, recorded: Sequence[Call], calls: int, seconds: float) -> BareLoad:
    """So many callers at once, each with one of the recorded calls after the other; measured as ``Telephones`` are."""
    spread_s = min(SPREAD_S, seconds)
    before = await asyncio.to_thread(usage.of, server.pid)
    load = BareLoad(time.monotonic() + spread_s)
    ends_s = load.all_there_s + seconds

    async def line(index: int) -> None:
        await asyncio.sleep(spread_s * index / calls)
        for turn in range(len(recorded)):
            if time.monotonic() >= ends_s:
                return
            await _Line(server.url, recorded[(index + turn * calls) % len(recorded)], ends_s, load).run()

    await asyncio.gather(*(line(index) for index in range(calls)))
    after = await asyncio.to_thread(usage.of, server.pid)
    if before and after:
        load.cpu_s = after.cpu_s - before.cpu_s
    return load


class _Line:
    """One connection: frames go out in real time, and their answers are waited for."""

    def __init__(self, url: str, call: Call, ends_s: float, load: BareLoad) -> None:
        self._url = url
        self._call = call
        self._ends_s = ends_s
        self._load = load
        self._waiting: deque[float] = deque()  # when each frame without an answer was due

    async def run(self) -> None:
        """Until the call or the time is over."""
        socket = await connect(self._url, {}, self._answered, lambda code, by_server: None)
        try:
            await self._talk(socket)
        finally:
            self._load.unanswered += len(self._waiting)
            with contextlib.suppress(OSError):
                socket.abort()

    async def _talk(self, socket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        began = (loop.time() // GRID_S + 1) * GRID_S
        for index, frame in enumerate(self._call):
            due = began + (index + 1) * FRAME_MS / 1000
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            now = loop.time()
            if now >= self._ends_s:
                break
            if now >= self._load.all_there_s:
                self._load.own_delay_ms.append((now - due) * 1000)
            self._waiting.append(now)
            socket.send(_samples(frame))
            self._load.call_s += FRAME_MS / 1000

    def _answered(self, text: str) -> None:
        if self._waiting:
            sent_s, now_s = self._waiting.popleft(), time.monotonic()
            if sent_s >= self._load.all_there_s:
                self._load.replies_ms.append((now_s - sent_s) * 1000)


@lru_cache(maxsize=200_000)
def _samples(mulaw: bytes) -> bytes:
    """Such a server takes 16-bit samples."""
    return decode_mulaw(mulaw).tobytes()
