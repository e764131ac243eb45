"""A clock that jumps (set by hand, by NTP, dead after a power cut) loses nothing, keeps nobody out, delays nobody.

What lasts seconds is counted in audio or by the monotonic clock; here is what must last across restarts and machines.
Jobs are tried in test_delivery.py, links to cards in test_faults.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ivr.records.keeping import Keeping
from ivr.records.privacy import ClockInDoubt, purge
from ivr.records.records import Records
from ivr.records.schema import desk_attempts, desk_sessions
from ivr.supervisor.logins import MOST_BY_NAME, Logins, TooManyAttempts
from ivr.supervisor.numbers import TodaysNumbers
from ivr.supervisor.users import Users

HOUR = timedelta(hours=1)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    made.prepare()
    made.open("CA1", "+15550111", "+15550100", "en", "token")
    yield made
    made.engine.dispose()


def test_a_clock_that_jumped_ahead_removes_nothing_until_somebody_says_that_it_is_right(
    records: Records, tmp_path: Path
) -> None:
    sound = tmp_path / "CA1.ulaw"
    sound.write_bytes(b"x")
    later = datetime.now(UTC) + timedelta(days=5000)
    with pytest.raises(ClockInDoubt, match="--certainly"):
        purge(records.engine, tmp_path, Keeping(), really=True, now=later)
    stored = records.call("CA1")
    assert stored and stored.caller and sound.exists()
    purge(records.engine, tmp_path, Keeping(), really=True, now=later, certainly=True)
    stored = records.call("CA1")
    assert stored and not stored.caller and not sound.exists()


def test_a_clock_that_is_behind_removes_nothing_young(records: Records, tmp_path: Path) -> None:
    purge(records.engine, tmp_path, Keeping(), really=True, now=datetime.now(UTC) - timedelta(days=5000))
    stored = records.call("CA1")
    assert stored and stored.caller


def test_what_happens_after_the_clock_was_set_back_is_not_before_the_call(records: Records) -> None:
    records.change("CA1", started_at=datetime.now(UTC) + HOUR)
    records.note("CA1", "dialled", {})
    assert records.events("CA1")[0].at_ms == 0


def test_a_clock_that_is_set_back_locks_nobody_out_and_logs_nobody_out(records: Records, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    users = Users(tmp_path)
    users.put("anna", "a good long password", "supervisor")
    logins = Logins(records.engine, users)
    secret = logins.log_in("anna", "a good long password", "192.0.2.1")
    for _ in range(MOST_BY_NAME):
        assert logins.log_in("anna", "wrong", "192.0.2.1") is None
    with pytest.raises(TooManyAttempts):
        logins.log_in("anna", "a good long password", "192.0.2.1")
    with records.engine.begin() as connection:
        then = datetime.now(UTC) + HOUR
        connection.execute(update(desk_attempts).values(at=then))
        connection.execute(update(desk_sessions).values(began_at=then, seen_at=then))
    assert secret and logins.who(secret)
    assert logins.log_in("anna", "a good long password", "192.0.2.1")


def test_today_counts_calls_that_the_clock_before_its_correction_placed_ahead(records: Records) -> None:
    records.close("CA1", "served")
    records.change("CA1", started_at=datetime.now(UTC) + HOUR)
    assert TodaysNumbers(records.engine).now().outcomes == {"served": 1}
