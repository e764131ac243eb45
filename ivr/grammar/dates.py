"""A spoken or written day -> a date: "tomorrow", "next monday", "the third of march", "le trois mars", "12/03".

Reads English, French and Czech.  Does not read spans ("in three days", "the end of the month"), a day without its month
("the third"), years in words, feast days and times of day.  Whatever is not certain is None: a wrong date is worse than
a question.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from ivr.grammar.date_words import CALENDARS, Calendar
from ivr.grammar.templates import normalise

_WRITTEN = re.compile(r"(?<!\d)(\d{1,2})\s?[/.-]\s?(\d{1,2})(?:\s?[/.-]\s?(\d{4}|\d{2}))?(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|e)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST = 3  # words of one entry: "vingt et un", "day after tomorrow"


def read_date(text: str, language: str, today: date) -> date | None:
    """The day that is meant, seen from ``today``; None when there is none, several, or any doubt.

    A day and month without a year are the nearest such day, before or after today.  A bare weekday is the coming one.
    "Next" and "last" weekdays are read only where people agree: "next friday" on a Wednesday is not.
    A written 12/03 is March 12 in French and Czech, December 3 in English.
    """
    calendar = CALENDARS.get(language)
    if calendar is None:
        return None
    written = list(_written(text, calendar, today))
    entries = _entries(_WRITTEN.sub(" ", _ISO.sub(" ", text)), calendar)
    named = _named(entries, calendar, today)
    absolute = {*written, *named}
    weekdays = {calendar.weekdays[entry] for entry in entries if entry in calendar.weekdays}
    relative = {today + timedelta(calendar.relative[entry]) for entry in entries if entry in calendar.relative}
    found = absolute | relative
    if len(found) > 1 or len(weekdays) > 1 or None in found:
        return None
    if not found:
        return _weekday(weekdays.pop(), entries, calendar, today) if weekdays else None
    day = found.pop()
    return day if day and (not weekdays or day.weekday() in weekdays) else None


def _entries(text: str, calendar: Calendar) -> list[str]:
    """The words in order: entries of the calendar as long as possible, other words one by one, joints left out."""
    words = normalise(text).split()
    entries: list[str] = []
    at = 0
    while at < len(words):
        spans = (" ".join(words[at : at + length]) for length in range(min(_LONGEST, len(words) - at), 1, -1))
        entry = next((span for span in spans if span in calendar.known), words[at])
        at += entry.count(" ") + 1
        if entry not in calendar.joints:
            entries.append(entry)
    return entries


def _written(text: str, calendar: Calendar, today: date) -> Iterator[date | None]:
    for year, month, day in _ISO.findall(text):
        yield _dated(int(day), int(month), int(year), today)
    for first, second, year in _WRITTEN.findall(_ISO.sub(" ", text)):
        day, month = (int(first), int(second)) if calendar.day_first else (int(second), int(first))
        if month > 12 >= day:  # only one reading is possible, so the custom does not matter
            day, month = month, day
        whole = int(year) + (2000 if len(year) == 2 else 0) if year else None
        yield _dated(day, month, whole, today)


def _named(entries: list[str], calendar: Calendar, today: date) -> Iterator[date | None]:
    """Every "third of march" and "march third" among the words."""
    years = [int(entry) for entry in entries if _YEAR.fullmatch(entry)]
    for before, after in pairwise(entries):
        day = _number(before) or calendar.days.get(before)
        month = calendar.months.get(after) or (calendar.month_numbers.get(after) if before in calendar.days else None)
        if day is None or month is None:
            month = calendar.months.get(before)
            day = (_number(after) or calendar.days_after.get(after)) if month else None
        if day and month:
            yield _dated(day, month, years[0] if len(years) == 1 else None, today) if len(years) < 2 else None


def _number(word: str) -> int | None:
    match = _DAY.fullmatch(word)
    return int(match[1]) if match else None


def _dated(day: int, month: int, year: int | None, today: date) -> date | None:
    """The date, of the year that brings it nearest to today when none is given; None when there is no such day."""
    years = [year] if year else range(today.year - 1, today.year + 2)
    found = [made for each in years if (made := _made(each, month, day))]
    return min(found, key=lambda each: abs(each - today), default=None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _weekday(weekday: int, entries: list[str], calendar: Calendar, today: date) -> date | None:
    said = set(entries)
    ahead = (weekday - today.weekday()) % 7 or 7
    this_week = weekday > today.weekday()
    if said & calendar.last:
        return today - timedelta((7 - ahead) or 7) if weekday >= today.weekday() else None
    if said & calendar.next:
        return today + timedelta(ahead) if not this_week else None
    if said & calendar.this:
        return today + timedelta(ahead) if this_week else None
    return today + timedelta(ahead) if ahead < 7 else None  # "monday" on a Monday: today, or in a week?
