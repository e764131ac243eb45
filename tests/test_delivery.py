"""News of calls to the company's own system: signed, once, however slow, dead or lying the receiver is."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ivr.advisors.delivery import Delivery
from ivr.records.jobs import MOST_TRIES
from ivr.records.records import Records
from tests.house import CALL_ID

SECRET = "a long random text"
NOW = datetime.now(UTC) + timedelta(hours=1)  # later than any of these tests is run
Answer = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")


def endless(handler: BaseHTTPRequestHandler) -> None:
    """200, and a body that never ends: nobody reads it."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


class Receiver:
    """A real server on this machine.  ``answers``: one for each message; the last one for all that follow."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [status(204)]
        self.messages: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.messages.append(({name.lower(): value for name, value in self.headers.items()}, body))
                outer.next_answer()(self)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.messages]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres").database())
    return f"sqlite:///{tmp_path / 'ivr.sqlite3'}"


@pytest.fixture
def records(database: str) -> Iterator[Records]:
    made = Records(database)
    made.prepare()
    made.open(CALL_ID, "+15550111", "+15550100", "en", "token")
    made.close(CALL_ID, "transferred", "asked", team="service", card={"reason": "asked", "said": []})
    yield made
    made.engine.dispose()


def delivery(records: Records, url: str | None, started: bool = False) -> Delivery:
    """``started``: with its thread; else only what a test tells it to do is done."""
    made = Delivery(records, lambda call_id: f"https://ivr.example.com/card/{call_id}", url, SECRET)
    if not started:
        made._jobs.start = lambda: None  # type: ignore[method-assign]
    return made


def tries(made: Delivery, count: int, after: timedelta = timedelta(minutes=1)) -> None:
    """The next ``count`` tries, ``after`` one another."""
    for number in range(1, count + 1):
        made._jobs.do_next(datetime.now(UTC) + number * after)


def kinds(records: Records) -> list[str]:
    return [event.kind for event in records.events(CALL_ID)]


def test_the_receiver_gets_the_call_signed(records: Records) -> None:
    receiver = Receiver()
    made = delivery(records, receiver.url)
    made.announce(CALL_ID, "transferred")
    tries(made, 1)
    ((headers, body),) = receiver.messages
    time, signature = (part.split("=")[1] for part in headers["x-ivr-signature"].split(","))
    assert signature == hmac.new(SECRET.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
    message = json.loads(body)
    assert headers["x-ivr-delivery"] == message["id"] and headers["x-ivr-event"] == message["event"] == "transferred"
    assert (message["call_id"], message["caller"], message["reason"]) == (CALL_ID, "+15550111", "asked")
    assert message["card"]["reason"] == "asked" and message["link"].endswith(CALL_ID)
    assert kinds(records) == ["delivered"] and made._jobs.waiting() == 0


@pytest.mark.parametrize(
    "bad",
    [status(500), status(404), status(302, Location="http://127.0.0.1:1/elsewhere"), garbage, status(100)],
    ids=["500", "404", "redirect", "garbage", "100"],
)
def test_what_is_no_yes_is_sent_again_under_the_same_id(records: Records, bad: Answer) -> None:
    receiver = Receiver(bad, bad, status(200))
    made = delivery(records, receiver.url)
    made.announce(CALL_ID, "transferred")
    tries(made, 3)
    assert len(receiver.messages) == 3
    assert len({headers["x-ivr-delivery"] for headers, _ in receiver.messages}) == 1
    assert made._jobs.waiting() == 0 and records.events(CALL_ID)[-1].data == {"what": "transferred", "tries": 3}


def test_news_that_a_repeated_webhook_brings_again_is_told_once(records: Records) -> None:
    receiver = Receiver()
    made = delivery(records, receiver.url)
    for _ in range(2):
        made.announce(CALL_ID, "transferred")  # Twilio repeats what was not answered in time
    assert made._jobs.waiting() == 1
    tries(made, 1)
    made.announce(CALL_ID, "transferred")
    made.announce(CALL_ID, "connected")
    tries(made, 2)
    assert [message["event"] for message in receiver.bodies()] == ["transferred", "connected"]
    assert made._jobs.waiting() == 0


def test_a_clock_that_is_set_back_or_ahead_neither_delays_news_nor_gives_it_up(records: Records) -> None:
    receiver = Receiver(status(500), status(500), status(200))
    made = delivery(records, receiver.url)
    made.announce(CALL_ID, "transferred")
    assert made._jobs.do_next(NOW - timedelta(hours=3))
    assert made._jobs.do_next(NOW + timedelta(days=400)), "more than a day late is no reason to give up"
    assert made._jobs.do_next(NOW)
    assert len(receiver.messages) == 3 and kinds(records) == ["delivered"]


def test_a_new_receiver_is_told_what_was_stored_for_the_one_before(records: Records) -> None:
    old, new = Receiver(), Receiver()
    made = delivery(records, old.url)
    made.announce(CALL_ID, "transferred")
    made.tell(new.url, "another secret")
    tries(made, 1)
    assert not old.messages and len(new.messages) == 1


def test_an_endless_answer_is_not_read(records: Records) -> None:
    receiver = Receiver(endless)
    made = delivery(records, receiver.url)
    made.announce(CALL_ID, "transferred")
    tries(made, 1)
    assert made._jobs.waiting() == 0


def test_pauses_grow_and_after_a_day_the_record_says_that_nobody_was_told(records: Records) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    made = delivery(records, f"http://127.0.0.1:{port}/nobody")
    made.announce(CALL_ID, "transferred")
    assert made._jobs.do_next(NOW + timedelta(minutes=1))
    assert not made._jobs.do_next(NOW + timedelta(minutes=1, seconds=4))
    assert made._jobs.do_next(NOW + timedelta(minutes=1, seconds=6))
    assert not made._jobs.do_next(NOW + timedelta(minutes=1, seconds=15))
    later = NOW + timedelta(minutes=2)
    for _ in range(MOST_TRIES - 2):
        assert made._jobs.waiting() == 1
        later += timedelta(minutes=16)
        assert made._jobs.do_next(later)
    assert later - NOW > timedelta(days=1) and made._jobs.waiting() == 0
    last = records.events(CALL_ID)[-1]
    assert (
        last.kind == "undelivered" and last.data["what"] == "transferred" and "could not be reached" in last.data["why"]
    )


def test_a_message_survives_the_process_that_wanted_it_sent(records: Records, database: str) -> None:
    receiver = Receiver()
    delivery(records, receiver.url).announce(CALL_ID, "transferred")
    after_restart = delivery(Records(database), receiver.url)
    tries(after_restart, 1)
    assert [message["event"] for message in receiver.bodies()] == ["transferred"]


def test_two_processes_send_a_message_once(records: Records, database: str) -> None:
    receiver = Receiver()
    made = [delivery(Records(database), receiver.url) for _ in range(4)]
    for number in range(20):
        made[0].announce(f"CA{number}", "transferred")

    def work(each: Delivery) -> None:
        while each._jobs.do_next(NOW + timedelta(minutes=1)):
            pass

    threads = [threading.Thread(target=work, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [headers["x-ivr-delivery"] for headers, _ in receiver.messages]
    assert len(ids) == len(set(ids)) == 20


def test_a_job_whose_process_died_is_taken_again(records: Records) -> None:
    receiver = Receiver()
    made = delivery(records, receiver.url)
    made.announce(CALL_ID, "transferred")
    taken = datetime.now(UTC) + timedelta(seconds=1)
    assert made._jobs._take(taken)
    assert not made._jobs.do_next(taken + timedelta(seconds=30))
    assert made._jobs.do_next(taken + timedelta(seconds=61)) and len(receiver.messages) == 1


@pytest.mark.parametrize(
    "database", ["sqlite"], indirect=True
)  # its thread outlives the test, and so must the database
def test_a_receiver_that_hangs_delays_nobody(records: Records) -> None:
    release = threading.Event()
    receiver = Receiver(lambda handler: (release.wait(20), status(204)(handler))[1])  # type: ignore[func-returns-value]
    made = delivery(records, receiver.url, started=True)
    for number in range(50):
        made.announce(f"CA{number}", "transferred")  # returns although nothing is answered
    assert made._jobs.waiting() == 50
    release.set()


def test_a_database_that_is_away_does_not_stop_a_webhook(records: Records) -> None:
    receiver = Receiver()
    made = delivery(records, receiver.url)
    with records.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs RENAME TO elsewhere")
    made.announce(CALL_ID, "transferred")


def test_without_a_receiver_nothing_is_stored(records: Records) -> None:
    made = delivery(records, None)
    made.announce(CALL_ID, "transferred")
    assert made._jobs.waiting() == 0


def test_a_call_that_is_no_longer_kept_is_still_told_of(records: Records) -> None:
    receiver = Receiver()
    made = delivery(records, receiver.url)
    made.announce("CA-forgotten", "callback")
    tries(made, 1)
    assert receiver.bodies()[0]["call_id"] == "CA-forgotten"
