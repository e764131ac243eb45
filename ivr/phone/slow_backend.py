"""``ivr bench calls --slow-backend``: some callers ask what hangs in a service, the others what a database answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ivr.phone.load import Part
from ivr.phone.mix import add_requests, add_sentences, copy_of
from ivr.phone.sound import Synthesis

LANGUAGE = "fr"  # understood by the text its sound carries: recognition costs nothing, backends are what is measured
_ASKING = "je veux parler à un conseiller"
_SENTENCES = {"bench_quick": "question rapide", "bench_slow": "question lente"}


@contextmanager
def home_with_slow_backend(home: Path, seconds: float) -> Iterator[Path]:
    """A copy of the configuration with one more question to the database, and one to a service that takes so long."""
    with service(b"{}", seconds) as url, copy_of(home) as copy:
        actions = {
            "bench_quick": {"sql": "SELECT 'found' AS outcome"},
            "bench_slow": {"http": {"url": f"{url}/", "timeout_s": 30}},
        }
        add_requests(copy, actions)
        add_sentences(copy, LANGUAGE, {name: [said] for name, said in _SENTENCES.items()})
        yield copy


def slow_parts() -> list[Part]:
    """Every other caller asks the database, the others the service that hangs; all then ask for an advisor."""
    with Synthesis() as synthesis:
        ask = synthesis.say(_ASKING, LANGUAGE, readable=True)
        said = {name: synthesis.say(text, LANGUAGE, readable=True) for name, text in _SENTENCES.items()}
    quick = Part("asks the database", [[said["bench_quick"], ask]])
    return [quick, Part("asks the slow backend", [[said["bench_slow"], ask]], slow=True)]


@contextmanager
def service(body: bytes, seconds: float = 0.0) -> Iterator[str]:
    """The address of a service that answers everything with this, after so long."""
    over = threading.Event()

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            over.wait(seconds)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who asked did not wait for the answer
    threading.Thread(target=server.serve_forever, name="service", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
