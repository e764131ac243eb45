"""Who takes a transferred call."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """Advisors who answer together.  ``names``: what callers hear, by language."""

    name: str
    names: Mapping[str, str]
    number: str
    ring_s: int
    queue: str


@dataclass(frozen=True, slots=True)
class Advisors:
    """All teams, and the one that takes calls."""

    teams: Mapping[str, Team]
    default: str

    def choose(self) -> Team:
        """The team for a call."""
        return self.teams[self.default]
