"""Whom a transferred call rings, one after the other, when a scenario says what each of them does."""

from collections.abc import Iterator
from datetime import datetime

from ivr.advisors.journey import next_step
from ivr.advisors.steps import Arrived, Happened, Place, Rang, Ring, Wait
from ivr.advisors.teams import Advisors as Teams
from ivr.advisors.teams import Team
from ivr.phone.advisor import Advisor, Advisors


def ringing(teams: Teams, team: Team, advisors: Advisors, now: datetime) -> Iterator[tuple[Team, str]]:
    """The team of each step, and what happens in it; it ends with a conversation, a queue, or nobody left to ring."""
    place, rung = Place(team.name), 0
    happened: Happened = Arrived()
    while True:
        step = next_step(teams, place, happened, now)
        match step:
            case Ring(targets=targets):
                for target in targets:
                    habit = advisors.who_is_at(rung)
                    rung += 1
                    yield step.team, f"rings {target.address}: {habit}"
                    if habit is Advisor.ANSWERS:
                        return
                place, happened = step.place, Rang("no-answer", "false")
            case Wait(target=target):
                yield step.team, f"waits in the queue {target.address}"
                return
            case _:
                yield teams.chain(team.name)[0], "is offered a callback or a message"
                return
