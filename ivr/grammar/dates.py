"""A spoken or written day -> a date: "tomorrow", "a week on tuesday", "le trois mars", "od pátku za týden", "12/03".

Reads English, French and Czech.  A day is given only when every word of the answer is accounted for: by the rules of
the language's days, or as one of the words that are known to surround a day in an answer.  So "any day except friday",
"by friday" or "friday or saturday" give none.  Feast days, weeks as a whole and days without their month ("the third")
are not read.  Whatever is not certain is None: a wrong date is worse than a question.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ivr.grammar.days import CALENDARS, Calendar
from ivr.grammar.days.calendar import CLOCK, fold
from ivr.grammar.days.rules import coming, dated
from ivr.grammar.templates import normalise

_ISO = r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"
_WRITTEN = r"(?<!\d)(?P<first>\d{1,2})\s?[/.-]\s?(?P<second>\d{1,2})(?:\s?[/.-]\s?(?P<whole>\d{4}|\d{2}))?(?!\d)"
_NTH = re.compile(r"(\d{1,2})(st|nd|rd|th|er|e)?")
_YEAR = re.compile(r"20\d\d")
_MOST_WORDS = 40  # nobody needs more to name a day
_PAUSE = ",;.!?"

Token = str | date | None
"""A word without accents, a written date, or None for a written date that does not exist."""


class Part(NamedTuple):
    """Words up to ``end`` (not included) that have a value."""

    end: int
    value: object


class Answer(NamedTuple):
    """Days named so far since the last correction: a date, and a weekday that must be its own, or the coming one."""

    day: date | None = None
    weekday: int | None = None

    def may_be(self, day: date) -> bool:
        """Whether nothing that was said stands against this day."""
        return self.day in (None, day) and self.weekday in (None, day.weekday())


_NOTHING = Answer()


def read_date(text: str, language: str, today: date) -> date | None:
    """The day that is meant, seen from ``today``; None when there is none, several, or any doubt.

    A day and month without a year are the nearest such day, before or after today.  A bare weekday is the coming one.
    "Next" and "last" weekdays are read only where people agree: "next friday" on a Wednesday is not.
    A written 12/03 is March 12 in French and Czech, December 3 in English.
    """
    calendar = CALENDARS.get(language)
    if calendar is None:
        return None
    tokens = list(_tokens(text, calendar, today))
    if not 0 < len(tokens) <= _MOST_WORDS or not any(_is_telling(token, calendar) for token in tokens):
        return None
    found = _Chart(tokens, calendar, today).answers()
    return found.pop() if len(found) == 1 else None


def day_within(text: str, language: str, today: date) -> tuple[str, date] | None:
    """(the text without its day, the day); None where no day stands in it, several do, or the rest limits it."""
    calendar = CALENDARS.get(language)
    words = text.split()
    if calendar is None or len(words) > _MOST_WORDS:
        return None
    telling = [any(_is_telling(token, calendar) for token in _tokens(word, calendar, today)) for word in words]
    first = telling.index(True) if True in telling else 0
    last = len(words) - telling[::-1].index(True) if True in telling else 0
    stretches = ((start, end) for end in range(last, first, -1) for start in range(first, max(-1, first - 4), -1))
    for start, end in stretches:
        if day := read_date(" ".join(words[start:end]), language, today):
            before, after = fold(" ".join(words[:start])).split(), fold(" ".join(words[end:])).split()
            while before and before[-1] in calendar.prepositions:
                before.pop()
            limited = any(telling[:start]) or any(telling[end:]) or {*before[-1:], *after[:1]} & calendar.joining
            return None if limited else (normalise(" ".join([*words[: len(before)], *words[end:]])), day)
    return None


def day_words(language: str) -> tuple[str, ...]:
    """The words that answers with a day are made of; none for a language whose days are not read."""
    return CALENDARS[language].vocabulary if language in CALENDARS else ()


def _tokens(text: str, calendar: Calendar, today: date) -> Iterator[Token]:
    at = 0
    for match in re.finditer(f"(?P<clock>{calendar.clock})|{_ISO}|{_WRITTEN}", text.lower()):
        yield from _words(text[at : match.start()], calendar)
        yield CLOCK if match["clock"] else _written(match, calendar, today)
        at = match.end()
    yield from _words(text[at:], calendar)


def _words(text: str, calendar: Calendar) -> Iterator[str]:
    for written in text.split():
        words = fold(written).split()
        if words and words[-1] in calendar.comma_corrections and written[-1] in _PAUSE:
            words[-1] += ","
        for word in words:
            begins = word.removesuffix("'s")
            if calendar.short_is and begins != word and begins in calendar.telling:
                yield from (begins, "is") if word not in calendar.telling else (word,)
            else:
                yield word


def _written(match: re.Match[str], calendar: Calendar, today: date) -> date | None:
    if match["year"]:
        return dated(today, int(match["day"]), int(match["month"]), int(match["year"]))
    first, second = int(match["first"]), int(match["second"])
    day, month = (first, second) if calendar.day_first else (second, first)
    if month > 12 >= day:  # only one reading is possible, so the custom does not matter
        day, month = month, day
    whole = match["whole"]
    return dated(today, day, month, int(whole) + (2000 if len(whole) == 2 else 0) if whole else None)


def _is_telling(token: Token, calendar: Calendar) -> bool:
    return not isinstance(token, str) or token in calendar.telling


class _Chart:
    """Every way to read the words of one answer."""

    def __init__(self, tokens: Sequence[Token], calendar: Calendar, today: date) -> None:
        self._tokens = tokens
        self._calendar = calendar
        self._today = today
        self._derived: dict[tuple[str, int], tuple[Part, ...]] = {}
        self._looked_up = [self._look_up(at) for at in range(len(tokens))]

    def answers(self) -> set[date | None]:
        """The day of each reading of all the words; None for a reading whose day is in doubt."""
        reached: list[set[Answer]] = [set() for _ in range(len(self._tokens) + 1)]
        reached[0] = {_NOTHING}
        for at in range(len(self._tokens)):
            for answer in reached[at]:
                for end, following in self._steps(at, answer):
                    reached[end].add(following)
        return {self._resolved(answer) for answer in reached[-1] if answer != _NOTHING}

    def _steps(self, at: int, answer: Answer) -> Iterator[tuple[int, Answer]]:
        surrounding = ("filler", "part", "before") if answer == _NOTHING else ("filler", "part", "before", "after")
        yield from ((part.end, answer) for symbol in surrounding for part in self._read(symbol, at))
        yield from ((part.end, _NOTHING) for part in self._read("correction", at))
        for part in self._read("day", at):
            if isinstance(part.value, date) and answer.may_be(part.value):
                yield part.end, answer._replace(day=part.value)
        for part in self._read("weekday", at):
            named = answer._replace(weekday=part.value) if isinstance(part.value, int) else answer
            if answer.weekday in (None, named.weekday) and (named.day is None or named.may_be(named.day)):
                yield part.end, named

    def _resolved(self, answer: Answer) -> date | None:
        if answer.day is None:
            return coming(self._today, answer.weekday) if answer.weekday is not None else None
        return answer.day

    def _read(self, symbol: str, at: int) -> tuple[Part, ...]:
        """Where a symbol that begins here may end, with its values."""
        if at >= len(self._tokens):
            return ()
        key = symbol, at
        if key not in self._derived:
            self._derived[key] = ()  # a rule that begins with itself would never end
            found = dict.fromkeys(self._looked_up[at].get(symbol, ()))
            for rule in self._calendar.of_symbol.get(symbol, ()):
                for end, values in self._row(rule.parts, at):
                    if (value := self._make(rule.make, values)) is not None:
                        found[Part(end, value)] = None
            self._derived[key] = tuple(found)
        return self._derived[key]

    def _make(self, make: Callable[..., object], values: tuple[object, ...]) -> object:
        try:
            return make(self._today, *values)
        except OverflowError:  # a year after 9999
            return None

    def _row(self, parts: Sequence[str], at: int) -> Iterator[tuple[int, tuple[object, ...]]]:
        """Where these parts, one after the other, may end, with the values of those that have one."""
        if not parts:
            yield at, ()
            return
        first, rest = parts[0], parts[1:]
        if first.endswith("?"):
            yield from self._row(rest, at)
        for part in self._read(first.removesuffix("?"), at):
            own = () if part.value is None else (part.value,)
            yield from ((end, (*own, *values)) for end, values in self._row(rest, part.end))

    def _look_up(self, at: int) -> dict[str, list[Part]]:
        token = self._tokens[at]
        if not isinstance(token, str):
            return {"written": [Part(at + 1, token)]} if token else {}
        found: dict[str, list[Part]] = {}
        for rest, symbol, value in self._calendar.lexicon.get(token, ()):
            end = at + 1 + len(rest)
            if not rest or tuple(self._tokens[at + 1 : end]) == rest:
                found.setdefault(symbol, []).append(Part(end, value))
        for symbol, value in self._in_digits(token):
            found.setdefault(symbol, []).append(Part(at + 1, value))
        return found

    def _in_digits(self, token: str) -> Iterator[tuple[str, int]]:
        if match := _NTH.fullmatch(token):
            value = int(match[1])
            yield from (("ord", value), ("ord_after", value), ("hour", value))
            if match[2] or self._calendar.plain_nth:
                yield "nth", value
            if not match[2] and value:
                yield "count", value
        elif _YEAR.fullmatch(token):
            yield "year", int(token)
