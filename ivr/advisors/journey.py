"""The way of a transferred call to a person, a callback or a voicemail.  PURE: where we are and what happened in, the
next step out.

``Place`` travels in the addresses Twilio calls next (its signature covers them), so that every process gives the same
answer to the same webhook, also a second time, also without the database.  Every step leads on: to the next telephone,
the next team, the queue, the choice between callback and voicemail.  Each of them can be passed a limited number of
times only, so every call comes to an end.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from ivr.advisors.steps import (
    Arrived,
    AskNumber,
    AskWindow,
    Choice,
    Chose,
    HangUp,
    Happened,
    Keyed,
    Leave,
    Left,
    Music,
    Offer,
    Picked,
    Place,
    Promise,
    Rang,
    Record,
    Ring,
    Silent,
    Step,
    Wait,
    Waits,
)
from ivr.advisors.teams import Advisors, Target, Team
from ivr.phone_numbers import callback_number, can_be_called

MOST_TRIES = 3  # answers of a caller that lead nowhere, before the machine goes on without one
MOST_MINUTES = 30  # nobody can say anything honest about a longer wait
OTHER = "other"  # in place of a number: not the one that calls, but one that is to be keyed
LAST = 999  # the rung on which telephones ring for the last time, hours or not
_NUMBER = re.compile(r"\+[1-9]\d{5,14}")
_CHOICES: dict[str, Choice] = {"1": "callback", "2": "voicemail"}


def next_step(advisors: Advisors, place: Place, happened: Happened, now: datetime, caller: str = "") -> Step:
    """What is next.  ``caller``: the number that rings, "" when it is withheld."""
    called_back = _NUMBER.fullmatch(caller) and can_be_called(caller, advisors.country)
    way = _Way(advisors, place, now, caller if called_back else "")
    match happened:
        case Arrived():
            return way.ring(0, first=True)
        case Rang():
            return HangUp() if talked(happened) else way.ring(place.at + 1)
        case Waits():
            return way.wait_on(happened)
        case Left():
            return way.left(happened)
        case Chose(key, waiting):
            return way.chose_waiting(key) if waiting else way.chose(key)
        case Keyed(keys):
            return way.keyed(keys)
        case Picked(key):
            return way.picked(key)
        case Silent():
            return way.silent()


def talked(happened: Happened) -> bool:
    """True when the caller has talked to an advisor, and nothing of ours follows.

    ``completed`` alone is no conversation: an advisor who passes the call on gives it, too.
    """
    match happened:
        case Rang(status, bridged, accepted):
            return bridged == "true" or (bridged != "false" and accepted and status in ("completed", "answered"))
        case Left(result):
            return result in ("bridged", "bridging-in-process", "redirected", "redirected-from-bridged")
        case _:
            return False


def destination(advisors: Advisors, team: Team, now: datetime) -> tuple[str, str | None]:
    """The team that a call for ``team`` is put through to, and the first address there; None when nobody is there."""
    match next_step(advisors, Place(team.name), Arrived(), now):
        case Ring(team=there, targets=targets):
            return there.name, targets[0].address
        case Wait(team=there, target=target):
            return there.name, target.address
        case _:
            return team.name, None


def expected_minutes(waits: Waits) -> int:
    """How long it will still take, in whole minutes, at least 1; 0 when nobody can say.

    In a queue that moves steadily, those who wait have on average half of their wait behind them: all of it takes
    twice the average, and of that the part that lies before this caller is position of size.
    """
    if not (waits.position and waits.size and waits.average_s):
        return 0
    share = min(1.0, waits.position / waits.size)
    minutes = -(-int(2 * waits.average_s * share) // 60)
    return minutes if minutes <= MOST_MINUTES else 0


@dataclass(frozen=True, slots=True)
class _Way:
    """One look at the way ahead."""

    advisors: Advisors
    place: Place
    now: datetime
    caller: str

    @property
    def chain(self) -> tuple[Team, ...]:
        return self.advisors.chain(self.place.team)

    @property
    def rungs(self) -> list[tuple[Team, tuple[Target, ...]]]:
        return [(team, group) for team in self.chain for group in team.groups]

    @property
    def there(self) -> bool:
        """True when a team that could take the call is open."""
        return any(team.hours.is_open(self.now) for team in self.chain)

    def ring(self, at: int, first: bool = False) -> Step:
        """The first rung from ``at`` on whose team is there; after the last one the queue."""
        rungs = self.rungs
        for index in range(at, len(rungs)):
            team, group = rungs[index]
            if not team.hours.is_open(self.now):
                continue
            place = replace(self.place, at=index)
            if group[0].rings:
                before = rungs[self.place.at][0] if self.place.at < len(rungs) else self.holder()
                return Ring(place, team, group, first, new_team=team != before)
            return Wait(place, team, group[0], first)
        return self.queue() if at < LAST else HangUp()

    def queue(self) -> Step:
        """The queue of the first team that is there and has one; else callback or voicemail."""
        for team in self.chain:
            if team.waiting.queue and team.hours.is_open(self.now):
                place = replace(self.place, at=len(self.rungs))
                return Wait(place, team, Target("queue", team.waiting.queue))
        return self.offer()

    def offer(self) -> Offer:
        """What there is instead of a person."""
        backs = [back for team in self.chain if (back := team.hours.next_opening(self.now))]
        back = None if self.there or not backs else min(backs)
        return Offer(replace(self.place, at=len(self.rungs)), self.chain[0], back)

    def holder(self) -> Team:
        """The team in whose queue the caller is."""
        rungs = self.rungs
        if self.place.at < len(rungs):
            return rungs[self.place.at][0]
        with_queue = [team for team in self.chain if team.waiting.queue]
        there = [team for team in with_queue if team.hours.is_open(self.now)]
        return (there or with_queue or list(self.chain))[0]

    def chose_waiting(self, key: str) -> Step:
        """In the queue: out of it with a choice, or more music."""
        return Leave(_CHOICES[key]) if key in _CHOICES else Music(self.place, self.holder(), 0, 0, offer=True)

    def wait_on(self, waits: Waits) -> Step:
        """In the queue: more music, or the end of a wait that has become pointless."""
        team = self.holder()
        waiting = team.waiting
        own = self.place.at >= len(self.rungs)
        waited_s = self.place.waited_s + waits.waited_s
        again = own and waiting.ring_again_s is not None and waits.waited_s >= waiting.ring_again_s
        if again or waited_s >= waiting.longest_s or not team.hours.is_open(self.now):
            return Leave()
        position = 0 if own and waiting.ring_again_s is not None else waits.position  # the order of a queue that rings
        return Music(  # again is not that of the telephones that will be free
            self.place, team, position, expected_minutes(waits) if position else 0, waited_s >= waiting.offer_after_s
        )

    def left(self, left: Left) -> Step:
        """Out of the queue."""
        if talked(left) or left.result == "hangup":
            return HangUp()
        if left.choice:
            return self.ask_number() if left.choice == "callback" else self.record()
        own, waiting = self.place.at >= len(self.rungs), self.holder().waiting
        waited_s = self.place.waited_s + max(left.waited_s, waiting.ring_again_s or 0)
        way = replace(self, place=replace(self.place, waited_s=waited_s))
        if not own:
            return way.ring(self.place.at + 1)
        if left.result == "leave" and waiting.ring_again_s is not None and waited_s < waiting.longest_s:
            return way.ring(0)
        return way.offer()

    def chose(self, key: str) -> Step:
        """Where a callback and voicemail were offered.  0 is a person, and silence is no answer to be argued with."""
        if key in _CHOICES:
            return self.ask_number() if _CHOICES[key] == "callback" else self.record()
        way = self.once_more()
        if key == "0":
            return way.person() or way.ask_number()
        return way.offer() if key and way.place.tries < MOST_TRIES else way.record()

    def once_more(self) -> "_Way":
        """The same way, one try later."""
        return replace(self, place=replace(self.place, tries=self.place.tries + 1))

    def person(self) -> Step | None:
        """From the beginning, for who presses 0; None when nobody is there, or that was tried often enough."""
        return self.ring(0) if self.there and self.place.tries < MOST_TRIES else None

    def record(self) -> Record:
        """A message for the team the call belongs to."""
        return Record(self.place, self.chain[0])

    @property
    def known(self) -> str:
        """The number to call, "" when none is known or another one is wanted."""
        return "" if self.place.number == OTHER else self.place.number or self.caller

    def ask_number(self, wrong: bool = False) -> AskNumber:
        """Confirm the number we know, or ask for one."""
        return AskNumber(self.place, self.known, wrong)

    def keyed(self, keys: str) -> Step:
        """1 or silence: the number that was said is right; another key: it is not.  Without one, a number."""
        if self.known and keys in ("", "1"):
            return self.ask_window(self.known)
        way = self.once_more()
        if keys == "0" and (person := way.person()):
            return person
        if not keys or way.place.tries > MOST_TRIES:
            return self.record()
        number = OTHER if self.known else callback_number(keys, self.advisors.country)
        return replace(way, place=replace(way.place, number=number or OTHER)).ask_number(wrong=number is None)

    def ask_window(self, number: str) -> Step:
        """When somebody of the team is there to call."""
        windows = self.chain[0].hours.windows(self.now)
        if not windows:
            return self.record()
        asked = replace(self.place, number="" if number == self.caller else number, asked=int(self.now.timestamp()))
        return AskWindow(asked, tuple(windows))

    def picked(self, key: str) -> Step:
        """One of the windows that were said; without an answer, or with another key, the first."""
        if key == "0" and (person := self.once_more().person()):
            return person
        zone = self.now.tzinfo
        said = datetime.fromtimestamp(self.place.asked, zone) if self.place.asked else self.now
        windows = self.chain[0].hours.windows(said)
        if not (windows and self.known):
            return self.record()
        index = int(key) - 1 if key in "123456789"[: len(windows)] and key else 0
        return Promise(self.place, self.chain[0], self.known, windows[index])

    def silent(self) -> Step:
        """No message.  Whose number we know is called back; who withholds it is asked; then telephones ring anyway."""
        number = self.known or self.caller
        if number:
            return replace(self, place=replace(self.place, asked=0, number=number)).picked("")
        way = self.once_more()
        if way.place.tries < MOST_TRIES:
            return way.ask_number()
        telephones = [(team, group) for team, group in self.rungs if group[0].rings]
        if not telephones:
            return HangUp()
        team, group = telephones[-1]
        return Ring(replace(way.place, at=LAST), team, group)
