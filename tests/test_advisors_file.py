"""config/advisors.yaml: whom a call goes to and when they are there; every mistake with its line."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.advisors.hours import Hours
from ivr.advisors.journey import next_step
from ivr.advisors.steps import (
    Arrived,
    Place,
    Ring,
)
from ivr.config import Config, ConfigError
from ivr.phone_numbers import telephone_number
from tests.advising import BOTH_TEAMS, MONDAY, NAME, NEW_YORK, advisors_of


def test_numbers_in_every_spelling_are_one_number() -> None:
    for text in ("+12025550142", "(202) 555-0142", "202.555.0142", "1-202-555-0142", "+1 202 555 0142"):
        assert telephone_number(text, "US") == "+12025550142"
    assert telephone_number("777 123 456", "CZ") == "+420777123456"


@pytest.mark.parametrize("text", ["", "call us", "555-0142", "+15550142", "+999 123", "1" * 30, "+420 777"])
def test_what_can_be_nobodys_number_is_none(text: str) -> None:
    assert telephone_number(text, "US") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("(202) 555-0142", "555-0142", "'555-0142' is neither a telephone number"),
        ("sip:desk@pbx.example.com", "sip:desk", "'sip:desk' is neither"),
        ("WW0123", "WX0123", "is neither a telephone number nor"),
        ('mon-fri: "09:00-18:00"', 'mon-fri: "09:00-18:00", wed: "10:00-12:00"', "wed has hours twice"),
        ('"09:00-18:00"', '"09:00-12:00, 11:00-18:00"', "overlap"),
        ('"09:00-18:00"', '"18:00-09:00"', "is not a time from and until"),
        ('"09:00-18:00"', '"9 to 6"', "is not a time from and until"),
        ('"09:00-18:00"', "closed", "team desk never opens"),
        ("mon-fri", "mon-fry", "'mon-fry' is not a day of the week"),
        ("hours: {mon-sun", "days: {02-30: closed}\n    hours: {mon-sun", "'02-30' is not a day"),
        ("hours: {mon-sun", "holidays: {country: XX}\n    hours: {mon-sun", "no public holidays are known"),
        ("timezone: America/New_York", "timezone: Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("then: night", "then: nobody", "team 'nobody' is not under teams"),
        ("at_once: true", "then: desk", "in a circle: night -> desk -> night"),
        ("language: ko, team: tasks", "language: ko, team: night", "no call ever reaches team tasks"),
        ("topic: complaint", "topic: weather", "topic 'weather' is not under requests"),
        ("{language: ko, team", "{team", "takes every call"),
        ("offer_after_s: 30", "offer_after_s: 301", "offer_after_s 301 is longer than longest_s 300"),
        ("offer_after_s: 30, longest_s: 300", "longest_s: 59", "offer_after_s 60 is longer than longest_s 59"),
        (
            "offer_after_s: 30",
            "ring_again_s: 400",
            "ring_again_s 400 is longer than longest_s 300: nobody is rung again",
        ),
        ("languages: [fr, en, cs, ko]", "languages: [fr, de]", "speaks 'de'"),
    ],
)
def test_a_mistake_says_where_and_what(old: str, new: str, says: str) -> None:
    assert old in BOTH_TEAMS
    text = BOTH_TEAMS.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        advisors_of(text)
    found = [(mistake.line, mistake.what) for mistake in caught.value.mistakes]
    line = text[: text.index("tasks:" if "reaches" in says else new.strip())].count("\n") + 1
    assert any(at == line and says in what for at, what in found), found


def test_the_team_is_chosen_by_reason_topic_and_language() -> None:
    advisors = advisors_of(BOTH_TEAMS)
    assert advisors.route("asked", None, "en").name == "desk"
    assert advisors.route("topic", "complaint", "en").name == "night"
    assert advisors.route("tone", None, "en").name == "desk", "a route's conditions must all be met"
    assert advisors.route("asked", None, "ko").name == "tasks"


def test_the_shipped_calls_reach_people_at_any_hour(config: Config) -> None:
    for hour in range(0, 24 * 8, 5):
        now = MONDAY + timedelta(hours=hour)
        for reason in ("asked", "no_match", "no_input", "low_confidence", "pressed_zero", "failure", "tone"):
            team = config.advisors.route(reason, None, "en")
            assert isinstance(next_step(config.advisors, Place(team.name), Arrived(), now), Ring)


def hours_of(entry: str) -> Hours:
    text = (
        f"country: US\ntimezone: America/New_York\nteams:\n  a: {{name: {NAME}, targets: [client:a], {entry}}}\nteam: a"
    )
    return advisors_of(text).teams["a"].hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


WEEK = 'hours: {mon-fri: "09:00-12:00, 13:00-18:00", sat: "10:00-16:00"}'


@pytest.mark.parametrize(
    ("entry", "now", "back"),
    [
        (WEEK, "2026-11-23 09:00", None),
        (WEEK, "2026-11-23 12:00", "2026-11-23 13:00"),
        (WEEK, "2026-11-23 18:00", "2026-11-24 09:00"),
        (WEEK, "2026-11-21 16:00", "2026-11-23 09:00"),
        (WEEK + ", holidays: {country: US}", "2026-12-25 10:00", "2026-12-26 10:00"),
        (WEEK + ", holidays: {country: US}, days: {2026-12-25: '08:00-09:00'}", "2026-12-25 08:30", None),
        (WEEK + ", days: {12-24: '09:00-12:00', 12-25: closed}", "2026-12-24 12:00", "2026-12-26 10:00"),
        (WEEK + ", days: {02-29: closed}", "2028-02-29 10:00", "2028-03-01 09:00"),
        (WEEK + ", days: {02-29: closed}", "2027-03-01 10:00", None),
        ("hours: always, days: {12-31: '00:00-18:00'}", "2026-12-31 18:00", "2027-01-01 00:00"),
        ("hours: {sun: '02:30-05:00'}", "2026-03-08 01:59", "2026-03-08 03:30"),  # 02:30 does not exist on that day
        ("hours: {sun: '00:00-24:00'}", "2026-11-01 23:59", None),  # that day has 25 hours
    ],
)
def test_when_people_are_there_and_when_they_are_back(entry: str, now: str, back: str | None) -> None:
    hours = hours_of(entry)
    assert hours.is_open(at(now)) is (back is None)
    assert hours.next_opening(at(now)) == (at(back) if back else at(now))


def test_a_region_has_holidays_of_its_own() -> None:
    saint_stephen = datetime(2026, 12, 26, 11, tzinfo=NEW_YORK)
    assert hours_of("hours: always, holidays: {country: DE}").is_open(saint_stephen) is False
    three_kings = datetime(2027, 1, 6, 11, tzinfo=NEW_YORK)
    assert hours_of("hours: always, holidays: {country: DE}").is_open(three_kings)
    assert not hours_of("hours: always, holidays: {country: DE, region: BY}").is_open(three_kings)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)))
def test_the_next_opening_is_the_first_moment_somebody_is_there(moment: datetime) -> None:
    hours = hours_of(WEEK + ", holidays: {country: US}, days: {12-24: '09:00-12:00'}")
    now = moment.replace(tzinfo=UTC)
    back = hours.next_opening(now)
    assert back and hours.is_open(back) and (back == now) is hours.is_open(now)
    assert hours.is_open(now) or not hours.is_open(back - timedelta(seconds=1))
    windows = hours.windows(now)
    assert 3 <= len(windows) <= 6 and all(hours.is_open(window.start) for window in windows)
    assert all(now <= window.start < window.end for window in windows)
    assert windows[-1].start.date() > windows[1].start.date()


@pytest.mark.parametrize(("hours", "now"), [
    ('hours: {mon-fri: "09:00-18:00"}', "2026-11-22T20:00"),
    ('hours: {mon-fri: "08:00-18:00"}', "2026-11-22T20:00"),
    ("hours: always", "2026-11-23T07:10"),
    ("hours: always", "2026-11-23T00:30"),
    (WEEK, "2026-11-21T16:30"),
])  # fmt: skip
def test_the_times_offered_skip_no_part_of_the_first_working_day(hours: str, now: str) -> None:
    team = hours_of(hours)
    windows = team.windows(at(now))
    monday = [(window.start, window.end) for window in windows if window.start.date() == date(2026, 11, 23)]
    for hour in (9, 11, 14, 15, 17):
        moment = at(f"2026-11-23T{hour:02}:30")
        assert any(start <= moment < end for start, end in monday), (hour, monday)
    assert windows[-1].start.date() == date(2026, 11, 24)
