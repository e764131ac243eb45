"""Days computed from what was said, and the rules that all languages share.

Where people disagree about which day is meant ("next friday" on a Wednesday), a function gives None.
"""

import calendar
from datetime import date, timedelta
from typing import NamedTuple

from ivr.grammar.days.calendar import Rule, rule

_NTH_WITHIN = 35  # "friday the fourth" is looked for in so many days: later ones are a slip of the tongue
_SUNDAY = 6


class Span(NamedTuple):
    """A length of time."""

    days: int = 0
    months: int = 0

    @property
    def whole_weeks(self) -> bool:
        return not self.months and self.days % 7 == 0


def coming(today: date, weekday: int) -> date | None:
    """The next such weekday; None for today's: "monday" on a Monday is today, or in a week."""
    ahead = (weekday - today.weekday()) % 7
    return today + timedelta(ahead) if ahead else None


def later(day: date, span: Span, sign: int = 1) -> date | None:
    """A day moved by a span.  None where the month has no such day."""
    month = day.year * 12 + day.month - 1 + sign * span.months
    moved = made(month // 12, month % 12 + 1, day.day)
    return moved + sign * timedelta(span.days) if moved else None


def made(year: int, month: int, day: int) -> date | None:
    """A date; None when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def dated(today: date, day: int, month: int, year: int | None = None) -> date | None:
    """The date, of the year that brings it nearest to today when none is given."""
    years = [year] if year else range(today.year - 1, today.year + 2)
    found = [each for each_year in years if (each := made(each_year, month, day))]
    return min(found, key=lambda each: abs(each - today), default=None)


def month_first(today: date, month: int, day: int, year: int | None = None) -> date | None:
    return dated(today, day, month, year)


def agreed(today: date, span: Span, weekday: int) -> date | None:
    """ "In a week, on friday": given where the week of that day and the coming Friday a week later are the same."""
    first = coming(today, weekday)
    if not first or not span.whole_weeks:
        return None
    day = first + timedelta(span.days)
    return day if day == of_week(today, weekday, span.days // 7) else None


def of_week(today: date, weekday: int, weeks: int) -> date | None:
    """A weekday of this week or of another one.  A day of this week that is over was hardly meant."""
    day = today + timedelta(weekday - today.weekday() + 7 * weeks)
    return day if weeks or day >= today else None


def of_week_either(today: date, weekday: int, weeks: int) -> date | None:
    """The same where some people's weeks begin on Sunday and others' on Monday."""
    return None if _SUNDAY in (weekday, today.weekday()) else of_week(today, weekday, weeks)


def swapped_week(today: date, weeks: int, weekday: int) -> date | None:
    return of_week(today, weekday, weeks)


def swapped_week_either(today: date, weeks: int, weekday: int) -> date | None:
    return of_week_either(today, weekday, weeks)


def plus(_: date, day: date, span: Span) -> date | None:
    return later(day, span)


def plus_whole_weeks(today: date, span: Span, day: date) -> date | None:
    """ "A week on tuesday".  "A week last friday" counts backwards for some, so days that are over are left out."""
    return later(day, span) if span.whole_weeks and day >= today else None


def plus_days(_: date, day: date, days: int) -> date:
    return day + timedelta(days)


def weekday_plus(today: date, weekday: int, span: Span) -> date | None:
    day = coming(today, weekday)
    return later(day, span) if day and span.whole_weeks else None


def _next(today: date, weekday: int) -> date | None:
    ahead = (weekday - today.weekday()) % 7 or 7
    return today + timedelta(ahead) if weekday <= today.weekday() else None


def _this(today: date, weekday: int) -> date | None:
    return today + timedelta(weekday - today.weekday()) if weekday > today.weekday() else None


def _last(today: date, weekday: int) -> date | None:
    ago = (today.weekday() - weekday) % 7 or 7
    return today - timedelta(ago) if weekday >= today.weekday() else None


def _surely_coming(today: date, weekday: int) -> date:
    return coming(today, weekday) or today + timedelta(7)


def _with_day_of_month(today: date, weekday: int, day: int) -> date | None:
    """ "Friday the fourth": soon, and really a Friday."""
    days = (today + timedelta(ahead) for ahead in range(_NTH_WITHIN))
    return next((each for each in days if (each.weekday(), each.day) == (weekday, day)), None)


def of_month(today: date, which: int, weekday: int, month: int, year: int | None = None) -> date | None:
    """ "The first friday of december"; ``which`` is -1 for the last one."""
    year = year or (today.year if month >= today.month else today.year + 1)
    days = [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]
    those = [day for day in days if day.weekday() == weekday]
    return those[which if which < 0 else which - 1]


def _of_month_ahead(today: date, day: int, months: int) -> date | None:
    month = today.year * 12 + today.month - 1 + months
    return made(month // 12, month % 12 + 1, day)


def _first_after(_: date, weekday: int, day: date) -> date:
    return day + timedelta((weekday - day.weekday()) % 7 or 7)


COMMON: tuple[Rule, ...] = (
    rule("base", "written"),
    rule("base", "relative", lambda today, days: today + timedelta(days)),
    rule("base", "dated"),
    rule("dated", "ord of? month year?", dated),
    rule("base", "this weekday", _this),
    rule("base", "next weekday", _next),
    rule("base", "weekday next", _next),
    rule("base", "last weekday", _last),
    rule("base", "weekday last", _last),
    rule("base", "coming weekday", _surely_coming),
    rule("base", "this? weekday coming", _surely_coming),
    rule("base", "weekday the? nth", _with_day_of_month),
    rule("base", "which weekday within month year?", of_month),
    rule("base", "ord of? the? month_ahead", _of_month_ahead),
    rule("anchor", "base"),
    rule("anchor", "weekday", coming),
    rule("anchor", "weekday_of", coming),
    rule("anchor", "relative_of", lambda today, days: today + timedelta(days)),
    rule("span", "count unit", lambda _, count, days: Span(days=count * days)),
    rule("span", "count unit_months", lambda _, count, months: Span(months=count * months)),
    rule("day", "base"),
    rule("day", "in span time?", later),
    rule("day", "in? span from the? anchor", lambda _, span, day: later(day, span)),
    rule("day", "span before_day the? anchor", lambda _, span, day: later(day, span, -1)),
    rule("day", "neighbour the? anchor", lambda _, days, day: day + timedelta(days)),
    rule("day", "weekday after_day the? base", _first_after),
)
