"""What is legal in the supervisors' files, but unwise."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ivr.config.files import AdvisorsFile, IvrFile, TeamEntry
from ivr.config.load import Config
from ivr.config.requests import RequestsFile
from ivr.config.source import Mistake, check, read
from ivr.speech import models

_NUMBERS: tuple[tuple[tuple[str, str], Callable[[float], bool], str, str], ...] = (
    (("confidence", "accept"), lambda v: v < 0.6, "the system acts on what it hardly understood", "0.7 to 0.85"),
    (("confidence", "confirm"), lambda v: v < 0.3, "callers are asked back about noise", "0.4 to 0.6"),
    (("budget", "seconds"), lambda v: v > 600, "a caller may spend more than ten minutes with the machine", "240"),
    (("budget", "misses"), lambda v: v > 3, "a caller who is not understood is asked on and on", "1"),
    (("budget", "doubts"), lambda v: v > 2, "a caller is asked back again and again", "1"),
    (("budget", "silences"), lambda v: v > 3, "a silent line is asked on and on", "2"),
    (("timing", "no_input"), lambda v: v < 3000, "callers who look for their order number are hurried", "5000"),
    (("keep", "days"), lambda v: v > 365, "what callers said is kept for more than a year", "90"),
)
"""A number of config/ivr.yaml, when it is unwise, what then happens, and what is usual."""


def unwise(config: Config, models_dir: Path) -> list[Mistake]:
    """Everything in the files of ``config`` that works and is still likely to be regretted, with its remedy."""
    ivr, requests, advisors = (read(config.home, f"config/{name}.yaml") for name in ("ivr", "requests", "advisors"))
    ivr_file, advisors_file = check(ivr, IvrFile), check(advisors, AdvisorsFile)
    found = [ivr.mistake(*each) for each in (*_numbers(ivr_file), *_unheard(ivr_file, models_dir))]
    found += [requests.mistake(*each) for each in _always_people(check(requests, RequestsFile))]
    found += [advisors.mistake(*each) for each in _teams(advisors_file, config.tone is None)]
    return found


Found = tuple[tuple[str | int, ...], str, str]
"""where, what, the remedy"""


def _numbers(file: IvrFile) -> Iterator[Found]:
    for place, is_unwise, what, usual in _NUMBERS:
        value = getattr(getattr(file, place[0]), place[1])
        if is_unwise(value):
            yield place, f"{'.'.join(place)} is {value}: {what}", f"{usual} is usual"
    budget = file.budget
    if budget.silences > budget.doubts + 1:
        what = (
            f"budget.silences is {budget.silences}: asking on after a silence is a doubt, and doubts is {budget.doubts}"
        )
        yield ("budget", "silences"), what, f"silences: {budget.doubts + 1} says the same, or allow more doubts"


def _unheard(file: IvrFile, models_dir: Path) -> Iterator[Found]:
    for language, entry in file.languages.items():
        if models.chosen(language, entry.recogniser, models_dir) is None:
            what = f"{language!r} has no recogniser on this machine: its callers go straight to an advisor"
            if entry.without_recogniser == "refuse":
                what = f"{language!r} has no recogniser on this machine: the server will not start here"
            yield ("languages", language), what, models.remedy(language)


def _always_people(file: RequestsFile) -> Iterator[Found]:
    for intent, request in file.requests.items():
        if request.outcomes and all(outcome.people for outcome in request.outcomes.values()):
            what = f"{intent}: every outcome puts the caller through, after all the questions"
            yield ("requests", intent, "outcomes"), what, f"write `{intent}: {{people: true}}`, which asks nothing"


def _teams(file: AdvisorsFile, deaf_to_tone: bool) -> Iterator[Found]:
    for name, team in file.teams.items():
        if len(team.targets) == 1 and team.then is None and not _waits(team):
            what = f"team {name} has one target, no queue and nobody who takes over"
            yield ("teams", name, "targets"), what, "add a target, `queue: {name: ...}` or `then: TEAM`"
        if team.ring_s > 60:
            what = f"team {name} lets a telephone ring for {team.ring_s} s: most callers hang up before the next one"
            yield ("teams", name, "ring_s"), what, "20 is usual"
    for index, route in enumerate(file.routes):
        if deaf_to_tone and "tone" in ([route.reason] if isinstance(route.reason, str) else route.reason):
            what = f"tone is off in config/ivr.yaml, so no call goes to {route.team} for its tone"
            yield ("routes", index), what, "switch tone on, or remove the route"


def _waits(team: TeamEntry) -> bool:
    return team.queue.name is not None or team.targets[0].startswith(("queue:", "workflow:"))
