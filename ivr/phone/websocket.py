"""A WebSocket client on asyncio: one connection, no thread and no task of its own.

The protocol itself is wsproto's.  Sending and receiving a 20 ms frame costs about ten microseconds each, so that one
process can be a hundred telephones.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

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
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._pieces: list[str] = []
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._we_closed = False
        self._told = False

    def send(self, message: str | bytes) -> None:
        """Send a message, of text or of bytes; after the connection's end it is dropped."""
        self._write(TextMessage(message) if isinstance(message, str) else BytesMessage(message))

    async def close(self, code: int = 1000) -> None:
        """Close from our side and wait for the answer, but not for long.  May be called again."""
        self._we_closed = True
        self._write(CloseConnection(code))
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
        parts = urlsplit(self._url)
        target = parts.path or "/"
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        host = parts.netloc.rpartition("@")[2]
        self._write(
            Request(host=host, target=f"{target}?{parts.query}" if parts.query else target, extra_headers=headers)
        )

    def data_received(self, data: bytes) -> None:
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._take(event)
        except RemoteProtocolError as error:
            self._lost(f"it broke the WebSocket protocol: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._lost("it closed the connection")

    # -----------------------------------------------------------------------------------------------------------------

    def _take(self, event: object) -> None:
        match event:
            case TextMessage(data=data, message_finished=finished):
                self._pieces.append(data)
                if finished:
                    text, self._pieces = "".join(self._pieces), []
                    self._on_text(text)
            case BytesMessage():
                self._lost("it sent a binary message, which Twilio answers with error 31924")
            case Ping():
                self._write(event.response())
            case CloseConnection(code=code):
                self._tell(code)
                if not self._we_closed:
                    self._write(event.response())
                if self._transport is not None:
                    self._transport.close()
            case AcceptConnection():
                if not self._opened.done():
                    self._opened.set_result(None)
            case RejectConnection(status_code=status):
                self._refuse(f"the handshake was answered with {status}")
            case RejectData():
                pass

    def _write(self, event: object) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        with contextlib.suppress(LocalProtocolError):  # closed already: what we had to say does not matter any more
            self._transport.write(self._connection.send(event))

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
