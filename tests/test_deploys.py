"""Signals to a real server with live calls on it: no call is lost, whatever is deployed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from flask import Blueprint, Flask

from ivr.operations.draining import LONGEST_PAUSE_S, Draining
from ivr.operations.generations import listen
from ivr.phone.notes import Notes
from ivr.phone.server import Server, own_server
from ivr.records.records import Records
from tests.conftest import ROOT
from tests.serving import PATIENCE_S, SERVE, LiveCall, eventually, light_home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return light_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    with own_server(SERVE, home=home) as server:
        yield server


def tell(server: Server, number: signal.Signals) -> None:
    assert server.pid
    os.kill(server.pid, number)


def says(server: Server, words: str, times: int = 1) -> None:
    eventually(lambda: server.last_words(500).count(words) >= times, f"the log says {words!r}")


def generations(server: Server) -> list[psutil.Process]:
    assert server.pid
    return psutil.Process(server.pid).children()


def outcome(server: Server, notes: Notes) -> tuple[str | None, str | None]:
    stored = Records(server.database_url or "").call(notes.call_id)
    assert stored
    return stored.outcome, stored.reason


def presses_zero_and_reaches_a_person(server: Server, call: LiveCall) -> None:
    call.caller.press("0")
    notes = call.ended()
    assert notes.failure is None and notes.warnings == [] and notes.bridged
    assert "/voice/next" in [path for path, _ in notes.webhooks_ms]
    assert outcome(server, notes) == ("transferred", "pressed_zero")


def hangs_up(server: Server, call: LiveCall) -> None:
    call.caller.hang_up()
    notes = call.ended()
    assert notes.failure is None and outcome(server, notes) == ("hung_up", None)


@pytest.mark.parametrize("asked", [signal.SIGHUP, signal.SIGUSR2])
def test_calls_end_as_they_would_have_while_a_new_generation_serves_new_ones(
    server: Server, asked: signal.Signals
) -> None:
    before = [LiveCall(server) for _ in range(3)]
    old = generations(server)
    for call in before:
        call.in_progress()
    tell(server, asked)
    says(server, "a generation answers", 2)
    after = LiveCall(server).in_progress()
    assert requests.get(f"{server.url}/ready", timeout=PATIENCE_S).status_code == 200
    for call in before[1:]:
        presses_zero_and_reaches_a_person(server, call)
    hangs_up(server, before[0])
    eventually(lambda: not old[0].is_running(), "the generation before ends with its last call")
    presses_zero_and_reaches_a_person(server, after)
    assert len(generations(server)) == 1


def test_a_server_told_to_stop_answers_for_the_calls_in_progress_and_sends_new_ones_to_people(server: Server) -> None:
    calls = [LiveCall(server) for _ in range(3)]
    for call in calls:
        call.in_progress()
    tell(server, signal.SIGTERM)
    says(server, "asked to stop")
    eventually(lambda: requests.get(f"{server.url}/ready", timeout=PATIENCE_S).status_code == 503, "not ready")
    late = LiveCall(server).ended()
    assert late.bridged and not late.timings and outcome(server, late) == ("transferred", "overload")
    for call in calls[1:]:
        presses_zero_and_reaches_a_person(server, call)
    hangs_up(server, calls[0])
    assert requests.get(f"{server.url}/health", timeout=PATIENCE_S).ok, "somebody may still be ringing"


def test_a_server_without_calls_stops_at_once(home: Path) -> None:
    with own_server(SERVE, home=home) as server:
        process = psutil.Process(server.pid)
        tell(server, signal.SIGTERM)
        process.wait(PATIENCE_S)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/health", timeout=PATIENCE_S)


def test_systemd_is_told_when_it_answers_reloads_and_stops(home: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE_S)
        with own_server(["env", f"NOTIFY_SOCKET={tmp_path / 'notify'}", *SERVE], home=home) as server:
            assert systemd.recv(1024).startswith(b"READY=1")
            tell(server, signal.SIGHUP)
            assert systemd.recv(1024).startswith(b"RELOADING=1") and systemd.recv(1024).startswith(b"READY=1")
            tell(server, signal.SIGTERM)
            assert systemd.recv(1024).startswith(b"STOPPING=1")


def test_the_unit_file_is_one(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here: apt-get install systemd")
    unit = (ROOT / "docs" / "deploy" / "ivr.service").read_text(encoding="utf-8")
    here = tmp_path / "ivr.service"
    here.write_text(unit.replace("/opt/ivr/bin/ivr", shutil.which("true") or ""), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_version_that_does_not_start_changes_nothing(tmp_path: Path) -> None:
    home = light_home(tmp_path)
    with own_server(SERVE, home=home) as server:
        call = LiveCall(server).in_progress()
        (home / "config" / "ivr.yaml").write_text("nonsense: true", encoding="utf-8")
        tell(server, signal.SIGHUP)
        says(server, "the new generation did not start")
        presses_zero_and_reaches_a_person(server, LiveCall(server).in_progress())
        presses_zero_and_reaches_a_person(server, call)


def test_a_server_that_dies_by_itself_is_started_again_and_nobody_is_refused_meanwhile(server: Server) -> None:
    call = LiveCall(server).in_progress()
    generations(server)[0].kill()
    says(server, "the server ended by itself")
    late = LiveCall(server).in_progress()  # its workers go on alone until the new generation answers
    says(server, "a generation answers", 2)
    presses_zero_and_reaches_a_person(server, late)
    presses_zero_and_reaches_a_person(server, call)


def test_a_port_in_use_is_said() -> None:
    with listen("127.0.0.1:0") as taken:
        command = [*SERVE, "--bind", f"127.0.0.1:{taken.getsockname()[1]}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "cannot listen on 127.0.0.1" in done.stderr
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:8000"):
        listen("everywhere")


def test_a_server_that_cannot_start_says_why_and_exits(home: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "IVR_HOME": str(home), "PYTHONPATH": sys.path[0]}
    command = [*SERVE, "--bind", "127.0.0.1:0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "IVR_TWILIO_AUTH_TOKEN is not set" in done.stderr


def test_a_process_that_was_asked_to_stop_stays_for_streams_and_for_callers_who_are_being_put_through() -> None:
    now, streams = [0.0], [1]
    draining = Draining(lambda: streams[0], lambda: now[0])
    routes = Blueprint("routes", __name__)
    routes.get("/voice/dialled")(lambda: "")
    draining.follow(routes)
    app = Flask("app")
    app.register_blueprint(routes)
    assert not draining.over()
    draining.begin()
    now[0] += 10 * LONGEST_PAUSE_S
    assert not draining.over(), "a stream goes on"
    streams[0] = 0
    now[0] += LONGEST_PAUSE_S - 1
    app.test_client().get("/voice/dialled")
    now[0] += LONGEST_PAUSE_S - 1
    assert not draining.over(), "an advisor's telephone may be ringing"
    now[0] += 2
    assert draining.over()
