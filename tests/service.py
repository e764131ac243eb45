"""A company's HTTP service that misbehaves as it is told to: what backends are tested against."""

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Handler = Callable[["Service", BaseHTTPRequestHandler], None]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Service:
    """``answers``: one for each request, the last one for all that follow."""

    url: str = ""
    answers: list[Handler] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Handler:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(body: str | bytes = "{}", status: int = 200, kind: str = "application/json", **headers: str) -> Handler:
    content = body.encode() if isinstance(body, str) else body

    def handle(service: Service, request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return handle


def silence(service: Service, request: BaseHTTPRequestHandler) -> None:
    """Take the request and never answer."""
    service.over.wait(30)
    request.close_connection = True


def hang_up(service: Service, request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.connection.close()


def drip(service: Service, request: BaseHTTPRequestHandler) -> None:
    """A byte now and then, so that no single wait is long."""
    request.close_connection = True
    request.send_response(200)
    request.end_headers()
    while not service.over.wait(0.05):
        request.wfile.write(b" ")
        request.wfile.flush()


@contextmanager
def running_service(certificate: Path | None = None) -> Iterator[Service]:
    service = Service(answers=[answer()])

    class Request(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            service.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            try:
                service.next()(service, self)
            except OSError:
                return  # the other side had enough

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    service.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def self_signed(folder: Path) -> Path:
    """A certificate that nobody has vouched for, with its key, in one file."""
    path = folder / "certificate.pem"
    key = folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(path)]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path
