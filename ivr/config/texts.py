"""The sentences of one language: names and values -> text to be spoken."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import SandboxedEnvironment

from ivr.config.speaking import filters

_ALWAYS = frozenset({"company", "tone", "recorded"})  # every sentence knows these
_MOST_SENTENCES = 4096  # of all languages together; what is not edited is neither read nor compiled again


@cache
def _environment(language: str) -> Environment:
    """Jinja2 with the filters of spoken language.  Sandboxed, because supervisors' files are not programs."""
    made = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, finalize=_sayable)  # spoken, no HTML
    made.filters.update(filters(language))
    return made


@lru_cache(maxsize=_MOST_SENTENCES)
def _values(language: str, sentence: str) -> frozenset[str]:
    """The names a sentence is filled with.  Raises TemplateSyntaxError."""
    if "{" not in sentence:  # it is said as it is
        return frozenset()
    return frozenset(meta.find_undeclared_variables(_environment(language).parse(sentence)))


@lru_cache(maxsize=_MOST_SENTENCES)
def _template(language: str, sentence: str) -> Template:
    return _environment(language).from_string(sentence)


def _sayable(value: object) -> object:
    """Nobody is told "None": what is missing is as bad as what is unknown."""
    if value is None:
        raise UndefinedError("a value of the sentence is empty")
    return value


class Texts:
    """Every sentence of a language, compiled when it is said first."""

    def __init__(
        self, language: str, sentences: Mapping[str, str], company: str, tone: bool = False, recorded: bool = False
    ) -> None:
        """``mistakes``: name -> what is wrong with a sentence's Jinja2; such a sentence cannot be said."""
        self._language = language
        self._known = {"company": company, "tone": tone, "recorded": recorded}
        self._sentences = {name: " ".join(text.split()) for name, text in sentences.items()}
        self.mistakes: dict[str, str] = {}
        for name, text in self._sentences.items():
            try:
                _values(language, text)
            except TemplateSyntaxError as error:
                self.mistakes[name] = str(error.message)

    def text(self, name: str, values: Mapping[str, Any]) -> str:
        """The sentence, ready to be spoken.  Raises KeyError for an unknown name, jinja2 errors for missing values.

        ``request`` among the values is said with its own sentence when it is an intent.
        """
        request = f"request_{values.get('request')}"
        if request in self._sentences:
            values = {**values, "request": self._filled(request, {})}
        return self._filled(name, values)

    def _filled(self, name: str, values: Mapping[str, Any]) -> str:
        sentence = self._sentences[name]
        return _template(self._language, sentence).render({**self._known, **values}) if "{" in sentence else sentence

    def is_fixed(self, name: str) -> bool:
        """True when the sentence is the same in every call, so that it can be rendered before one."""
        return not self.values(name)

    def values(self, name: str) -> frozenset[str]:
        """The values a sentence without mistakes is filled with."""
        return _values(self._language, self._sentences[name]) - _ALWAYS

    @property
    def names(self) -> tuple[str, ...]:
        """Every sentence's name."""
        return tuple(self._sentences)
