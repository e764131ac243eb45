"""Clocks that are set, days that have 23 or 25 hours, and databases that answer in another zone.

Jobs are tried in test_delivery.py, links to cards in test_faults.py.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.records.callbacks import Callbacks
from ivr.records.keeping import Keeping
from ivr.records.privacy import ClockInDoubt, purge
from ivr.records.records import NewEvent, Records
from ivr.supervisor.figures import figures
from ivr.supervisor.live import LiveCalls
from ivr.supervisor.logins import Logins, TooManyAttempts
from ivr.supervisor.numbers import TodaysNumbers
from ivr.supervisor.search import Question, search
from ivr.supervisor.users import Users
from tests.postgres import Postgres

PRAGUE, NEW_YORK = ZoneInfo("Europe/Prague"), ZoneInfo("America/New_York")
LONG_DAY = date(2026, 10, 25)  # 25 hours in Prague
SHORT_DAY = date(2026, 3, 29)  # 23 hours
HOUR = timedelta(hours=1)


class Clock:
    """A clock that somebody sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def records(tmp_path: Path) -> Records:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    records.prepare()
    return records


def called(records: Records, *moments: datetime) -> None:
    for number, moment in enumerate(moments):
        records.open(f"CA{number}", "+15550199", "+15550100", "en", "token")
        records.close(f"CA{number}", "transferred", "asked")
        records.change(f"CA{number}", started_at=moment, ended_at=moment + timedelta(seconds=20))


@pytest.mark.parametrize(("day", "hours"), [(LONG_DAY, 25), (SHORT_DAY, 23)])
def test_today_begins_at_midnight_also_when_the_day_is_longer_or_shorter(
    records: Records, day: date, hours: int
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=PRAGUE).astimezone(UTC)
    every_hour = [midnight + number * HOUR for number in range(-1, hours + 1)]
    called(records, *every_hour)
    late = Clock(midnight + hours * HOUR - timedelta(minutes=1))
    assert TodaysNumbers(records.engine, lambda: PRAGUE, late).now().calls == hours + 1  # and one that is yet to come
    assert len(search(records.engine, Question(since=day, until=day), PRAGUE)) == hours


def test_the_hours_of_a_report_are_those_of_the_company_in_summer_and_in_winter(records: Records) -> None:
    nine = [datetime(2026, 10, day, 9, 30, tzinfo=PRAGUE).astimezone(UTC) for day in (24, 25, 26)]
    called(records, *nine)
    found = figures(records.engine, nine[0] - HOUR, nine[-1] + HOUR, PRAGUE)
    assert found.hours[:, 9].sum() == 3
    there = figures(records.engine, nine[0] - HOUR, nine[-1] + HOUR, NEW_YORK)
    assert there.hours[:, 3].sum() == 1 and there.hours[:, 4].sum() == 2  # New York has summer time for a week more


def test_a_clock_that_was_set_back_in_a_call_makes_no_caller_wait_less_than_nothing(records: Records) -> None:
    now = datetime.now(UTC)
    called(records, now, now)
    records.change("CA1", ended_at=now - HOUR)
    assert figures(records.engine, now - HOUR, now + HOUR, PRAGUE).to_person_s.tolist() == [20.0]


def test_a_caller_who_rings_again_across_the_change_is_followed_for_24_hours_not_for_a_day(records: Records) -> None:
    first = datetime(2026, 10, 24, 12, 0, tzinfo=PRAGUE).astimezone(UTC)
    called(records, first, first + 24 * HOUR + timedelta(minutes=1))
    records.change("CA0", outcome="served", reason=None)
    assert figures(records.engine, first - HOUR, first + 48 * HOUR, PRAGUE).served_net == 1
    records.change("CA1", started_at=first + 24 * HOUR - timedelta(minutes=1))
    assert figures(records.engine, first - HOUR, first + 48 * HOUR, PRAGUE).served_net == 0


