"""The shapes of the supervisors' files, as they are written."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ivr.call.actions import Reason
from ivr.config.web_address import fetchable
from ivr.records.keeping import What
from ivr.tone.weights import WordClass

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Number = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{5,14}$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Share = Annotated[float, Field(ge=0, le=1)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Positive = Annotated[int, Field(gt=0)]


class File(BaseModel):
    """What every file has in common: unknown settings are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LineEntry(File):
    """A dialled number.  ``also``: other languages that its greeting offers, each with its key."""

    language: LanguageCode
    also: dict[LanguageCode, Annotated[str, StringConstraints(pattern=r"^[1-9]$")]] = Field({})


class LanguageEntry(File):
    """How a language is spoken and heard."""

    voice: str
    rate_wpm: Annotated[int, Field(ge=80, le=300)] = 165
    recogniser: Literal["auto", "vosk", "whisper"] = "auto"
    without_recogniser: Literal["refuse", "people"] = "refuse"
    twilio: str


class Confidence(File):
    """The three bands."""

    accept: Share = 0.75
    confirm: Share = 0.5


class BudgetEntry(File):
    """What the machine may take of a caller's time."""

    turns: Positive = 12
    seconds: Positive = 240
    misses: Annotated[int, Field(ge=1, le=5)] = 3
    silences: Annotated[int, Field(ge=1, le=5)] = 2


class TimingEntry(File):
    """Milliseconds."""

    silence: Annotated[int, Field(ge=200, le=3000)] = 500
    digits: Annotated[int, Field(ge=300, le=5000)] = 1100
    complete: Annotated[int, Field(ge=100, le=3000)] = 340
    final: Annotated[int, Field(ge=100, le=3000)] = 160
    no_input: Annotated[int, Field(ge=2000, le=20_000)] = 6000
    keypad: Annotated[int, Field(ge=500, le=10_000)] = 2000
    filler: Annotated[int, Field(ge=200, le=10_000)] = 1500
    lookup: Annotated[int, Field(ge=500, le=30_000)] = 6000


class ToneEntry(File):
    """Whether the tone of voice counts.  Its numbers are in config/tone.yaml, its words in config/upset/."""

    on: bool = True


class UpsetFile(File):
    """config/upset/<language>.yaml"""

    language: LanguageCode
    rules: dict[Name, str] = {}
    upset: dict[WordClass, list[str]]


class KeepEntry(File):
    """What is stored of calls, and for how many days.  ``nothing`` keeps how they ended, but no word."""

    what: What = "words"
    numbers: Literal["kept", "masked"] = "kept"
    days: Positive = 90
    card_days: Positive = 7
    audio_days: Positive = 14


class RepeatCallersEntry(File):
    """Who rings again.  ``gave_up``: this often within 24 hours, then straight to a person; 0: nobody is."""

    gave_up: Annotated[int, Field(ge=0, le=10)] = 0


class IvrFile(File):
    """config/ivr.yaml"""

    company: str
    lines: Annotated[dict[Number, LineEntry], Field(min_length=1)]
    languages: Annotated[dict[LanguageCode, LanguageEntry], Field(min_length=1)]
    confidence: Confidence = Confidence()
    budget: BudgetEntry = BudgetEntry()
    timing: TimingEntry = TimingEntry()
    tone: ToneEntry = ToneEntry()
    repeat_callers: RepeatCallersEntry = RepeatCallersEntry()
    keep: KeepEntry = KeepEntry()
    max_calls: Positive = 100


class QueueEntry(File):
    """How callers of a team wait."""

    name: QueueName | None = None
    music: Annotated[str, StringConstraints(pattern=r"^https://\S+$")] | None = None
    offer_after_s: Annotated[int, Field(ge=0, le=3600)] = 60
    longest_s: Annotated[int, Field(ge=30, le=7200)] = 900
    ring_again_s: Annotated[int, Field(ge=20, le=3600)] | None = None


class HolidaysEntry(File):
    """Whose public holidays a team keeps."""

    country: CountryCode
    region: str | None = None


class TeamEntry(File):
    """Advisors who answer together."""

    name: dict[LanguageCode, str]
    languages: list[LanguageCode] = []
    hours: Literal["always"] | dict[str, str] = "always"
    timezone: str | None = None
    holidays: HolidaysEntry | None = None
    days: dict[str | date, str] = {}
    targets: Annotated[list[str], Field(min_length=1)]
    at_once: bool = False
    ring_s: Annotated[int, Field(ge=5, le=600)] = 20  # Twilio's own limits
    queue: QueueEntry = QueueEntry()
    then: Name | None = None


class RouteEntry(File):
    """Which calls go to a team."""

    team: Name
    reason: Reason | list[Reason] = []
    topic: Name | list[Name] = []
    language: LanguageCode | list[LanguageCode] = []


class AdvisorsFile(File):
    """config/advisors.yaml"""

    country: CountryCode
    timezone: str
    teams: Annotated[dict[Name, TeamEntry], Field(min_length=1)]
    routes: list[RouteEntry] = []
    team: Name
    sip_headers: Literal["encoded", "ascii"] = "encoded"
    webhook: Annotated[str, StringConstraints(pattern=r"^https://[^/]+"), AfterValidator(fetchable)] | None = None


class GrammarFile(File):
    """grammars/<language>/<topic>.yaml"""

    place: ClassVar[str] = "intents"

    class Intent(File):
        """The sentences of one intent."""

        sentences: Annotated[list[str], Field(min_length=1)]
        keywords: list[str] = []

    language: LanguageCode
    fillers: list[str] = []
    decoys: list[str] = []
    intents: dict[Name, Intent] = {}
    languages: dict[LanguageCode, list[str]] = Field({})
    rules: dict[Name, str] = {}
    digits: dict[str, Annotated[int, Field(ge=0, le=9)]] = {}
    homophones: dict[str, Annotated[int, Field(ge=0, le=9)]] = {}
    times: dict[str, Annotated[int, Field(ge=2, le=5)]] = {}
    numbers: dict[str, Annotated[int, Field(ge=10, le=99)]] = {}
    large: dict[str, Literal[100, 1000]] = {}
    teens_after: list[Annotated[int, Field(ge=20, le=90, multiple_of=10)]] = []
    joined_by: list[str] = []
    before: dict[str, Annotated[int, Field(ge=1, le=9)]] = {}
    several: dict[str, Annotated[int, Field(ge=0, le=9)]] = {}
    asides: list[str] = []
    restarts: list[str] = []
    run_together: bool = False
