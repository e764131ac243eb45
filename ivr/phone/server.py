"""The server a call is made to: one of our own for the length of a ``with`` block, or one that runs elsewhere."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import requests

from ivr.config.settings import DEMO, SIMULATED, SIMULATED_CLOCK

READY_WITHIN_S = 90.0  # a model is loaded in seconds; the first start renders every prompt as well
STOPPED_WITHIN_S = 5.0
LOG_LINES = 25  # of a server that did not start: enough for a traceback's end


class ServerUnavailable(Exception):
    """There is no server to call.  The message says why, with the server's own last words if it had any."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers.  ``pid`` and ``log`` are None for one we did not start."""

    url: str
    token: str
    database_url: str | None
    pid: int | None = None
    log: Path | None = None
    ready_after_s: float | None = None

    @property
    def voice_url(self) -> str:
        """The webhook of a ringing call."""
        return f"{self.url}/voice"

    def last_words(self, lines: int = LOG_LINES) -> str:
        """The end of its log; "" if it is not ours."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def reach(url: str | None, home: Path | None = None, simulated: bool = True, at: str = "") -> Iterator[Server]:
    """The server at ``url``, or without one a server of our own.  Raises ServerUnavailable.

    ``simulated``: languages without a model are understood by the text in the sound (``ivr.speech.simulated``).
    ``at``: the moment its opening hours begin with; "" for the real one.
    """
    if url:
        yield remote_server(url)
        return
    with own_server([sys.executable, "-m", "ivr", "serve"], home, simulated=simulated, at=at) as server:
        yield server


def remote_server(url: str) -> Server:
    """A running server; its secrets come from the environment, as they came to it."""
    token = os.environ.get("IVR_TWILIO_AUTH_TOKEN")
    if not token:
        raise ServerUnavailable("set IVR_TWILIO_AUTH_TOKEN to the token of that server: calls are signed with it")
    url = url.rstrip("/")
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(f"{url}/health", timeout=5)
    except requests.RequestException as error:
        raise ServerUnavailable(f"{url} cannot be reached ({type(error).__name__}); is the server running?") from None
    if not answer.ok:
        raise ServerUnavailable(f"{url}/health answered {answer.status_code}; is that the right address?")
    return Server(url, token, os.environ.get("IVR_DATABASE_URL"))


@contextmanager
def own_server(
    command: list[str],
    home: Path | None = None,
    database_url: str | None = None,
    simulated: bool = True,
    at: str = "",
    recordings_url: str = "",
) -> Iterator[Server]:
    """Start ``command`` on a free port with a database of its own, wait until it is ready, end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="ivr-telephone-") as directory, _ended_by_sigterm():
        port = _free_port()
        url, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
        database_url = database_url or f"sqlite:///{directory}/records.sqlite3"
        environment = {
            **os.environ,
            "IVR_PUBLIC_URL": url,
            "IVR_TWILIO_AUTH_TOKEN": token,
            "IVR_DATABASE_URL": database_url,
            "IVR_SHOP_URL": os.environ.get("IVR_SHOP_URL") or DEMO,
            SIMULATED: "1" if simulated else "",
            SIMULATED_CLOCK: at,
            **({"IVR_RECORDINGS_URL": recordings_url} if recordings_url else {}),
            **({"IVR_HOME": str(home)} if home else {}),
        }
        log = Path(directory) / "server.log"
        began = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--bind", f"127.0.0.1:{port}"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us, and we end it in order
            )
        server = Server(url, token, database_url, process.pid, log)
        try:
            _wait_until_ready(server, process)
            yield Server(url, token, database_url, process.pid, log, time.monotonic() - began)
        finally:
            _end(process)


def _wait_until_ready(server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    session = requests.Session()
    session.trust_env = False
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerUnavailable(f"the server did not start:\n{server.last_words()}")
        with contextlib.suppress(requests.RequestException):  # nobody listens yet
            if session.get(f"{server.url}/health", timeout=2).ok:
                return
        time.sleep(0.05)
    raise ServerUnavailable(f"the server was not ready within {READY_WITHIN_S:g} s:\n{server.last_words()}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end at once, then end it with everything it started."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOPPED_WITHIN_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its own process group: nothing else is in it
    process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """While inside, SIGTERM unwinds the stack instead of leaving the server behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
