"""The browser as a telephone: a page on this machine, and one real call for each time it rings.

The page's microphone becomes 20 ms frames of μ-law; from there on the call is the simulator's: signed webhooks, a real
media stream, TwiML.  Only this machine's own browser gets in: other sites cannot open its socket (``_is_our_own``).
"""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request, send_from_directory
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from simple_websocket import Server as Socket

from ivr.phone.advisor import Advisor, Advisors
from ivr.phone.dialling import dial_up, lines, number_to
from ivr.phone.live import LiveCaller
from ivr.phone.notes import Turn
from ivr.phone.server import Server

LIMIT_S = 1800.0  # who tries for longer rings again
MAX_MESSAGE_BYTES = 8 * 1024  # a frame has 160
_PAGE = Path(__file__).parent / "softphone_page"
_KEYS = set("0123456789*#")


def softphone(server: Server, port: int) -> Flask:
    """The page and its socket, for calls to ``server``."""
    app = Flask("softphone", static_folder=None)
    app.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": MAX_MESSAGE_BYTES}
    sockets = Sock(app)
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    @app.before_request
    def only_this_machine() -> None:
        origin = urlsplit(request.headers.get("Origin", "")).netloc
        if request.host not in hosts or (origin and origin not in hosts):
            abort(403)

    @app.get("/")
    def page() -> Response:
        return send_from_directory(_PAGE, "page.html")

    @app.get("/<name>")
    def part(name: str) -> Response:
        return send_from_directory(_PAGE, name)

    @app.get("/lines")
    def known_lines() -> dict[str, str]:
        return lines()

    def line(socket: Socket) -> None:
        try:
            wanted = json.loads(socket.receive(timeout=10) or "{}")
            _call(socket, server, wanted)
        except (ConnectionClosed, ValueError, TypeError, AttributeError):
            return

    sockets.route("/line")(line)
    return app


def _call(socket: Socket, server: Server, wanted: dict[str, Any]) -> None:
    """One call, from dialling to its end.  The socket's own thread listens to the browser meanwhile."""
    sending = threading.Lock()

    def send(message: bytes | dict[str, Any]) -> None:
        with sending:
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


def _listen(socket: Socket, caller: LiveCaller) -> None:
    """Sound, keys and the receiver, as the browser sends them."""
    try:
        while True:
            message = socket.receive()
            if isinstance(message, bytes):
                caller.take_sound(message)
            elif message is not None:
                _act(json.loads(message), caller)
    except (ConnectionClosed, ValueError, TypeError, AttributeError):
        caller.hang_up()


def _act(message: dict[str, Any], caller: LiveCaller) -> None:
    key = str(message.get("key", ""))
    if key in _KEYS:
        caller.press(key)
    if message.get("hang_up"):
        caller.hang_up()


Ready = Callable[[str], None]


def serve(server: Server, port: int, ready: Ready) -> None:
    """Serve the page on the loopback address until interrupted.  Raises OSError for a port that is taken."""
    from werkzeug.serving import make_server

    listener = make_server("127.0.0.1", port, Flask("starting"), threaded=True)
    listener.app = softphone(server, listener.server_port)
    ready(f"http://127.0.0.1:{listener.server_port}/")
    try:
        listener.serve_forever()
    finally:
        listener.server_close()
