"""``config/scenarios/*.yaml``: rehearsals, as they are written, and the mistakes found in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ivr.call.actions import Reason
from ivr.config.files import File, Name, Number, Share
from ivr.config.load import Config
from ivr.config.source import ConfigError, Mistake, Mistakes, Source, check, read

ACTS = ("says", "presses", "mumbles", "silent", "hangs_up", "breaks")
FOLDER = "config/scenarios"

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class Step(File):
    """What the caller does (one of ``says``, ``presses`` ...; nothing: the caller listens), and what must follow."""

    says: Text | None = None
    confidence: Share = 0.95
    upset: Share | None = None
    plays: Text | None = None
    presses: Annotated[str, StringConstraints(pattern=r"^[0-9*#]+$")] | None = None
    mumbles: Seconds | None = None
    silent: Seconds | None = None
    hangs_up: Literal[True] | None = None
    breaks: Literal[True] | None = None
    interrupts: bool = False
    hears: Text | list[Text] = []
    never_hears: Text | list[Text] = []
    does: Name | list[Name] = []

    @property
    def act(self) -> str | None:
        """What the caller does; None when they only listen."""
        return next((act for act in ACTS if getattr(self, act) is not None), None)

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.plays and not self.says:
            raise ValueError("a recording (plays) needs the words that are in it: says")
        acts = [act for act in ACTS if getattr(self, act) is not None]
        if len(acts) > 1:
            raise ValueError(f"a step is one thing the caller does, this one {' and '.join(acts)}")
        if not acts and not (self.hears or self.never_hears):
            raise ValueError(f"nothing happens in this step; write one of {', '.join(ACTS)}, or hears")
        return self


class Faked(File):
    """What an action does in a scenario instead of asking the shop; ``takes`` alone only makes it slow;
    ``unknown``: it was sent, and nobody knows what came of it."""

    takes: Annotated[float, Field(ge=0, le=60)] = 0
    fails: bool = False
    unknown: bool = False
    outcome: Name | None = None
    values: dict[str, Any] = {}


class End(File):
    """How the call must end.  What is not written may be anything."""

    outcome: Literal["served", "transferred", "hung_up"]
    reason: Reason | None = None
    topic: Name | None = None
    team: Name | None = None
    served: list[Name] | None = None


class Scenario(File):
    """One rehearsal."""

    line: Number | None = None
    caller: Number | None = None
    at: Annotated[datetime, AfterValidator(lambda at: at.replace(tzinfo=None))] | None = None
    called_before: bool = False
    gave_up: Annotated[int, Field(ge=0, le=10)] = 0
    full: bool = False
    actions: dict[Name, Faked] = {}
    advisors: list[Literal["answers", "declines", "busy", "no-answer", "drops"]] = []
    steps: list[Step] = []
    ends: End

    @property
    def day(self) -> date:
        """The day of the call: that of ``at``, or today."""
        return self.at.date() if self.at else date.today()


class ScenarioFile(File):
    """config/scenarios/<name>.yaml"""

    scenarios: Annotated[dict[str, Scenario], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Named:
    """A scenario, its name, the file it stands in and the line of each of its steps."""

    file: str
    name: str
    scenario: Scenario
    folder: Path
    lines: tuple[int | None, ...] = ()


def load_scenarios(config: Config, files: Sequence[Path] = ()) -> list[Named]:
    """The scenarios of some files, or of ``config/scenarios/``.  Raises ConfigError with every mistake."""
    mistakes = Mistakes()
    home = config.home
    found: list[Named] = []
    for path in files or sorted((home / FOLDER).glob("*.yaml")):
        folder, name = (home, str(path.relative_to(home))) if path.is_relative_to(home) else (Path(), str(path))
        source = mistakes.gather(lambda folder=folder, name=name: read(folder, name))  # type: ignore[misc]
        file = mistakes.gather(lambda source=source: check(source, ScenarioFile)) if source else None  # type: ignore[misc]
        if source is None or file is None:
            continue
        for title, scenario in file.scenarios.items():
            place = ("scenarios", title)
            mistakes.found += _mistakes(source, place, scenario, config, path.parent)
            lines = tuple(source.line((*place, "steps", at)) for at in range(len(scenario.steps)))
            found.append(Named(name, title, scenario, path.parent, lines))
    if mistakes.found:
        raise ConfigError(mistakes.found)
    return found


def _mistakes(
    source: Source, place: tuple[str, str], scenario: Scenario, config: Config, folder: Path
) -> list[Mistake]:
    """Names in a scenario that the other files do not know."""
    known: dict[str, tuple[set[str | None], set[str], str]] = {
        "line": ({scenario.line}, set(config.lines), "config/ivr.yaml"),
        "actions": ({*scenario.actions}, set(config.actions), "the actions of config/requests.yaml"),
        "ends": (
            {scenario.ends.topic, *(scenario.ends.served or ())},
            {intent for plan in config.plans.values() for intent in plan.requests},
            "config/requests.yaml",
        ),
    }
    found = [
        source.mistake((*place, key), f"{name!r} is not in {file}", f"one of: {', '.join(sorted(names))}")
        for key, (used, names, file) in known.items()
        for name in sorted(str(each) for each in used if each is not None and each not in names)
    ]
    if scenario.ends.team and scenario.ends.team not in config.advisors.teams:
        what = f"team {scenario.ends.team!r} is not in config/advisors.yaml"
        found.append(source.mistake((*place, "ends"), what, f"one of: {', '.join(config.advisors.teams)}"))
    for at, step in enumerate(scenario.steps):
        where = (*place, "steps", at)
        if step.plays and not (folder / step.plays).is_file():
            what = f"there is no recording {step.plays}"
            found.append(source.mistake((*where, "plays"), what, f"put it into {folder}, beside this file"))
        for action in _several(step.does):
            if action not in config.actions:
                what = f"{action!r} is not in the actions of config/requests.yaml"
                found.append(source.mistake((*where, "does"), what, f"one of: {', '.join(sorted(config.actions))}"))
    return found


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
