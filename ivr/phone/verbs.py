"""What the plain verbs of TwiML do.  ``connect``, ``dial`` and ``queue`` hold the others."""

import math

from ivr.phone.caller import spoken_ms
from ivr.phone.leg import Ending, HungUp, Leg, Step, new_sid
from ivr.phone.twiml import Document, Verb
from ivr.phone.webhooks import FetchFailed

SECONDS_PER_CHARACTER = 0.06  # a synthetic voice at telephone pace
PLAY_S = 5.0  # a recording is fetched but not measured


async def say(leg: Leg, verb: Verb, document: Document) -> Step:
    """Told as text; it takes the time of its length."""
    if verb.text:
        leg.hears(verb.text)
    await leg.wait(len(verb.text) * SECONDS_PER_CHARACTER)
    return None


async def play(leg: Leg, verb: Verb, document: Document) -> Step:
    """The recording is fetched, as proof that it can be."""
    if verb.text:
        url = document.absolute(verb.text)
        leg.hears(f"[recording {url}]")
        try:
            await leg.webhooks.get(url, "GET", {})
        except FetchFailed as failed:
            leg.notes.warn(f"11200: <Play>: {failed}")
    await leg.wait(PLAY_S)
    return None


async def pause(leg: Leg, verb: Verb, document: Document) -> Step:
    """Silence, one second unless it says otherwise."""
    await leg.wait(verb.seconds("length", 1))
    return None


async def redirect(leg: Leg, verb: Verb, document: Document) -> Step:
    """Go on with another document."""
    return await leg.fetch(document.absolute(verb.text), verb.method())


async def hangup(leg: Leg, verb: Verb, document: Document) -> Step:
    """The server ends the call."""
    return Ending.HANGUP


async def reject(leg: Leg, verb: Verb, document: Document) -> Step:
    """The server does not take the call."""
    leg.notes.happened(f"the call is rejected ({verb.attributes.get('reason', 'rejected')})")
    return Ending.REJECT


async def leave(leg: Leg, verb: Verb, document: Document) -> Step:
    """Out of the queue."""
    return Ending.LEAVE


_WITHIN_GATHER = {"Say": say, "Play": play, "Pause": pause}


async def gather(leg: Leg, verb: Verb, document: Document) -> Step:
    """Keys from whoever holds the telephone; none within the time: the next verb."""
    finish = verb.attributes.get("finishOnKey", "#")
    count = int(verb.seconds("numDigits", 0)) or None
    try:
        for noun in verb.nouns:
            handler = _WITHIN_GATHER.get(noun.name)
            if handler is not None:
                await handler(leg, noun, document)
        keys = leg.take_keys(count, finish)
        if not keys:
            await leg.wait(verb.seconds("timeout", 5))
    except HungUp:
        await leg.say_goodbye(verb, document, {"Digits": ""})
        raise
    digits = keys.rstrip(finish) if finish else keys
    if not keys and not verb.flag("actionOnEmptyResult"):
        return None
    answer = {"Digits": digits, "FinishedOnKey": keys[-1:] if keys[-1:] in finish else ""}
    return await leg.fetch(document.absolute(verb.attributes.get("action", "")), verb.method(), answer)


async def record(leg: Leg, verb: Verb, document: Document) -> Step:
    """What the script still wants to say.  Nothing said is an empty recording: Twilio then goes to the next verb."""
    spoken = leg.take_speech()
    seconds = math.ceil(spoken_ms(spoken) / 1000)
    recording = _recording(leg, seconds, "")
    try:
        if not spoken:
            leg.notes.happened("the exchange records, but nobody speaks")
            await leg.wait(verb.seconds("timeout", 5))
            return None
        leg.notes.recorded = True
        leg.notes.happened(f"the exchange records {seconds} s: " + " ".join(f"“{said.text}”" for said in spoken))
        await leg.wait(seconds)
        keys = leg.take_keys(1, "")
        recording["Digits"] = keys
    except HungUp:
        recording["Digits"] = "hangup"
        await leg.say_goodbye(verb, document, recording)
        raise
    finally:
        callback = verb.attributes.get("recordingStatusCallback")
        if callback and spoken:
            method = verb.method("recordingStatusCallbackMethod")
            extra = {**recording, "RecordingStatus": "completed"}
            leg.webhooks.notify(document.absolute(callback), leg.request_parameters(extra), method)
    return await leg.fetch(document.absolute(verb.attributes.get("action", "")), verb.method(), recording)


def _recording(leg: Leg, seconds: int, digits: str) -> dict[str, str]:
    sid = new_sid("RE")
    account = leg.parameters.get("AccountSid", "")
    return {
        "RecordingSid": sid,
        "RecordingUrl": f"{leg.recordings_url}/2010-04-01/Accounts/{account}/Recordings/{sid}",
        "RecordingDuration": str(seconds),
        "Digits": digits,
    }
