"""What happened in a scenario, and what of it is not as it should be."""

from dataclasses import dataclass, field

from ivr.call.actions import Reason
from ivr.config.scenarios import End, Scenario, Step


@dataclass(frozen=True, slots=True)
class Line:
    """Something one side said or did, ``at_ms`` after the call began; ``step``: the caller's step it belongs to."""

    who: str  # ivr, caller, advisor, or what differs
    text: str
    at_ms: int
    step: int = -1


@dataclass(slots=True)
class Ending:
    """How a call ended."""

    outcome: str = "did not end"
    reason: Reason | None = None
    topic: str | None = None
    team: str | None = None
    served: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.outcome, self.reason, f"({self.topic})" if self.topic else "")))


@dataclass(slots=True)
class Rehearsed:
    """What happened in a scenario.

    ``answers``: what the business answered, by request: an outcome, or failed, unknown or late.
    ``differences``: step (-1: the ending) and what was not as it should be.
    """

    lines: list[Line] = field(default_factory=list)
    actions: list[tuple[int, str]] = field(default_factory=list)
    answers: set[tuple[str, str]] = field(default_factory=set)
    ending: Ending = field(default_factory=Ending)
    differences: list[tuple[int, str]] = field(default_factory=list)

    def compare(self, scenario: Scenario) -> None:
        """Find what differs from the scenario."""
        for at, step in enumerate(scenario.steps):
            self.differences += [(at, what) for what in self._missing(at, step)]
        self.differences += [(-1, what) for what in _unlike(scenario.ends, self.ending)]

    def _missing(self, at: int, step: Step) -> list[str]:
        begins = at - 1 if step.act is None else at  # who only listens hears what the step before led to
        said = [line.text for line in self.lines if line.who == "ivr" and begins <= line.step <= at]
        text = _plain(" ".join(said))
        asked = [action for number, action in self.actions if begins <= number <= at]
        heard = " ".join(said) or "nothing"
        wanted = [f"should hear “{part}”, heard: {heard}" for part in _several(step.hears) if _plain(part) not in text]
        refused = [
            f"should not hear “{part}”, heard: {heard}" for part in _several(step.never_hears) if _plain(part) in text
        ]
        done = [
            f"should do {name}, did: {', '.join(asked) or 'nothing'}"
            for name in _several(step.does)
            if name not in asked
        ]
        return [*wanted, *refused, *done]


def _unlike(wanted: End, ended: Ending) -> list[str]:
    """What differs between how a call should end and how it did."""
    checked: list[tuple[str | None, str | None, str]] = [
        (wanted.outcome, ended.outcome, "should end: {}, ended: {}"),
        (wanted.reason, ended.reason, "should have the reason {}, has: {}"),
        (wanted.topic, ended.topic, "should be about {}, is about: {}"),
        (wanted.team, ended.team, "should reach the team {}, reaches: {}"),
    ]
    found = [what.format(should, is_ or "none") for should, is_, what in checked if should not in (None, is_)]
    if wanted.served is not None and sorted(wanted.served) != sorted(ended.served):
        should, is_ = (", ".join(each) or "nothing" for each in (wanted.served, ended.served))
        found.append(f"should serve {should}, served: {is_}")
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
