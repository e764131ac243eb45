"""A PostgreSQL that does not answer, which is not one that refuses: nobody waits for it longer than a limit, and only
the first one waits at all."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from ivr.cli import ivr
from ivr.config import Config, Settings
from ivr.operations.doctor import database
from ivr.operations.health import health
from ivr.operations.metrics import Metrics
from ivr.operations.strangers import Strangers
from ivr.records.database import connect
from ivr.records.patience import patience
from ivr.records.records import Records, RecordsUnavailable
from tests.conftest import ROOT
from tests.house import CALL_ID, CONNECTED, SILENCE, FakeSocket, House, frames, key
from tests.postgres import Postgres
from tests.serving import eventually

PATIENCE_S = 60  # of a test; without a limit each of them would wait for ever


@contextmanager
def never_answers() -> Iterator[str]:
    """A server that takes connections and says nothing: what a proxy does whose database is gone."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"postgresql+psycopg://ivr:hush@127.0.0.1:{listening.getsockname()[1]}/ivr"


def in_time(work: Callable[[], Any]) -> Any:
    """The result of something that must not wait for ever."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(work).result(PATIENCE_S)
    finally:
        pool.shutdown(wait=False)


def is_a_person(answer: tuple[int, str]) -> bool:
    return answer[0] == 200 and "<Dial" in answer[1] and "+12025550142" in answer[1]


@pytest.fixture
def house(config: Config, tmp_path: Path, postgres: Postgres) -> House:
    made = House(config, tmp_path, database=postgres.database())
    made.without_database = True
    return made


def connections(house: House) -> list[object]:
    """One for each time the database is asked for a new connection."""
    asked: list[object] = []
    event.listen(house.records.engine, "do_connect", lambda *_: asked.append(threading.current_thread().name))
    return asked


def test_callers_reach_people_while_postgresql_is_stopped_and_only_the_first_waits(
    house: House, postgres: Postgres
) -> None:
    calls = [f"CA{number:032}" for number in range(40)]
    with postgres.silent():
        assert is_a_person(in_time(lambda: house.post("/voice", call_id=calls[0])))
        asked = connections(house)
        for call_id in calls[1:]:
            assert is_a_person(in_time(lambda call_id=call_id: house.post("/voice", call_id=call_id)))
            assert is_a_person(in_time(lambda call_id=call_id: house.post("/voice/next", call_id=call_id)))
        assert asked == [], "once known, nobody asks it but our own probe"
    assert house.parts.writer.flush(PATIENCE_S)
    for call_id in calls:
        stored = house.records.call(call_id)
        assert stored and (stored.outcome, stored.reason) == ("transferred", "failure"), "written when it is back"
    assert "<Stream" in house.post("/voice", call_id="CA" + "5" * 32)[1]


def test_many_callers_at_the_first_moment_all_reach_people(house: House, postgres: Postgres) -> None:
    with postgres.silent(), ThreadPoolExecutor(40) as exchange:
        answers = [exchange.submit(house.post, "/voice", f"CA{number:032}") for number in range(40)]
        assert all(is_a_person(each.result(PATIENCE_S)) for each in answers)


def test_who_asks_for_a_person_in_a_call_gets_one_while_postgresql_is_stopped(house: House, postgres: Postgres) -> None:
    house.post("/voice")
    socket = FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200), key("0")])
    session = house.streams._begin(socket)
    assert session is not None
    with postgres.silent():
        in_time(session.run)
        assert socket.closed and is_a_person(in_time(lambda: house.post("/voice/next")))
    assert house.parts.writer.flush(PATIENCE_S)
    stored = house.records.call(CALL_ID)
    assert stored and stored.reason == "pressed_zero" and stored.card, "with its story"


def test_a_stream_whose_claim_is_not_answered_ends_and_its_caller_reaches_a_person(
    house: House, postgres: Postgres
) -> None:
    house.post("/voice")
    stream = FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200)])
    with postgres.silent():
        in_time(lambda: house.streams.serve(stream))
        assert stream.closed and is_a_person(in_time(lambda: house.post("/voice/next")))


def test_several_waits_share_one_limit(postgres: Postgres) -> None:
    engine = connect(postgres.database())
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    waited = 0
    with patience(0.6):
        for _ in range(20):
            try:
                with engine.connect() as connection:
                    connection.execute(text("SELECT pg_sleep(0.15)"))
                waited += 1
            except SQLAlchemyError:
                break
    assert waited < 5, "each of them is short enough, and all together are not"


def test_one_slow_answer_does_not_keep_the_next_ones_out(postgres: Postgres) -> None:
    engine = connect(postgres.database())
    with pytest.raises(SQLAlchemyError, match="did not answer in time"), patience(0.2), engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(30)"))

    def answers() -> bool:
        try:
            with engine.connect() as connection:
                return connection.execute(text("SELECT 1")).scalar() == 1
        except NoConnection:
            return False

    eventually(answers, "our probe is answered at once")


def test_a_stopped_database_is_said_by_status_and_ready_does_not_ask_it(house: House, postgres: Postgres) -> None:
    app = Flask("test")
    app.register_blueprint(health(house.records, Metrics(), lambda: True, dict, lambda: False, Strangers()))
    with postgres.silent():
        answer = in_time(lambda: app.test_client().get("/status"))
        ready = in_time(lambda: app.test_client().get("/ready"))
    assert answer.status_code == 503 and "database" in answer.json["impaired"]
    assert ready.status_code == 200, "callers reach people through this server"


COMMANDS = ["callbacks", "report", "what-if --accept 0.9", "purge", "caller export +15550199", "versions"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_a_database_that_does_not_answer(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with never_answers() as url:
        monkeypatch.setenv("IVR_DATABASE_URL", url)
        monkeypatch.setenv("IVR_HOME", str(ROOT))
        monkeypatch.chdir(tmp_path)
        done = in_time(lambda: CliRunner().invoke(ivr, command.split()))
    assert done.exit_code != 0 and "127.0.0.1" in done.output and "does not answer" in done.output, done.output
    assert "hush" not in done.output


def test_a_server_does_not_start_in_silence(tmp_path: Path) -> None:
    with never_answers() as url:
        environ = {
            "PATH": "/usr/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": ":".join([str(ROOT), *sys.path]),
            "IVR_HOME": str(ROOT),
            "IVR_DATABASE_URL": url,
            "IVR_PUBLIC_URL": "http://127.0.0.1:8000",
            "IVR_TWILIO_AUTH_TOKEN": "x",
            "IVR_SHOP_URL": "demo",
        }
        command = [sys.executable, "-m", "ivr", "serve", "--bind", "127.0.0.1:0"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode != 0 and "127.0.0.1" in done.stderr and "does not answer" in done.stderr, done.stderr


def test_the_doctor_names_a_database_that_does_not_answer(tmp_path: Path) -> None:
    with never_answers() as url:
        environ = {"IVR_PUBLIC_URL": "http://127.0.0.1:9", "IVR_TWILIO_AUTH_TOKEN": "x", "IVR_DATABASE_URL": url}
        finding = in_time(lambda: database(Settings.from_environment(environ)))
        with pytest.raises(RecordsUnavailable, match="does not answer"):
            in_time(Records(url).prepare)
    assert finding.verdict == "wrong" and "does not answer" in finding.what and "hush" not in finding.what
