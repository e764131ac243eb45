"""Callbacks: a promise keeps its place, is kept or broken, and is made once however often it is asked for."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr.cli.callbacks import callbacks
from ivr.records.callbacks import Callbacks
from ivr.records.records import Records

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres").database())
    return f"sqlite:///{tmp_path / 'ivr.sqlite3'}"


@pytest.fixture
def promises(database: str, clock: Clock) -> Callbacks:
    records = Records(database)
    records.prepare()
    return Callbacks(records.engine, clock)


def ask(promises: Callbacks, number: str = "+15550111", call: str = "CA1", begin: datetime = NOON) -> int:
    return promises.promise(number, call, "service", "en", begin, begin + HOUR).id


def test_the_same_number_keeps_one_place_and_its_newest_window(promises: Callbacks, clock: Clock) -> None:
    first = ask(promises)
    clock.now += timedelta(minutes=5)
    other = ask(promises, number="+15550112", call="CA2")
    clock.now += timedelta(minutes=5)
    assert ask(promises, call="CA3", begin=NOON + 2 * HOUR) == first
    kept, second = promises.open()
    assert (kept.id, second.id) == (first, other)
    assert (kept.asked_at, kept.not_before, kept.call_id) == (NOON, NOON + 2 * HOUR, "CA3")


def test_a_retried_webhook_promises_nothing_twice(promises: Callbacks) -> None:
    assert ask(promises) == ask(promises)
    assert len(promises.open()) == 1


def test_who_asks_again_after_being_called_gets_a_new_place(promises: Callbacks, clock: Clock) -> None:
    first = ask(promises)
    assert promises.done(first, "Jana") and not promises.done(first)
    clock.now += HOUR
    assert ask(promises) != first
    assert promises.open()[0].asked_at == NOON + HOUR


def test_two_processes_asked_at_once_make_one_promise(database: str, promises: Callbacks) -> None:
    others = [Callbacks(Records(database).engine) for _ in range(4)]
    threads = [threading.Thread(target=ask, args=(each,)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(promises.open()) == 1


def test_a_promise_is_broken_when_its_window_passes_undone(promises: Callbacks, clock: Clock) -> None:
    late, kept = ask(promises), ask(promises, number="+15550112")
    clock.now = NOON + HOUR
    promises.done(kept)
    assert promises.broken(clock.now) == []
    clock.now += timedelta(seconds=1)
    assert [each.id for each in promises.broken(clock.now)] == [late]
    promises.done(late)
    assert promises.broken(clock.now) == [] and promises.open() == []
    states = {each.id: each.broken(clock.now) for each in promises.between(NOON - HOUR, NOON + HOUR)}
    assert states == {late: True, kept: False}, "calling too late does not mend a promise"


def test_the_window_may_be_given_in_any_time_zone(promises: Callbacks) -> None:
    prague = NOON.astimezone(tz=None)
    ask(promises, begin=prague)
    assert promises.open()[0].not_before == NOON and promises.open()[0].not_before.tzinfo == UTC


# -- the command ------------------------------------------------------------------------------------------------------


def run(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(callbacks, list(arguments), env={"IVR_DATABASE_URL": database, "COLUMNS": "160"})


def test_what_is_due_now_comes_first(database: str, promises: Callbacks) -> None:
    now = datetime.now(UTC)
    later = ask(promises, "+15550111", begin=now + HOUR)
    broken = ask(promises, "+15550112", begin=now - 3 * HOUR)
    due = ask(promises, "+15550113", begin=now - timedelta(minutes=5))
    listed = json.loads(run(database, "--json").output)
    assert [(each["id"], each["state"]) for each in listed] == [(due, "due"), (broken, "broken"), (later, "later")]
    lines = run(database).output.splitlines()
    assert "+15550113" in lines[1] and "due" in lines[1] and len(lines) == 4
    assert [each["id"] for each in json.loads(run(database, "--broken", "--json").output)] == [broken]


def test_windows_are_shown_in_the_companys_time_zone(database: str, promises: Callbacks) -> None:
    ask(promises, begin=datetime(2026, 11, 23, 14, tzinfo=UTC))
    shown = run(database).output
    assert "Mon 23 Nov 09:00 – 10:00" in shown and "America/New_York" in shown


def test_the_command_marks_a_callback_as_done(database: str, promises: Callbacks) -> None:
    id = ask(promises)
    assert run(database, "--done", str(id), "--by", "Jana").exit_code == 0
    assert "Nobody is waiting" in run(database).output
    again = run(database, "--done", str(id))
    assert again.exit_code == 1 and f"no open callback {id}" in again.output


def test_a_database_that_cannot_be_opened_is_explained() -> None:
    result = run("sqlite:////dev/null/x.db")
    assert result.exit_code == 1 and "IVR_DATABASE_URL" in result.output
