"""A small server that speaks TwiML and Media Streams as it is told to: what the telephone is tested against."""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.http11 import Response as HttpResponse
from websockets.sync.server import ServerConnection, serve
from werkzeug.serving import make_server

TOKEN = "a-token-for-tests"
CONNECT = (
    '<Response><Connect action="/voice/next"><Stream url="{ws}/media" statusCallback="/stream">'
    '<Parameter name="token" value="t-1"/></Stream></Connect></Response>'
)


@dataclass
class Asked:
    """One webhook request."""

    path: str
    method: str
    fields: dict[str, str]
    signed: bool


class Line:
    """The server's end of one media stream."""

    def __init__(self, socket: ServerConnection, signed: bool) -> None:
        self._socket = socket
        self.signed = signed
        self.messages: list[dict[str, Any]] = []
        self.audio = b""
        self.stream_sid = ""

    def send(self, event: str, **body: Any) -> None:
        self._socket.send(json.dumps({"event": event, "streamSid": self.stream_sid, **body}))

    def send_text(self, text: str) -> None:
        self._socket.send(text)

    def say(self, ms: int, mark: str | None = None) -> None:
        payload = base64.b64encode(b"\x20" * (ms * 8)).decode()
        self.send("media", media={"payload": payload})
        if mark:
            self.send("mark", mark={"name": mark})

    def next(self) -> dict[str, Any]:
        """The next message; raises ConnectionClosed at the end."""
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=60))
        self.messages.append(message)
        if message["event"] == "start":
            self.stream_sid = message["streamSid"]
        if message["event"] == "media":
            self.audio += base64.b64decode(message["media"]["payload"])
        return message

    def wait_for(self, event: str) -> dict[str, Any]:
        while True:
            message = self.next()
            if message["event"] == event:
                return message

    def wait_for_sound(self) -> None:
        """Until something louder than silence comes."""
        while set(base64.b64decode(self.wait_for("media")["media"]["payload"])) == {0xFF}:
            pass

    def wait_for_speech(self) -> None:
        """Until something louder than silence comes, and then until it is over."""
        self.wait_for_sound()
        while set(base64.b64decode(self.wait_for("media")["media"]["payload"])) != {0xFF}:
            pass

    def close(self, code: int = 1000) -> None:
        self._socket.close(code)


@dataclass
class PhoneServer:
    """``documents``: path -> TwiML, a list of them (one for each request), or something that makes an answer."""

    url: str
    media_url: str
    documents: dict[str, Any]
    media: Callable[[Line], None]
    asked: list[Asked] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def fields(self, path: str) -> dict[str, str]:
        """What the last request of a path carried."""
        return [each.fields for each in self.asked if each.path == path][-1]

    def answer(self, path: str) -> Any:
        document = self.documents.get(path)
        if isinstance(document, list):
            document = document.pop(0) if len(document) > 1 else document[0]
        if callable(document):
            document = document()
        if document is None:
            return Response("no such page", 404)
        if isinstance(document, str):
            return Response(document.replace("{ws}", self.media_url), mimetype="text/xml")
        return document


def hang_up_at_once(line: Line) -> None:
    line.wait_for("start")
    line.close()


@contextmanager
def phone_server(
    documents: dict[str, Any] | None = None, media: Callable[[Line], None] = hang_up_at_once
) -> Iterator[PhoneServer]:
    """Serve on a free port until the block ends."""
    app = Flask("phone")
    server: PhoneServer

    def signed(url: str, fields: dict[str, str], headers: Mapping[str, str]) -> bool:
        return bool(RequestValidator(TOKEN).validate(url, fields, headers.get("X-Twilio-Signature", "")))

    def only_media(socket: ServerConnection, asked: Request) -> HttpResponse | None:
        return None if asked.path.partition("?")[0] == "/media" else socket.respond(404, "no such stream")

    def carry(socket: ServerConnection) -> None:
        asked = socket.request
        assert asked is not None
        line = Line(socket, signed(f"{server.media_url}{asked.path}", {}, asked.headers))
        server.lines.append(line)
        try:
            media(line)
            while True:
                line.next()
        except (ConnectionClosed, TimeoutError):
            return

    @app.route("/<path:path>", methods=["GET", "POST"])
    def webhook(path: str) -> Any:
        fields = request.form.to_dict() if request.method == "POST" else request.args.to_dict()
        is_signed = signed(request.url, request.form.to_dict() if request.method == "POST" else {}, request.headers)
        if path == "health":
            return "ok"
        server.asked.append(Asked(f"/{path}", request.method, fields, is_signed))
        return server.answer(f"/{path}")

    listener = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    url = f"http://127.0.0.1:{listener.server_port}"
    known = {"/voice": CONNECT, "/voice/next": "<Response><Hangup/></Response>", "/stream": "<Response/>"}
    with serve(carry, "127.0.0.1", 0, process_request=only_media, compression=None) as streams:
        threading.Thread(target=streams.serve_forever, daemon=True).start()
        media_url = f"ws://127.0.0.1:{streams.socket.getsockname()[1]}"
        server = PhoneServer(url, media_url, {**known, **(documents or {})}, media)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
            listener.server_close()
