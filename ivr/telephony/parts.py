"""The real parts a call is served with; put together in ``ivr.app`` and shared by all calls of a process."""

import threading
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from ivr.advisors.delivery import Delivery
from ivr.advisors.journey import destination
from ivr.advisors.voicemail import Voicemail
from ivr.config import Config
from ivr.operations.metrics import Metrics
from ivr.phone_numbers import calling_number, dialled_line
from ivr.records.callbacks import Callbacks
from ivr.records.records import Records
from ivr.records.writer import EventWriter
from ivr.requests.business import Business
from ivr.speech.prompts import Prompts, SpokenText
from ivr.speech.recogniser import RecognitionModel
from ivr.telephony.cards import CardLinks
from ivr.telephony.lag import Lag

_OF_THE_LINE = {"key"}  # values that are the same for all its callers


@dataclass(slots=True)
class Parts:
    """``models``: language -> its recogniser; a language without one is served by people only.

    ``impaired``: what is wrong with the server now, and what it means.

    Changed by ``take`` only; a call works with a copy, and so keeps the version it began with.  ``now``: the clock that
    opening hours go by.  ``shop``: the database of the business, the same after every reload.
    """

    config: Config
    records: Records
    writer: EventWriter
    models: Mapping[str, RecognitionModel]
    prompts: Prompts
    business: Business
    shop: Engine | None
    links: CardLinks
    callbacks: Callbacks
    delivery: Delivery
    voicemail: Voicemail
    metrics: Metrics = field(default_factory=Metrics)
    lag: Lag = field(default_factory=Lag)
    audio: Path | None = None
    impaired: Callable[[], Mapping[str, str]] = dict
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    swapping: threading.Lock = field(default_factory=threading.Lock)

    def destination(self, reason: str, topic: str | None, language: str) -> tuple[str, str | None]:
        """The team a call is put through to now, and the first address there; None when nobody is there."""
        return destination(self.config.advisors, self.config.advisors.route(reason, topic, language), self.now())

    def calling_number(self, form: Mapping[str, str]) -> str:
        """The number that calls, by a webhook's form; "" when it is withheld or none."""
        return calling_number(form.get("From", ""), self.config.advisors.country)

    def dialled(self, form: Mapping[str, str]) -> str:
        """The line that was dialled, by a webhook's form; what is no line stays as it was written."""
        said = form.get("To", "")
        return dialled_line(said, self.config.lines, self.config.advisors.country) or said[:64]

    def kept(self, data: Mapping[str, object]) -> dict[str, object]:
        """What may be stored of an event's data, whichever language it is in."""
        return self.config.keep.shape(data, self.config.number_words)

    def as_now(self) -> "Parts":
        """What a call that begins now is served with, to its end."""
        with self.swapping:
            return copy(self)

    def take(self, config: Config, business: Business) -> None:
        """Serve with these from the next call on."""
        self.render(config)
        with self.swapping:
            self.models = {each: model for each, model in self.models.items() if each in config.languages}
            self.config, self.business = config, business

    def spoken_now(self, language: str, line: str) -> str:
        """The language of a call, or that of its line when the files have dropped it since the call began."""
        return language if language in self.config.languages else self.config.language_of(line)

    def render(self, config: Config) -> None:
        """Make the sound of every sentence that is the same in all calls, so that no call waits for it."""
        self.prompts.render(
            _spoken(config, language, name, {})
            for language in self.models.keys() & config.languages.keys()
            for name in config.texts[language].names
            if config.texts[language].is_fixed(name)
        )
        self.prompts.render(
            _spoken(config, language, "other_language", {"key": key})
            for keys in config.keys.values()
            for key, language in keys.items()
        )

    def spoken(self, language: str, name: str, values: Mapping[str, object]) -> SpokenText:
        """A prompt of a language with its values filled in."""
        return _spoken(self.config, language, name, values)


def _spoken(config: Config, language: str, name: str, values: Mapping[str, object]) -> SpokenText:
    texts, chosen = config.texts[language], config.languages[language]
    text = texts.text(name, values)
    fixed = texts.is_fixed(name) or values.keys() <= _OF_THE_LINE
    return SpokenText(name, text, language, chosen.voice, chosen.rate_wpm, fixed)
