"""The WebSocket as the session sees it, and the real one underneath."""

import select
import socket as sockets
import struct
import time
from collections.abc import Mapping
from typing import Any, Protocol

from websockets.exceptions import InvalidState
from websockets.frames import Opcode
from websockets.protocol import OPEN, SERVER
from websockets.protocol import Protocol as Framing
from websockets.utils import accept_key

_SEND_S = 5  # a line that takes nothing for so long is dead; its buffer in the kernel holds minutes of our audio
_READ_BYTES = 64 * 1024
_TAKEN_OVER = ("gunicorn.socket", "werkzeug.socket")  # the connection of a request, by server


class LineLost(Exception):
    """The other side is gone."""


class NoHandshake(Exception):
    """The request does not open a WebSocket."""


class MediaSocket(Protocol):
    """Text messages both ways."""

    def receive(self, timeout_s: float) -> list[bytes]:
        """The messages that have come, in order; none when none came in time.  Raises LineLost."""
        ...

    def gather(self, messages: int) -> None:
        """From now on, wait until about so many are there: to be woken for each of many costs more than to read it.

        All that is there when the time is over is given out in any case.
        """
        ...

    def send(self, text: str) -> None:
        """Send a message.  Raises LineLost."""
        ...

    def close(self) -> None:
        """Close in good order (code 1000).  Never raises."""
        ...


def accept(environ: Mapping[str, Any], max_bytes: int) -> "ServerSocket":
    """Open the WebSocket that a WSGI request asks for; no extension is agreed to.  Raises NoHandshake.

    Compression would cost processor time for each frame, and was suspected of breaking calls.
    """
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    connection: sockets.socket | None = next((environ[name] for name in _TAKEN_OVER if name in environ), None)
    upgrades = environ.get("HTTP_UPGRADE", "").lower() == "websocket"
    if connection is None or not key or not upgrades or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise NoHandshake("this address is for WebSockets, version 13")
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
    )
    return ServerSocket(connection, max_bytes)


class ServerSocket:
    """A connection that is read by the thread of its call: no other is woken, and the kernel does the gathering."""

    def __init__(self, connection: sockets.socket, max_bytes: int) -> None:
        """``max_bytes``: of one message; a longer one ends the connection."""
        self._connection = connection
        self._framing = Framing(SERVER, state=OPEN, max_size=max_bytes)
        self._readable = select.poll()
        self._readable.register(connection, select.POLLIN)
        self._pieces: list[bytes] = []
        self._low_bytes = 1
        self._usual_bytes = 0.0  # of a message on the wire
        connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDTIMEO, struct.pack("ll", _SEND_S, 0))

    def receive(self, timeout_s: float) -> list[bytes]:
        """See MediaSocket."""
        deadline_s = time.monotonic() + timeout_s
        while self._framing.state is OPEN and (left_s := deadline_s - time.monotonic()) > 0:
            if messages := self._read(left_s):
                return messages
        if self._framing.state is not OPEN:
            raise LineLost(self._why())
        return []

    def gather(self, messages: int) -> None:
        """See MediaSocket."""
        low_bytes = max(1, int((messages - 0.5) * self._usual_bytes))
        if abs(low_bytes - self._low_bytes) > self._low_bytes / 8:
            self._wake_at(low_bytes)

    def send(self, text: str) -> None:
        """See MediaSocket."""
        try:
            self._framing.send_text(text.encode())
        except InvalidState:
            raise LineLost(self._why()) from None
        self._write()

    def close(self, patience_s: float = 2.0) -> None:
        """Send Close, read until the other side has answered, then shut the connection.

        Left to gunicorn, a peer that does not close its side holds the worker's main thread for two seconds each.
        """
        deadline_s = time.monotonic() + patience_s
        try:
            self._wake_at(1)
            self._framing.send_close(1000)
            self._write()
            while self._framing.close_rcvd is None and (left_s := deadline_s - time.monotonic()) > 0:
                self._read(left_s)
            self._connection.shutdown(sockets.SHUT_RDWR)
        except (LineLost, InvalidState, OSError):
            return  # it is closed already

    def _read(self, timeout_s: float) -> list[bytes]:
        """Take what is there, after waiting for enough of it."""
        try:
            self._readable.poll(timeout_s * 1000)
            data = self._connection.recv(_READ_BYTES, sockets.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LineLost(str(error)) from None
        if data:
            self._framing.receive_data(data)
        else:
            self._framing.receive_eof()
        messages = [text for frame in self._framing.events_received() if (text := self._message(frame)) is not None]
        if messages:
            self._usual_bytes = len(data) / len(messages)
        self._write()
        return messages

    def _message(self, frame: Any) -> bytes | None:
        """The message that a frame completes."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return None  # a ping is answered by the framing
        self._pieces.append(bytes(frame.data))
        if not frame.fin:
            return None
        message, self._pieces = b"".join(self._pieces), []
        return message

    def _write(self) -> None:
        """Send what the framing has to say."""
        try:
            for data in self._framing.data_to_send():
                if data:
                    self._connection.sendall(data)
                else:  # the framing's sign that we have said all
                    self._connection.shutdown(sockets.SHUT_WR)
        except OSError as error:
            raise LineLost(str(error)) from None

    def _wake_at(self, low_bytes: int) -> None:
        self._low_bytes = low_bytes
        self._connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVLOWAT, low_bytes)

    def _why(self) -> str:
        return str(self._framing.parser_exc or "the other side has closed it")
