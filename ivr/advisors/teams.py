"""Who takes a transferred call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.advisors.hours import Hours

TargetKind = Literal["number", "sip", "client", "queue", "workflow"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an advisor is reached: a telephone that rings, or something of Twilio's that callers wait in."""

    kind: TargetKind
    address: str

    @property
    def rings(self) -> bool:
        """True for a telephone, False for a queue or a TaskRouter workflow."""
        return self.kind in ("number", "sip", "client")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How callers of a team wait.  ``queue``: the team's own, None when it has none; ``music``: an address to play.

    ``offer_after_s``: then a callback and voicemail are offered.  ``longest_s``: then nobody waits any longer.
    ``ring_again_s``: then the advisors' telephones ring once more; None when advisors take callers from the queue.
    """

    queue: str | None = None
    music: str | None = None
    offer_after_s: int = 60
    longest_s: int = 900
    ring_again_s: int | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """Advisors who answer together.

    ``names``: what callers hear, by language.  ``languages``: those the team speaks, its own first.  ``groups``: whom
    to try, one group after the other; the telephones of a group ring at once.  ``then``: who takes over.
    """

    name: str
    names: Mapping[str, str]
    languages: tuple[str, ...]
    hours: Hours
    groups: tuple[tuple[Target, ...], ...]
    ring_s: int = 20
    waiting: Waiting = Waiting()
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Calls that go to a team: those that fit every condition given."""

    team: str
    reasons: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    def fits(self, reason: str | None, topic: str | None, language: str) -> bool:
        """True when the call is one of these."""
        asked = ((self.reasons, reason), (self.topics, topic), (self.languages, language))
        return all(not wanted or has in wanted for wanted, has in asked)


@dataclass(frozen=True, slots=True)
class Advisors:
    """All teams, the routes to them in order, and the team of every other call.

    ``country``: where numbers written or keyed without a country code belong.  ``plain_sip``: headers of a SIP
    telephone have no character that would have to be encoded.
    """

    teams: Mapping[str, Team]
    default: str
    routes: tuple[Route, ...] = field(default=())
    country: str = "US"
    plain_sip: bool = False

    def route(self, reason: str | None, topic: str | None, language: str) -> Team:
        """The team a call belongs to, whether it is open or not: the first route that fits and speaks the language."""
        for route in self.routes:
            if route.fits(reason, topic, language) and language in self.teams[route.team].languages:
                return self.teams[route.team]
        return self.teams[self.default]

    def chain(self, name: str) -> tuple[Team, ...]:
        """A team and those that take over from it, in order; the default team for a name that is gone."""
        chain: list[Team] = []
        team: Team | None = self.teams.get(name, self.teams[self.default])
        while team and team not in chain:
            chain.append(team)
            team = self.teams.get(team.then or "")
        return tuple(chain)
