"""The sentences of one language: names and values -> text to be spoken."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

_YEAR = re.compile(r"[,\s]*y+년?[,\s]*")  # in the patterns of the full date: nobody says the year of a parcel

_CLOCK = {"ko": "B h시 m분"}  # its short pattern says AM and PM in English


def _digits(value: object) -> str:
    """ "42719" -> "4, 2, 7, 1, 9": the commas keep a voice from running digits together."""
    return ", ".join(str(value))


def environment(language: str) -> Environment:
    """Jinja2 with the filters of spoken language.  Sandboxed, because supervisors' files are not programs."""

    pattern = _YEAR.sub("", str(Locale.parse(language).date_formats["full"]))

    def day(value: object) -> str:
        """A date (or its ISO text) as people say it: "Friday, November 27"."""
        when = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        return str(format_date(when, format=pattern, locale=language))

    def clock(value: time | datetime) -> str:
        """A time of day as people say it: "6:30 PM", "18:30"."""
        return (
            str(format_time(value, format=_CLOCK.get(language, "short"), locale=language))
            .replace("\u202f", " ")
            .replace(" 0분", "")
        )

    made = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # spoken, never shown as HTML
    made.filters.update(digits=_digits, day=day, clock=clock)
    return made


class Texts:
    """Every sentence of a language, compiled."""

    def __init__(
        self, language: str, sentences: Mapping[str, str], company: str, tone: bool = False, recorded: bool = False
    ) -> None:
        """Raises TemplateSyntaxError for the first sentence that is not Jinja2; ``check`` finds them one by one."""
        self._environment = environment(language)
        self._environment.globals.update(company=company, tone=tone, recorded=recorded)
        self._sentences = {name: " ".join(text.split()) for name, text in sentences.items()}
        self._compiled = {name: self._environment.from_string(text) for name, text in self._sentences.items()}

    def text(self, name: str, values: Mapping[str, Any]) -> str:
        """The sentence, ready to be spoken.  Raises KeyError for an unknown name, jinja2 errors for missing values.

        ``request`` among the values is an intent, which is said with its own sentence.
        """
        if "request" in values:
            values = {**values, "request": self._compiled[f"request_{values['request']}"].render()}
        return self._compiled[name].render(values)

    def is_fixed(self, name: str) -> bool:
        """True when the sentence is the same in every call, so that it can be rendered before one."""
        parsed = self._environment.parse(self._sentences[name])
        return not meta.find_undeclared_variables(parsed) - {"company", "tone", "recorded"}

    @property
    def names(self) -> tuple[str, ...]:
        """Every sentence's name."""
        return tuple(self._sentences)


def syntax_mistake(language: str, text: str) -> str | None:
    """What is wrong with a sentence's Jinja2, or None."""
    try:
        environment(language).from_string(text)
    except TemplateSyntaxError as error:
        return str(error.message)
    return None
