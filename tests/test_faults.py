"""Bad days: each fault is injected, and the caller still reaches a person, the call has its record, the rest goes on.

Faults of other parts stand with those parts' tests; docs/reliability.md lists them all.
"""

import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, update

from ivr.call.events import Heard
from ivr.config import Config
from ivr.records.jobs import Job, Jobs
from ivr.records.records import NewEvent, Records
from ivr.records.schema import calls
from ivr.records.writer import EventWriter
from ivr.telephony.cards import CardLinks, LinkRefused
from tests.conftest import ROOT
from tests.house import CALL_ID, CONNECTED, SILENCE, STOP, FakeSocket, House, frames, key, utterance
from tests.postgres import programs, running_postgres


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    return without_database(House(config, tmp_path))


def without_database(house: House) -> House:
    """One that does not wait for its database: it is taken away."""
    house.without_database = True
    return house


def ending(house: House, call_id: str = CALL_ID) -> tuple[str | None, str | None]:
    """Outcome and reason, once everything that had to wait is written."""
    assert house.parts.writer.flush(timeout_s=60.0)
    stored = house.records.call(call_id)
    assert stored is not None, "the call has no record"
    return stored.outcome, stored.reason


def is_a_person(answer: tuple[int, str]) -> bool:
    return answer[0] == 200 and "<Dial" in answer[1] and "+12025550142" in answer[1]


# -- the database -----------------------------------------------------------------------------------------------------


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Somebody else writes and does not finish; nobody waits for it here."""
    event.listen(house.records.engine, "checkout", _without_patience)
    other = sqlite3.connect(house.records.engine.url.database or "", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def full(house: House) -> Iterator[None]:
    """Not one page more fits into the database."""
    limit = ["PRAGMA max_page_count=1"]  # less than there are means: no more than there are

    def keep_small(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(limit[0])

    event.listen(house.records.engine, "checkout", keep_small)
    try:
        yield
    finally:
        limit[0] = "PRAGMA max_page_count=1000000"


def _without_patience(connection: sqlite3.Connection, *_: object) -> None:
    connection.execute("PRAGMA busy_timeout=0")


LONG_STORY = tuple(Heard("the quick brown fox " * 400, 1.0) for _ in range(3))  # more than a page's rest


@pytest.mark.parametrize("trouble", [locked, full])
def test_a_call_that_comes_in_while_nothing_can_be_written_reaches_a_person_and_gets_its_record_later(
    house: House, trouble: Callable[[House], object]
) -> None:
    many = [f"CA{number:032}" for number in range(1, 60)]  # a page has room for some
    with trouble(house):  # type: ignore[attr-defined]
        answers = [house.post("/voice", call_id=call_id) for call_id in many]
        refused = [call_id for call_id, answer in zip(many, answers, strict=True) if "<Stream" not in answer[1]]
        assert refused and all(is_a_person(house.post("/voice/next", call_id=call_id)) for call_id in many)
    for call_id in many:
        assert ending(house, call_id) == ("transferred", "failure")
    assert "<Stream" in house.post("/voice", call_id="CA" + "8" * 32)[1], "it recovers by itself"


@pytest.mark.parametrize("trouble", [locked, full])
def test_a_call_whose_ending_cannot_be_written_reaches_a_person_and_its_ending_is_written_later(
    house: House, trouble: Callable[[House], object]
) -> None:
    trouble_now = trouble(house)
    begin = house.streams._begin

    def begin_then_break(socket: FakeSocket) -> object:
        session = begin(socket)
        trouble_now.__enter__()  # type: ignore[attr-defined]
        return session

    house.streams._begin = begin_then_break  # type: ignore[method-assign, assignment]
    socket = house.stream(*utterance(), *utterance(), *utterance(), key("0"), said=LONG_STORY)
    assert socket.closed and is_a_person(house.post("/voice/next"))
    trouble_now.__exit__(None, None, None)  # type: ignore[attr-defined]
    assert ending(house)[0] == "transferred"
    assert [each for each in house.records.events(CALL_ID) if each.kind == "said"], "what was said is not lost either"


def test_a_caller_who_hangs_up_while_the_database_is_locked_has_a_record(house: House) -> None:
    house.post("/voice")
    with locked(house):
        assert house.post("/voice/next", CallStatus="completed")[0] == 200
    assert ending(house) == ("hung_up", None)


def test_a_database_server_that_dies_in_a_call_and_comes_back_costs_nobody_a_person_or_a_record(
    config: Config, tmp_path: Path
) -> None:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with running_postgres(found) as postgres:
        house = without_database(House(config, tmp_path, database=postgres.database()))
        socket = house.stream(*frames(SILENCE, 200), key("0"), then=postgres.stop)
        assert socket.closed and is_a_person(house.post("/voice/next"))
        assert is_a_person(house.post("/voice", call_id="CA" + "5" * 32))
        postgres.come_back()
        assert ending(house) == ("transferred", "failure")
        assert ending(house, "CA" + "5" * 32) == ("transferred", "failure")
        assert "<Stream" in house.post("/voice", call_id="CA" + "6" * 32)[1]


FULL_DISK = """
import resource, sys, tempfile, threading
from pathlib import Path
from ivr.config import load
from tests.house import *
folder = Path(tempfile.mkdtemp(dir=sys.argv[1]))
house = House(load(Path(sys.argv[2])), folder)
house.without_database = True
house.parts.audio = folder / "audio"
house.post("/voice")
socket = FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200), key("0")])
session = house.streams._begin(socket)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))  # no file may grow: the disk is full
session.run()
status, text = house.post("/voice/next")
assert socket.closed and status == 200 and "<Dial" in text, text
assert "<Dial" in house.post("/voice", call_id="CA" + "7" * 32)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert house.parts.writer.flush(60)
for call_id in (CALL_ID, "CA" + "7" * 32):
    assert house.records.call(call_id).outcome == "transferred", call_id
