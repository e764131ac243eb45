"""The WebSocket as the session sees it, and the real one underneath."""

import logging
import socket as sockets
import time
from typing import Any, Protocol

from simple_websocket import ConnectionClosed, Server
from wsproto.events import CloseConnection

_log = logging.getLogger(__name__)


class LineLost(Exception):
    """The other side is gone."""


class MediaSocket(Protocol):
    """Text messages both ways."""

    def receive(self, timeout_s: float) -> str | bytes | None:
        """The next message, or None when none came in time.  Raises LineLost."""
        ...

    def send(self, text: str) -> None:
        """Send a message.  Raises LineLost."""
        ...

    def close(self) -> None:
        """Close in good order (code 1000).  Never raises."""
        ...


class ServerSocket:
    """simple-websocket under gunicorn threads."""

    def __init__(self, server: Server) -> None:
        self._server: Any = server

    def receive(self, timeout_s: float) -> str | bytes | None:
        """See MediaSocket."""
        try:
            message: str | bytes | None = self._server.receive(timeout=timeout_s)
        except (ConnectionClosed, OSError) as error:
            raise LineLost(str(error)) from None
        return message

    def send(self, text: str) -> None:
        """See MediaSocket."""
        try:
            self._server.send(text)
        except (ConnectionClosed, OSError) as error:
            raise LineLost(str(error)) from None

    def close(self, patience_s: float = 2.0) -> None:
        """Send Close, read until the other side has answered, then shut the connection.

        Left to gunicorn, a peer that does not close its side holds the worker's main thread for two seconds each.
        """
        deadline_s = time.monotonic() + patience_s
        server = self._server
        try:
            server.sock.send(server.ws.send(CloseConnection(1000)))
            while (left_s := deadline_s - time.monotonic()) > 0:
                server.receive(timeout=left_s)
        except ConnectionClosed:
            return
        except Exception as error:  # noqa: BLE001  whatever the state of the connection, the thread must go on
            _log.debug("closing a stream: %s", error)
        server.connected = False
        try:
            server.sock.shutdown(sockets.SHUT_RDWR)
        except OSError:
            return
        server.thread.join(1)