def test_a_session_ends_when_the_clock_is_set_forward_or_back(records: Records, tmp_path: Path) -> None:
    users, clock = Users(tmp_path), Clock(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    users.put("anna", "correct horse battery", "supervisor")
    logins = Logins(records.engine, users, clock)
    for turned, lasts in ((HOUR / 3, True), (2 * HOUR, False), (-timedelta(minutes=2), True), (-2 * HOUR, False)):
        secret = logins.log_in("anna", "correct horse battery", "192.0.2.1")
        assert secret
        clock.at += turned
        assert bool(logins.who(secret)) is lasts
        clock.at -= turned


def test_a_session_outlives_the_change_to_winter_time(records: Records, tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.put("anna", "correct horse battery", "supervisor")
    clock = Clock(datetime(2026, 10, 25, 2, 50, tzinfo=PRAGUE))
    logins = Logins(records.engine, users, clock)
    secret = logins.log_in("anna", "correct horse battery", "192.0.2.1")
    assert secret
    clock.at = datetime(2026, 10, 25, 2, 10, tzinfo=PRAGUE, fold=1)  # twenty minutes later: the hour is lived twice
    assert logins.who(secret)


def test_guesses_of_a_future_that_was_a_mistake_lock_nobody_out(records: Records, tmp_path: Path) -> None:
    users, clock = Users(tmp_path), Clock(datetime.now(UTC) + timedelta(days=365))
    users.put("anna", "correct horse battery", "supervisor")
    logins = Logins(records.engine, users, clock)
    for _ in range(5):
        logins.log_in("anna", "a guess", "192.0.2.1")
    with pytest.raises(TooManyAttempts):
        logins.log_in("anna", "correct horse battery", "192.0.2.1")
    clock.at -= timedelta(days=365)
    assert logins.log_in("anna", "correct horse battery", "192.0.2.1")


def test_a_live_call_stays_on_the_wallboard_while_the_clock_is_set(records: Records) -> None:
    clock = Clock(datetime.now(UTC))
    live = LiveCalls(records.engine, clock)
    records.open("CA1", "+15550199", "+15550100", "en", "token")
    records.append([NewEvent("CA1", 0, "heard", {"text": "where is my order"})])
    assert [call.last for call in live.now()] == ["where is my order"]
    for turned in (HOUR, -2 * HOUR):
        clock.at += turned
        assert [call.call_id for call in live.now()] == ["CA1"]


def test_a_callback_is_due_at_its_moment_whatever_the_clocks_on_the_wall_show(records: Records) -> None:
    once, again = (datetime(2026, 10, 25, 2, 30, tzinfo=PRAGUE, fold=fold) for fold in (0, 1))
    promise = Callbacks(records.engine).promise("+15550199", "CA1", "service", "en", once, again)
    (stored,) = Callbacks(records.engine).open()
    assert stored == promise and stored.not_after - stored.not_before == HOUR
    again = again.astimezone(UTC)
    assert not stored.broken(again) and stored.broken(again + timedelta(seconds=1))


def test_what_may_be_kept_is_counted_in_whole_days_of_24_hours(records: Records, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    keeping = Keeping(days=10)
    called(records, now - timedelta(days=10, minutes=1), now - timedelta(days=10, minutes=-1), now + HOUR)
    assert purge(records.engine, tmp_path, keeping, really=False).numbers == 1  # none of the future


def test_a_postgresql_of_another_zone_tells_the_same_moments(postgres: Postgres) -> None:
    url = f"{postgres.database()}&options=-c%20TimeZone%3DAmerica/New_York"
    records = Records(url)
    records.prepare()
    moment = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    called(records, moment)
    stored = records.call("CA0")
    assert stored and stored.started_at == moment and stored.started_at.utcoffset() == timedelta(0)
    assert figures(records.engine, moment, moment + HOUR, PRAGUE).hours[2, 14] == 1
    (found,) = search(records.engine, Question(since=date(2026, 7, 1)), PRAGUE)
    assert found["started_at"] == moment
    records.engine.dispose()


def test_a_clock_that_jumped_ahead_removes_nothing_until_somebody_says_that_it_is_right(
    records: Records, tmp_path: Path
) -> None:
    called(records, datetime.now(UTC))
    sound = tmp_path / "CA0.ulaw"
    sound.write_bytes(b"x")
    later = datetime.now(UTC) + timedelta(days=5000)
    with pytest.raises(ClockInDoubt, match="--certainly"):
        purge(records.engine, tmp_path, Keeping(), really=True, now=later)
    stored = records.call("CA0")
    assert stored and stored.caller and sound.exists()
    purge(records.engine, tmp_path, Keeping(), really=True, now=later, certainly=True)
    stored = records.call("CA0")
    assert stored and not stored.caller and not sound.exists()


def test_a_clock_that_is_behind_removes_nothing_young(records: Records, tmp_path: Path) -> None:
    called(records, datetime.now(UTC))
    purge(records.engine, tmp_path, Keeping(), really=True, now=datetime.now(UTC) - timedelta(days=5000))
    stored = records.call("CA0")
    assert stored and stored.caller


def test_what_happens_after_the_clock_was_set_back_is_not_before_the_call(records: Records) -> None:
    called(records, datetime.now(UTC) + HOUR)
    records.note("CA0", "dialled", {})
    assert records.events("CA0")[0].at_ms == 0
