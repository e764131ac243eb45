"""One telephone call from ringing to its end, as Twilio would carry it."""

import asyncio
from dataclasses import dataclass

from ivr.phone.advisor import Advisors
from ivr.phone.caller import OnTheLine
from ivr.phone.connect import Connection
from ivr.phone.dial import dial
from ivr.phone.leg import CallFailed, Ending, HungUp, Leg, follow, new_sid
from ivr.phone.notes import Notes, Tell, Turn, tell_nobody
from ivr.phone.queue import enqueue
from ivr.phone.trouble import CALM, Trouble
from ivr.phone.twiml import BadTwiml, parse
from ivr.phone.verbs import gather, hangup, leave, pause, play, record, redirect, reject, say
from ivr.phone.webhooks import FetchFailed, Webhooks

LIMIT_S = 120.0
ACCOUNT_SID = "AC" + "0" * 32


@dataclass(frozen=True, slots=True)
class Number:
    """Who rings whom, and how the exchange reaches the server.  ``voice_url`` answers when ``line`` rings.

    ``fallback``: TwiML that is followed when the server does not answer, from a place that does not depend on it.
    ``status_url``: told when the whole call is over.  ``recordings_url``: where what callers leave is said to be kept.
    """

    voice_url: str
    token: str
    line: str
    caller: str
    limit_s: float = LIMIT_S
    fallback: str = ""
    recordings_url: str = "https://api.twilio.com"
    status_url: str = ""


async def place_call(number: Number, caller: OnTheLine, advisors: Advisors, tell: Tell = tell_nobody) -> Notes:
    """Make one call and carry it to its end.  Never raises for what the server does: that is in ``Notes.failure``."""
    notes = Notes(new_sid("CA"), tell)
    return await carry(number, caller, advisors, notes)


async def carry(number: Number, caller: OnTheLine, advisors: Advisors, notes: Notes, trouble: Trouble = CALM) -> Notes:
    """The same with notes of the caller's own, so that somebody can read along while the call goes on."""
    webhooks = Webhooks(number.token, trouble.twice)
    connection = Connection(caller, trouble)

    def hears(text: str) -> None:
        notes.add(Turn("ivr", text, notes.now_ms))

    def take_keys(count: int | None, finish: str) -> str:
        keys = caller.take_keys(count, finish)
        if keys:
            notes.add(Turn("caller", keys, notes.now_ms, how="presses"))
        return keys

    leg = Leg(
        notes.call_id,
        _parameters(number),
        webhooks,
        notes,
        advisors,
        hears,
        take_keys,
        caller.take_speech,
        caller.hangs_up_now,
        number.recordings_url,
    )

    def lose_patience() -> None:
        notes.happened(f"the caller hangs up after {number.limit_s:g} s")
        leg.gone.set()
        connection.hang_up()

    patience = asyncio.get_running_loop().call_later(number.limit_s, lose_patience)
    try:
        await _follow(leg, number, connection)
    except HungUp:
        notes.hung_up = True
        notes.happened("the caller has hung up")
    except (CallFailed, FetchFailed, BadTwiml) as failed:
        notes.failure = str(failed)
    finally:
        patience.cancel()
        if number.status_url:
            leg.status = "completed"
            webhooks.notify(number.status_url, leg.request_parameters({"CallDuration": str(notes.talked_s + 1)}))
        await webhooks.finish()
        notes.webhooks_ms = webhooks.took_ms
    return notes


async def _follow(leg: Leg, number: Number, connection: Connection) -> None:
    handlers = {
        "Say": say,
        "Play": play,
        "Pause": pause,
        "Gather": gather,
        "Record": record,
        "Redirect": redirect,
        "Hangup": hangup,
        "Reject": reject,
        "Leave": leave,
        "Connect": connection.connect,
        "Dial": dial,
        "Enqueue": enqueue,
    }
    try:
        document = await leg.fetch(number.voice_url)
        leg.status = "in-progress"
        ending = await follow(leg, document, handlers)
    except FetchFailed as failed:
        if not number.fallback:
            raise
        leg.notes.fell_back, leg.status = True, "in-progress"
        leg.notes.happened(f"{failed}: the number's fallback goes on")
        ending = await follow(leg, parse(number.fallback, number.voice_url, "text/xml"), handlers)
    leg.status = "completed"
    if ending is Ending.REJECT:
        raise CallFailed("the server rejected the call")
    leg.notes.happened("the server has ended the call")


def _parameters(number: Number) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT_SID,
        "From": number.caller,
        "To": number.line,
        "Caller": number.caller,
        "Called": number.line,
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
    }