assert "<Stream" in house.post("/voice", call_id="CA" + "8" * 32)[1]
print("recovered")
"""


def test_a_full_disk_costs_nobody_a_person_or_a_record(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.endswith("recovered\n"), done.stdout + done.stderr


def test_what_is_wrong_itself_is_given_up_and_what_comes_after_it_is_written(tmp_path: Path) -> None:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    records.prepare()
    records.open("CA1", "", "", "en", "")
    writer = EventWriter(records, pause_s=0.01)
    writer.later(lambda: 1 / 0)
    writer.note(NewEvent("CA unknown to anybody", 0, "said", {"text": object()}))
    writer.note(NewEvent("CA1", 0, "said", {"text": "hello"}))
    assert writer.flush(timeout_s=60.0)
    assert [each.data for each in records.events("CA1")] == [{"text": "hello"}]


def test_a_database_that_never_comes_back_does_not_hold_up_what_can_be_written(tmp_path: Path) -> None:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")  # its tables are not there yet
    writer = EventWriter(records, pause_s=0.01, patience_s=0.05)
    writer.note(NewEvent("CA1", 0, "said", {}))
    assert writer.flush(timeout_s=60.0)
    records.prepare()
    records.open("CA1", "", "", "en", "")
    writer.note(NewEvent("CA1", 0, "heard", {}))
    assert writer.flush(timeout_s=60.0)
    assert [each.kind for each in records.events("CA1")] == ["heard"]


def test_a_call_whose_process_died_is_ended_by_the_status_callback_or_by_the_daily_purge(house: House) -> None:
    house.post("/voice")
    house.post("/voice/ended", CallStatus="completed")
    assert ending(house) == ("hung_up", None)
    old = "CA" + "4" * 32
    house.post("/voice", call_id=old)
    assert house.records.close_forgotten() == 0
    with house.records.engine.begin() as connection:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        connection.execute(update(calls).where(calls.c.call_id == old).values(started_at=yesterday))
    assert house.records.close_forgotten() == 1 and ending(house, old) == ("failed", None)


# -- webhooks, late, twice and out of order ---------------------------------------------------------------------------


def test_a_call_announced_twice_at_once_is_one_call(house: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: house.post("/voice"), range(8)))
    assert len(answers) == 1 and "<Stream" in answers.pop()[1]


def test_what_comes_next_is_asked_before_the_stream_has_ended(house: House) -> None:
    house.post("/voice")
    socket = FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200), key("0")])
    session = house.streams._begin(socket)
    assert is_a_person(house.post("/voice/next"))
    assert session is not None
    session.run()
    assert socket.closed and ending(house) == ("transferred", "failure"), "the first ending stays"
    assert is_a_person(house.post("/voice/next"))


def test_a_late_retry_of_the_first_webhook_opens_nothing_and_leads_to_a_person(house: House) -> None:
    house.stream(*frames(SILENCE, 200), key("0"))
    assert "<Stream" in house.post("/voice")[1]
    late = FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200)])
    house.streams.serve(late)
    assert late.closed and late.sent == [] and is_a_person(house.post("/voice/next"))
    assert ending(house) == ("transferred", "pressed_zero")


def test_a_status_callback_that_overtakes_the_stream_does_not_take_away_its_story(house: House) -> None:
    house.post("/voice")
    session = house.streams._begin(FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200), STOP]))
    house.post("/voice/ended", CallStatus="completed")
    assert session is not None
    session.run()
    stored = house.records.call(CALL_ID)
    assert stored and stored.outcome == "hung_up" and stored.card is not None


@pytest.mark.parametrize("seed", range(12))
def test_webhooks_in_any_order_and_number_leave_a_caller_with_a_person_and_a_record(house: House, seed: int) -> None:
    chance = random.Random(seed)
    hooks = [
        ("/voice", {"CallStatus": "ringing"}),
        ("/stream-events", {"StreamEvent": "stream-started"}),
        ("/stream-events", {"StreamEvent": "stream-stopped"}),
        ("/voice/next", {}),
        ("/voice/dialled?team=service", {"DialCallStatus": "busy"}),
        ("/voice/left?team=service", {"QueueResult": "queue-full"}),
        ("/voice/ended", {"CallStatus": "completed"}),
    ]
    sent = [*hooks, *chance.choices(hooks, k=5)]
    chance.shuffle(sent)
    for path, fields in sent:
        status, text = house.post(path, **fields)
        assert status in (200, 204) and "<Hangup" not in text
    assert is_a_person(house.post("/voice/next"))
    assert ending(house)[0] == "transferred"


# -- the line ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("trouble", ["doubled", "lost", "out of order", "all at once"])
def test_frames_that_arrive_as_they_like_still_bring_a_caller_to_a_person(
    house: House, trouble: str, seed: int
) -> None:
    chance = random.Random(seed)
    sent = [*frames(SILENCE, 400), *utterance(), *frames(SILENCE, 400)]
    match trouble:
        case "doubled":
            sent = [frame for frame in sent for _ in range(chance.choice((1, 1, 2)))]
        case "lost":
            sent = [frame for frame in sent if chance.random() < 0.8]
        case "out of order":
            pieces = [sent[at : at + 5] for at in range(0, len(sent), 5)]
            sent = [frame for piece in pieces for frame in chance.sample(piece, len(piece))]
    house.stream(*[None] * 4, *sent, *frames(SILENCE, 500), said=(Heard("advisor", 1.0),))
    assert ending(house) == ("transferred", "asked")


@pytest.mark.parametrize(
    "message",
    [
        json.dumps({"event": "weather"}),
        json.dumps({"event": "mark", "mark": {"name": "not ours"}}),
        frames(b"", 20)[0],
        key("5"),
    ],
)
def test_messages_without_audio_do_not_keep_a_call_for_ever(house: House, message: str) -> None:
    socket = house.stream(*frames(SILENCE, 100), *[message] * 600)
    hammered = message == key("5")  # who does that is upset
    assert socket.closed and socket.incoming
    assert ending(house) == ("transferred", "tone" if hammered else "failure")


def test_a_process_without_memory_gives_its_caller_to_a_person(house: House) -> None:
    socket = house.stream(*frames(SILENCE, 200), *utterance(), said=(MemoryError(),))
    assert socket.closed and ending(house) == ("transferred", "failure") and is_a_person(house.post("/voice/next"))


def test_ids_that_are_none_open_nothing(house: House) -> None:
    for wrong in ("CA" * 40, "\ud800", "CA\x00", "CA\n1"):
        start = json.loads(house.start())
        start["start"]["callSid"] = wrong
        socket = FakeSocket([json.dumps(start)])
        house.streams.serve(socket)
        assert socket.closed and socket.sent == []


# -- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_wrong_for_a_while_puts_no_work_off_for_ever(tmp_path: Path) -> None:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    records.prepare()
    done: list[Job] = []
    jobs = Jobs(records.engine, "news", done.append, lambda *_: None, timedelta(minutes=1))
    jobs.start = lambda: None  # type: ignore[method-assign]  # no thread: the test takes the job itself
    jobs.add("CA1", "ended")
    a_day_back = datetime.now(UTC) - timedelta(days=1)
    assert jobs.do_next(a_day_back) and [job.call_id for job in done] == ["CA1"]


def test_a_link_from_a_machine_whose_clock_is_ahead_is_good_and_one_from_tomorrow_is_not() -> None:
    class Ahead(CardLinks):
        def __init__(self, seconds: int) -> None:
            super().__init__("secret", "https://ivr.example.com")
            now = self._signer.get_timestamp()
            self._signer.get_timestamp = lambda: now + seconds  # type: ignore[method-assign]

    links = CardLinks("secret", "https://ivr.example.com")
    assert links.call_of(Ahead(120).link("CA1").rpartition("/")[2]) == "CA1"
    with pytest.raises(LinkRefused):
        links.call_of(Ahead(86_400).link("CA1").rpartition("/")[2])


def test_many_streams_at_once_leave_no_thread_behind(house: House) -> None:
    before = threading.active_count()
    for number in range(20):
        call_id = f"CA{number:032}"
        house.post("/voice", call_id=call_id, From=f"+1555{number:07}")
        house.streams.serve(FakeSocket([CONNECTED, house.start(call_id), *frames(SILENCE, 100)]))
        assert ending(house, call_id)[0] == "hung_up"
    assert threading.active_count() <= before + 1, "only the writer's"


NAMED = re.compile(r"`([a-z0-9_.]*_[a-z0-9_.]+)(?:\[\w+\])?`")


@pytest.mark.parametrize("page", ["reliability.md", "security.md"])
def test_every_test_that_a_table_names_is_there(page: str) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    files = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    rows = [line for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    named = [name.strip("._") for row in rows for name in NAMED.findall(row.rsplit("|", 2)[1])]
    assert len(named) > 20
    assert [name for name in named if name not in files and name not in tests] == []
