"""The browser as a telephone: a page on this machine, and one real call for each time it rings.

The page's microphone becomes 20 ms frames of μ-law; from there on the call is the simulator's: signed webhooks, a real
media stream, TwiML.  Only this machine's own browser gets in: other sites cannot open its socket (``_answer``).
"""

import asyncio
import json
import mimetypes
import threading
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as listen

from ivr.phone.advisor import Advisor, Advisors
from ivr.phone.dialling import dial_up, lines, number_to
from ivr.phone.live import LiveCaller
from ivr.phone.notes import Turn
from ivr.phone.server import Server

LIMIT_S = 1800.0  # who tries for longer rings again
MAX_MESSAGE_BYTES = 8 * 1024  # a frame has 160
_PAGE = {f"/{file.name}": file for file in (Path(__file__).parent / "softphone_page").iterdir()}
_KEYS = set("0123456789*#")


def serve(server: Server, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page and its socket on the loopback address until interrupted, for calls to ``server``.

    ``ready`` gets the page's address.  Raises OSError for a port that is taken.
    """

    def line(socket: ServerConnection) -> None:
        try:
            _call(socket, server, json.loads(socket.recv(timeout=10)))
        except (ConnectionClosed, TimeoutError, ValueError, TypeError, AttributeError):
            return

    def answer(socket: ServerConnection, request: Request) -> Response | None:
        return _answer(socket, request, hosts)

    with listen(
        line, "127.0.0.1", port, process_request=answer, max_size=MAX_MESSAGE_BYTES, compression=None
    ) as listener:
        port = listener.socket.getsockname()[1]
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        ready(f"http://127.0.0.1:{port}/")
        listener.serve_forever()


def _answer(socket: ServerConnection, request: Request, hosts: set[str]) -> Response | None:
    """A part of the page; None for the socket itself, whose handshake follows."""
    origin = request.headers.get("Origin", "").partition("://")[2]
    if request.headers.get("Host") not in hosts or (origin and origin not in hosts):
        return socket.respond(HTTPStatus.FORBIDDEN, "this page is for this machine's own browser")
    path = request.path.partition("?")[0]
    if path == "/line":
        return None
    if path == "/lines":
        return _page(socket, json.dumps(lines()), "application/json")
    file = _PAGE.get("/page.html" if path == "/" else path)
    if file is None:
        return socket.respond(HTTPStatus.NOT_FOUND, "no such page")
    return _page(socket, file.read_text("utf-8"), mimetypes.guess_type(file.name)[0] or "text/plain")


def _page(socket: ServerConnection, text: str, kind: str) -> Response:
    response = socket.respond(HTTPStatus.OK, text)
    del response.headers["Content-Type"]  # it can hold several of a name
    response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    return response


def _call(socket: ServerConnection, server: Server, wanted: dict[str, Any]) -> None:
    """One call, from dialling to its end.  Another thread listens to the browser meanwhile."""

    def send(message: bytes | dict[str, Any]) -> None:
        try:
            socket.send(message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False))
        except ConnectionClosed:
            caller.hang_up()

    def tell(what: Turn | str) -> None:
        send({"event": "happened", "text": what} if isinstance(what, str) else {"event": "turn", **asdict(what)})

    caller = LiveCaller(send, lambda: send({"event": "silenced"}))
    listening = threading.Thread(target=_listen, args=(socket, caller), daemon=True)
    listening.start()
    number = number_to(server, str(wanted.get("line", "")), str(wanted.get("caller", "+15550199")), LIMIT_S)
    advisors = Advisors((Advisor(wanted.get("advisor", "answers")),))
    result = asyncio.run(dial_up(server, number, caller, advisors, tell))
    send({"event": "ended", "result": result.as_json()})
    socket.close()
    listening.join(timeout=2)


def _listen(socket: ServerConnection, caller: LiveCaller) -> None:
    """Sound, keys and the receiver, as the browser sends them."""
    try:
        while True:
            message = socket.recv()
            if isinstance(message, bytes):
                caller.take_sound(message)
            else:
                _act(json.loads(message), caller)
    except (ConnectionClosed, ValueError, TypeError, AttributeError):
        caller.hang_up()


def _act(message: dict[str, Any], caller: LiveCaller) -> None:
    key = str(message.get("key", ""))
    if key in _KEYS:
        caller.press(key)
    if message.get("hang_up"):
        caller.hang_up()
