"""Where a transferred call is, what can happen to it, and what can be next.  Frozen, and nothing but data."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from ivr.advisors.hours import Window
from ivr.advisors.teams import Target, Team

Choice = Literal["callback", "voicemail"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is.  ``team``: the one it belongs to; ``at``: the rung it stands on, of all groups of that team and
    of those that take over from it.  ``waited_s``: in queues so far.  ``tries``: answers that led nowhere.  ``number``:
    keyed for a callback, or that another one is wanted.  ``asked``: the moment (Unix time) the windows of a callback
    were said.
    """

    team: str
    at: int = 0
    waited_s: int = 0
    tries: int = 0
    number: str = ""
    asked: int = 0

    def query(self) -> dict[str, str]:
        """For the address of the next webhook."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in values.items() if name == "team" or value}

    @classmethod
    def read(cls, query: Mapping[str, str], team: str) -> "Place":
        """From the address of a webhook; what is missing or mangled is as at the beginning, with ``team``."""
        counts = {
            name: int(text) if (text := query.get(name, "")).isascii() and text.isdecimal() and len(text) < 12 else 0
            for name in ("at", "waited_s", "tries", "asked")
        }
        return cls(query.get("team") or team, number=query.get("number", ""), **counts)


# -- what happened ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """The machine's part is over; the caller is to be put through."""


@dataclass(frozen=True, slots=True)
class Rang:
    """Telephones rang.  ``status``, ``bridged``: Twilio's DialCallStatus and DialBridged ("true", "false" or "").

    ``accepted``: an advisor pressed 1.
    """

    status: str
    bridged: str
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller is in a queue.  ``position`` of ``size``, after ``waited_s``; ``average_s``: all who wait now.

    0 is what Twilio did not say.
    """

    waited_s: int
    position: int = 0
    size: int = 0
    average_s: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """Out of the queue: Twilio's QueueResult, and what the caller chose while waiting."""

    result: str
    waited_s: int
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Chose:
    """A key was pressed ("": none) where a callback and voicemail were offered; ``waiting``: in a queue."""

    key: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Keyed:
    """The number for a callback: keys of the telephone, 1 for "that is right", "" for nothing."""

    keys: str


@dataclass(frozen=True, slots=True)
class Picked:
    """The time for a callback: the key of a window, "" for nothing."""

    key: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Nobody spoke after the tone."""


Happened = Arrived | Rang | Waits | Left | Chose | Keyed | Picked | Silent


# -- what is next -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring these telephones at once.  ``first``: the first of this call."""

    place: Place
    team: Team
    targets: tuple[Target, ...]
    first: bool = False
    new_team: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Into a queue: the team's own, or one of its targets."""

    place: Place
    team: Team
    target: Target
    first: bool = False


@dataclass(frozen=True, slots=True)
class Music:
    """Go on waiting.  ``position`` and ``minutes``: 0 when nobody knows; ``offer``: say what else can be done."""

    place: Place
    team: Team
    position: int
    minutes: int
    offer: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Out of the queue, to what was chosen, or because waiting has become pointless."""

    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Callback or voicemail.  ``back``: when people are back; None when they are there, but all busy."""

    place: Place
    team: Team
    back: datetime | None


@dataclass(frozen=True, slots=True)
class AskNumber:
    """Which number to call: this one, or, "" , one that is to be keyed.  ``wrong``: what was keyed is no number."""

    place: Place
    number: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class AskWindow:
    """When to call."""

    place: Place
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """Store a callback and say it back."""

    place: Place
    team: Team
    number: str
    window: Window


@dataclass(frozen=True, slots=True)
class Record:
    """Take a message."""

    place: Place
    team: Team


@dataclass(frozen=True, slots=True)
class HangUp:
    """The caller has talked to an advisor, or everything there is has been tried."""


Step = Ring | Wait | Music | Leave | Offer | AskNumber | AskWindow | Promise | Record | HangUp
