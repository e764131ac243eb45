"""The real parts a call is served with; put together in ``ivr.app`` and shared by all calls of a process."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.advisors.delivery import Delivery
from ivr.advisors.voicemail import Voicemail
from ivr.config import Config
from ivr.operations.metrics import Metrics
from ivr.records import EventWriter, Records
from ivr.records.callbacks import Callbacks
from ivr.requests.business import Business
from ivr.speech.prompts import Prompts, SpokenText
from ivr.speech.recogniser import RecognitionModel
from ivr.telephony.cards import CardLinks


@dataclass(frozen=True, slots=True)
class Parts:
    """``models``: language -> its recogniser; a language without one is served by people only."""

    config: Config
    records: Records
    writer: EventWriter
    models: Mapping[str, RecognitionModel]
    prompts: Prompts
    business: Business
    links: CardLinks
    callbacks: Callbacks
    delivery: Delivery
    voicemail: Voicemail
    metrics: Metrics = field(default_factory=Metrics)

    def spoken(self, language: str, name: str, values: Mapping[str, object]) -> SpokenText:
        """A prompt of a language with its values filled in."""
        texts, chosen = self.config.texts[language], self.config.languages[language]
        text = texts.text(name, values)
        return SpokenText(name, text, language, chosen.voice, chosen.rate_wpm, texts.is_fixed(name))
