"""One media stream as Twilio holds it: a frame every 20 ms in both directions, until one side ends it."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from ivr.phone.beat import GRID_S, beat_of
from ivr.phone.caller import FRAME_MS, OnTheLine, Press, Utterance
from ivr.phone.messages import CONNECTED, Audio, BadMessage, Clear, Mark, Writer, decode
from ivr.phone.playback import Playback
from ivr.phone.timings import Timings
from ivr.phone.trouble import CALM, LineBreaks, Trouble
from ivr.phone.websocket import WebSocket, connect
from ivr.speech.codec import duration_ms

CLOSED_NORMALLY, ABNORMAL = 1000, 1006


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who wants to know what goes over the line.  Times are milliseconds of the caller's audio."""

    caller_acts: Callable[[Utterance | Press, int], None]
    prompt_sent: Callable[[str, int], None]
    warn: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stream ended.  ``code`` is the server's close code, None when the caller hung up."""

    code: int | None

    @property
    def by_caller(self) -> bool:
        """The caller put the receiver down."""
        return self.code is None

    @property
    def properly(self) -> bool:
        """Somebody meant it to end; otherwise the connection was lost."""
        return self.code in {None, CLOSED_NORMALLY}


class MediaStream:
    """Carries the caller's sound to the server and the server's to the caller's ear, and measures both."""

    def __init__(self, caller: OnTheLine, writer: Writer, watcher: Watcher, trouble: Trouble = CALM) -> None:
        self.timings = Timings()
        self._trouble = trouble
        self._caller = caller
        self._writer = writer
        self._watcher = watcher
        self._playback = Playback()
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()  # when the stream started
        self._first_due = self._origin  # when the first frame is due
        self._sent = 0  # frames
        self._socket: WebSocket | None = None
        self._ended: asyncio.Future[Ended] = self._loop.create_future()

    async def run(self, url: str, signature: str, parameters: dict[str, str]) -> Ended:
        """Open the stream and carry it to its end.  Raises HandshakeFailed."""
        headers = {"X-Twilio-Signature": signature}
        self._socket = await connect(url, headers, self._take, self._closed)
        self._socket.send(CONNECTED)
        self._socket.send(self._writer.start(parameters))
        self._origin = self._loop.time()
        self._first_due = math.ceil((self._origin + FRAME_MS / 1000) / GRID_S) * GRID_S
        beat = beat_of(self._loop)
        beat.join(self._tick, self._first_due)
        try:
            ended = await self._ended
            if ended.by_caller and self._trouble.stops():
                self._socket.send(self._writer.stop())
            await self._socket.close()
        finally:
            beat.leave(self._tick)
            if not self._ended.done():
                self._ended.cancel()
            self._socket.abort()
        return ended

    def hang_up(self) -> None:
        """The caller puts the receiver down, at any moment."""
        self._end(Ended(None))

    # -----------------------------------------------------------------------------------------------------------------

    def _now_ms(self) -> float:
        return (self._loop.time() - self._origin) * 1000

    def _tick(self) -> None:
        """Send what is due.  A frame stands for the 20 ms before it, so the first one leaves 20 ms after the start."""
        if self._ended.done() or self._socket is None:
            return
        now, now_ms = self._loop.time(), self._now_ms()
        while (delay_s := now - self._due()) >= 0 and not self._ended.done():
            self.timings.sent(delay_s * 1000)
            self._send_frame(self._socket, now_ms)
        self._echo(self._playback.played(now_ms))

    def _due(self) -> float:
        """When the next frame leaves, in the loop's time."""
        return self._first_due + self._sent * FRAME_MS / 1000

    def _send_frame(self, socket: WebSocket, now_ms: float) -> None:
        frame = self._caller.frame(now_ms, self._playback)
        at_ms = self._sent * FRAME_MS
        self.timings.sound.append(frame.mulaw)
        if frame.begins is not None:
            self.timings.item_begins(isinstance(frame.begins, Utterance))
            if isinstance(frame.begins, Utterance):
                self.timings.talked_ms += frame.begins.ends_ms - frame.begins.begins_ms
            self._watcher.caller_acts(frame.begins, at_ms)
        self._sent += 1
        keyed = [] if frame.key is None else [self._writer.dtmf(frame.key)]
        try:
            for text in [self._writer.media(frame.mulaw, at_ms), *keyed]:
                for arriving in self._trouble.carries(text):
                    socket.send(arriving)
        except LineBreaks:
            socket.abort()
            self._end(Ended(ABNORMAL))
            return
        if frame.key is not None or frame.speech_ended:
            self.timings.item_ended(now_ms)
        if frame.hangs_up:
            self.hang_up()

    def _take(self, text: str) -> None:
        """A message from the server."""
        if self._socket is None or self._ended.done():
            return
        now_ms = self._now_ms()
        try:
            message = decode(text, self._writer.stream_sid)
        except BadMessage as bad:
            self._watcher.warn(f"31951: the server sent a message Twilio would ignore: {bad}")
            return
        match message:
            case Audio(mulaw):
                late_ms = self._playback.add_audio(now_ms, duration_ms(mulaw))
                self.timings.audio(now_ms, late_ms)
                self._caller.hears(mulaw)
            case Mark(name):
                self._playback.add_mark(now_ms, name)
                self._watcher.prompt_sent(name, self._sent * FRAME_MS)
                self._echo(self._playback.played(now_ms))
            case Clear():
                self.timings.cleared()
                self._caller.silenced()
                self._echo(self._playback.clear(now_ms))

    def _echo(self, names: list[str]) -> None:
        for name in names:
            if self._socket is not None:
                self._socket.send(self._writer.mark(name))

    def _closed(self, code: int, by_server: bool) -> None:
        if by_server:
            self._end(Ended(code))

    def _end(self, ended: Ended) -> None:
        if not self._ended.done():
            self.timings.closed(self._now_ms(), by_server=ended.code is not None)
            self._ended.set_result(ended)
