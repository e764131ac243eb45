"""When a team is there.  PURE: the moment comes in from outside, in any time zone; answers are in the team's own."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

Span = tuple[int, int]
"""From and until, in minutes after midnight as a clock on the wall shows them; until may be 1440."""

ALL_DAY: tuple[Span, ...] = ((0, 1440),)
LOOK_AHEAD_DAYS = 400  # a team that opens once a year is still found
WINDOW_MINUTES = 180  # how long a promised callback may take: a caller can be at home for three hours, not for a day
MORNING, EVENING = 8, 18  # nobody is offered a call at night who can have one by day
SHORTEST = timedelta(minutes=30)  # a window that is nearly over is no promise


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which somebody calls back.  ``now``: it has begun."""

    start: datetime
    end: datetime
    now: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours.

    ``weekly``: the spans of each weekday, Monday first.  ``days`` (own closures and half days; a year of None means
    every year) count more than ``holidays``, and those more than ``weekly``.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    days: Mapping[tuple[int | None, int, int], tuple[Span, ...]] = field(default_factory=dict)
    holidays: Container[date] = ()

    def is_open(self, now: datetime) -> bool:
        """True when somebody is there."""
        return any(start <= now < end for start, end in self._spans(now, days=2))

    def next_opening(self, now: datetime) -> datetime | None:
        """``now`` when open, else the moment people are back; None when that is more than a year away."""
        for start, end in self._spans(now, LOOK_AHEAD_DAYS):
            if end > now:
                return max(start, now.astimezone(self.zone))
        return None

    def windows(self, now: datetime) -> list[Window]:
        """When a callback can be promised.

        The next two times somebody is there, what is left of that day by daylight, and the first of another day.
        """
        found: list[Window] = []
        for opens, end in self._spans(now, LOOK_AHEAD_DAYS, WINDOW_MINUTES):
            start = max(opens, now.astimezone(self.zone))
            another_day = len(found) >= 2 and start.date() > found[1].start.date()
            by_day = start.hour >= MORNING and (another_day or start.hour < EVENING)
            if end - start < SHORTEST or (len(found) >= 2 and not by_day):
                continue
            found.append(Window(start, end, now=opens < now))
            if another_day:
                break
        return found

    def _spans(self, now: datetime, days: int, cut: int = 1440) -> Iterator[tuple[datetime, datetime]]:
        """What is open from yesterday on, in order, cut at every multiple of ``cut`` minutes of the day."""
        first = now.astimezone(self.zone).date() - timedelta(days=1)
        for offset in range(days + 1):
            day = first + timedelta(days=offset)
            for start, end in self._day(day):
                cuts = [start, *range(start - start % cut + cut, end, cut), end]
                for begin, until in pairwise(cuts):
                    yield self._moment(day, begin), self._moment(day, until)

    def _day(self, day: date) -> tuple[Span, ...]:
        for key in ((day.year, day.month, day.day), (None, day.month, day.day)):
            if key in self.days:
                return self.days[key]
        return () if day in self.holidays else self.weekly[day.weekday()]

    def _moment(self, day: date, minutes: int) -> datetime:
        """A time on the wall's clock as a moment.  One that a change to summer time skips is the moment after it."""
        whole_days, minutes = divmod(minutes, 1440)
        wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=self.zone)
        return (wall + timedelta(days=whole_days)).astimezone(UTC).astimezone(self.zone)
