"""A WebSocket client on asyncio: one connection, no thread and no task of its own.

The protocol itself is that of the library websockets, without its input and output: sending and receiving a 20 ms frame
costs a few microseconds each, so that one process can be a hundred telephones.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.uri import parse_uri

CONNECT_TIMEOUT_S = 10  # two TCP attempts of five seconds, as Twilio makes them
CLOSE_TIMEOUT_S = 2  # for the other side's answer to our Close


OnText = Callable[[str], None]
OnClosed = Callable[[int, bool], None]


class HandshakeFailed(Exception):
    """The server did not open the WebSocket.  The message says what it did instead."""


class WebSocket(asyncio.Protocol):
    """One open connection.

    ``on_text`` gets every message.  ``on_closed`` gets, once, the close code (1006: the connection was lost without
    one) and whether the server closed first.
    """

    def __init__(self, url: str, headers: dict[str, str], on_text: OnText, on_closed: OnClosed) -> None:
        self._url = url
        self._headers = headers
        self._on_text = on_text
        self._on_closed = on_closed
        self._framing = ClientProtocol(parse_uri(url))
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes] = []
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._we_closed = False
        self._told = False

    def send(self, message: str | bytes) -> None:
        """Send a message, of text or of bytes; after the connection's end it is dropped."""
        if self._framing.state is not OPEN:
            return
        if isinstance(message, str):
            self._framing.send_text(message.encode())
        else:
            self._framing.send_binary(message)
        self._flush()

    async def close(self, code: int = 1000) -> None:
        """Close from our side and wait for the answer, but not for long.  May be called again."""
        self._we_closed = True
        if self._framing.state is OPEN:
            self._framing.send_close(code)
            self._flush()
        try:
            await asyncio.wait_for(self._gone.wait(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Drop the connection as a line that breaks."""
        if self._transport is not None:
            self._transport.abort()

    async def opened(self) -> None:
        """Wait for the handshake.  Raises HandshakeFailed."""
        await self._opened

    # asyncio.Protocol ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a TCP connection gives no other kind
        request = self._framing.connect()
        request.headers.update(self._headers)
        self._framing.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._framing.receive_data(data)
        for event in self._framing.events_received():
            if isinstance(event, Frame):
                self._take(event)
            elif isinstance(event, Response):
                self._answered()
        if self._framing.parser_exc is not None:
            self._lost(f"it broke the WebSocket protocol: {self._framing.parser_exc}")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._lost("it closed the connection")

    # -----------------------------------------------------------------------------------------------------------------

    def _answered(self) -> None:
        """The handshake is over."""
        failed = self._framing.handshake_exc
        if failed is None:
            if not self._opened.done():
                self._opened.set_result(None)
        elif isinstance(failed, InvalidStatus):
            self._refuse(f"the handshake was answered with {failed.response.status_code}")
        else:
            self._refuse(f"the handshake was answered wrongly: {failed}")

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.CONT:
                self._pieces.append(bytes(frame.data))
                if frame.fin:
                    text, self._pieces = b"".join(self._pieces), []
                    self._on_text(text.decode())
            case Opcode.BINARY:
                self._lost("it sent a binary message, which Twilio answers with error 31924")
            case Opcode.CLOSE:
                received = self._framing.close_rcvd
                self._tell(received.code if received else 1006)
                self._flush()
                if self._transport is not None:
                    self._transport.close()

    def _flush(self) -> None:
        """Send what the protocol has to say, answers to pings too."""
        data = b"".join(self._framing.data_to_send())
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _lost(self, why: str) -> None:
        self._refuse(why)
        self._tell(1006)
        self.abort()

    def _refuse(self, why: str) -> None:
        if not self._opened.done():
            self._opened.set_exception(HandshakeFailed(f"{self._url}: {why}"))

    def _tell(self, code: int) -> None:
        if not self._told:
            self._told = True
            self._on_closed(code, not self._we_closed)


async def connect(url: str, headers: dict[str, str], on_text: OnText, on_closed: OnClosed) -> WebSocket:
    """Open a WebSocket.  Raises HandshakeFailed when the server cannot be reached or refuses."""
    parts = urlsplit(url)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise HandshakeFailed(f"{url!r} is no WebSocket address")
    secure = parts.scheme == "wss"
    context = ssl.create_default_context() if secure else None
    port = parts.port or (443 if secure else 80)
    socket = WebSocket(url, headers, on_text, on_closed)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await asyncio.get_running_loop().create_connection(lambda: socket, parts.hostname, port, ssl=context)
            await socket.opened()
    except OSError as error:  # TimeoutError is one
        socket.abort()
        raise HandshakeFailed(f"{url}: {error or 'no answer'}") from None
    return socket
