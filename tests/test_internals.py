"""What we use of gunicorn and websockets beyond what they document: a change is seen here and not in calls.

A version above the bounds in pyproject.toml is tried with these tests, and with test_deploys and test_socket, first.
"""

import inspect
import re
import tomllib
from importlib.metadata import version

import gunicorn.http.wsgi
import gunicorn.workers.gthread
import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.systemd import sd_notify
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from ivr.operations.serving import CallArbiter, CallWorker, HelpingWorker
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("ours", "base", "overridden", "used"),
    [
        (CallWorker, ThreadWorker, ["init_signals", "notify", "accept", "run", "is_parent_alive"], []),
        (HelpingWorker, Worker, ["init_process"], ["SIGNALS", "notify"]),
        (
            CallArbiter,
            Arbiter,
            ["handle_usr2", "kill_workers", "stop", "reap_workers", "spawn_worker", "manage_workers"],
            ["murder_workers", "WORKERS", "LISTENERS"],
        ),
    ],
)
def test_gunicorn_still_has_what_is_overridden_and_used(
    ours: type, base: type, overridden: list[str], used: list[str]
) -> None:
    for name in overridden:
        theirs, mine = (list(inspect.signature(getattr(each, name)).parameters) for each in (base, ours))
        assert name in vars(ours) and theirs == mine, f"{base.__name__}.{name} takes {theirs}"
    assert [name for name in used if not hasattr(base, name)] == []


def test_gunicorn_still_gives_workers_and_requests_what_we_read() -> None:
    made = inspect.getsource(Worker.__init__)
    assert [name for name in ("self.age", "self.sockets", "self.booted", "self.alive") if name not in made] == []
    assert "worker_class" in inspect.getsource(Arbiter.spawn_worker), "which we set for each worker"
    assert '"gunicorn.socket"' in inspect.getsource(gunicorn.http.wsgi)
    assert "except StopIteration" in inspect.getsource(gunicorn.workers.gthread), "how a request says it has served"
    assert list(inspect.signature(sd_notify).parameters)[:2] == ["state", "logger"]


def test_websockets_framing_is_still_that_of_our_two_sides() -> None:
    server = Protocol(SERVER, state=OPEN, max_size=100)
    assert (server.parser_exc, server.close_rcvd, server.state) == (None, None, OPEN)
    server.send_text(b"hello")
    assert b"".join(server.data_to_send()) == b"\x81\x05hello"
    server.receive_data(b"\x89\x80\x00\x00\x00\x00\x81\x82\x00\x00\x00\x00hi")
    frames = [
        (frame.opcode, bytes(frame.data), frame.fin) for frame in server.events_received() if isinstance(frame, Frame)
    ]
    assert frames == [(Opcode.PING, b"", True), (Opcode.TEXT, b"hi", True)]
    assert b"".join(server.data_to_send()) == b"\x8a\x00", "a ping is answered by itself"
    server.send_close(1000)
    with pytest.raises(InvalidState):
        server.send_text(b"late")
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    request = ClientProtocol(parse_uri("ws://localhost/media")).connect()
    assert request.path == "/media" and "status_code" in Response.__dataclass_fields__


@pytest.mark.parametrize("library", ["gunicorn", "websockets"])
def test_their_versions_have_an_upper_bound(library: str) -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    (mine,) = (each for each in needed if re.match(rf"{library}\W", each))
    bound = re.search(r"<(\d+)", mine)
    assert bound and int(version(library).split(".")[0]) < int(bound[1])
