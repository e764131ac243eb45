"""One telephone on a call, and how it follows TwiML: verb by verb, document by document."""

import asyncio
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from ivr.phone.advisor import Advisors
from ivr.phone.notes import Notes
from ivr.phone.twiml import Document, Verb
from ivr.phone.webhooks import Webhooks

if TYPE_CHECKING:
    from ivr.phone.caller import Utterance

SHORTER = 0.01  # ringing, waiting and TwiML's own <Say> take a hundredth of their real time
MAX_REDIRECTS = 10  # one after the other with nothing in between
MAX_DOCUMENTS = 200  # of one call: no honest call comes near


class HungUp(Exception):
    """The caller is gone."""


class CallFailed(Exception):
    """The exchange cannot go on: the caller hears an application error and is dropped."""


class Ending(Enum):
    """Why a document is not followed any further."""

    RAN_OUT = auto()
    HANGUP = auto()
    REJECT = auto()
    LEAVE = auto()


Step = Document | Ending | None
"""What a verb leads to: another document, an ending, or the next verb."""


@dataclass(slots=True)
class Leg:
    """A telephone.  ``take_keys``, ``take_speech`` and ``is_gone`` ask the person who holds it."""

    sid: str
    parameters: dict[str, str]
    webhooks: Webhooks
    notes: Notes
    advisors: Advisors
    hears: Callable[[str], None]
    take_keys: Callable[[int | None, str], str]
    take_speech: Callable[[], "list[Utterance]"] = list
    is_gone: Callable[[], bool] = bool
    recordings_url: str = "https://api.twilio.com"
    status: str = "ringing"
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    documents: int = 0
    redirects: int = 0

    def request_parameters(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What every request of this leg carries."""
        return {"CallSid": self.sid, **self.parameters, "CallStatus": self.status, **(extra or {})}

    async def fetch(self, url: str, method: str = "POST", extra: Mapping[str, str] | None = None) -> Document:
        """The document to go on with.  Raises FetchFailed, BadTwiml, or CallFailed when there were too many."""
        self.documents += 1
        if self.documents > MAX_DOCUMENTS:
            raise CallFailed(f"more than {MAX_DOCUMENTS} TwiML documents in one call")
        return await self.webhooks.fetch(url, method, self.request_parameters(extra))

    async def wait(self, seconds: float) -> None:
        """Let time pass, shortened.  Raises HungUp when the caller does not stay."""
        if self.is_gone():
            self.gone.set()
        try:
            await asyncio.wait_for(self.gone.wait(), max(seconds, 0) * SHORTER)
        except TimeoutError:
            return
        raise HungUp

    async def talk(self, limit_s: float = math.inf) -> None:
        """With an advisor, until one of the two has had enough, or whoever carries the call cuts it.  Raises HungUp."""
        talk_s = self.advisors.talk_s
        if talk_s > limit_s:
            self.notes.warn(f"the conversation is cut after {limit_s:g} s: it was to last {talk_s} s")
        began_s = time.monotonic()
        try:
            await self.wait(min(talk_s, limit_s))
            self.notes.talked_s = round(min(talk_s, limit_s))
        except HungUp:
            self.notes.talked_s = round((time.monotonic() - began_s) / SHORTER)
            raise

    async def go_on(self, verb: Verb, document: Document, extra: Mapping[str, str]) -> Step:
        """Follow a verb's ``action``; without one, the next verb."""
        action = verb.attributes.get("action")
        if not action:
            return None
        return await self.fetch(document.absolute(action), verb.method(), extra)

    async def say_goodbye(self, verb: Verb, document: Document, extra: Mapping[str, str]) -> None:
        """Request a verb's ``action`` one last time after the caller hung up; the answer does not matter."""
        self.status = "completed"
        action = verb.attributes.get("action")
        if action:
            self.webhooks.notify(document.absolute(action), self.request_parameters(extra), verb.method())


Handler = Callable[[Leg, Verb, Document], Awaitable[Step]]


async def follow(leg: Leg, document: Document, handlers: Mapping[str, Handler]) -> Ending:
    """Carry out a document and those it leads to.  ``handlers`` are the verbs allowed here, by name."""
    while True:
        step = await _carry_out(leg, document, handlers)
        if isinstance(step, Ending):
            return step
        document = step


async def _carry_out(leg: Leg, document: Document, handlers: Mapping[str, Handler]) -> Document | Ending:
    for verb in document.verbs:
        handler = handlers.get(verb.name)
        if handler is None:
            leg.notes.warn(f"12200: <{verb.name}> is not possible here and was left out ({document.url})")
            continue
        leg.redirects = leg.redirects + 1 if verb.name == "Redirect" else 0
        if leg.redirects > MAX_REDIRECTS:
            raise CallFailed(f"more than {MAX_REDIRECTS} redirects one after the other, the last to {document.url}")
        step = await handler(leg, verb, document)
        if step is not None:
            return step
    return Ending.RAN_OUT


def new_sid(kind: str) -> str:
    """A made-up identifier in Twilio's form: two letters and 32 hexadecimal digits."""
    return kind + secrets.token_hex(16)
