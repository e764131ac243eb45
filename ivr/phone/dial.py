"""``<Dial>``: advisors' telephones ring, a whisper may ask them, and one of them may take the call."""

from dataclasses import dataclass

from ivr.phone.advisor import Advisor
from ivr.phone.leg import Ending, HungUp, Leg, Step, follow, new_sid
from ivr.phone.notes import Turn
from ivr.phone.twiml import Document, Verb
from ivr.phone.verbs import gather, hangup, pause, play, redirect, say

NOUNS = ("Number", "Sip", "Client", "Queue", "Conference")
MAX_NOUNS = 10  # that ring at once (13223)
RING_S = 5.0  # until somebody picks up
TIME_LIMIT_S = 14_400  # of a conversation, when <Dial> says nothing
EXTRA_S = 5.0  # Twilio lets it ring this much longer than ``timeout``

_WHISPER = {"Say": say, "Play": play, "Pause": pause, "Gather": gather, "Redirect": redirect, "Hangup": hangup}
_CALL_STATUS = {"busy": "busy", "no-answer": "no-answer", "completed": "completed"}


@dataclass(frozen=True, slots=True)
class Rung:
    """What became of ringing one target.  A whisper that was refused gives ``completed`` without ``bridged``."""

    status: str
    bridged: bool = False
    sid: str = ""


async def dial(leg: Leg, verb: Verb, document: Document) -> Step:
    """Ring every noun; the first who takes the call talks to the caller.  Then ``action`` or the next verb."""
    leg.notes.transferred_by(document.text)
    nouns = [noun for noun in verb.nouns if noun.name in NOUNS] or _bare_number(verb)
    for noun in verb.nouns:
        if noun.name not in NOUNS:
            leg.notes.warn(f"12200: <Dial> holds <{noun.name}>, which this telephone does not know")
    if len(nouns) > MAX_NOUNS:
        leg.notes.warn(f"13223: <Dial> rings {len(nouns)} targets at once; Twilio takes {MAX_NOUNS}")
    try:
        result = await _ring(leg, verb, document, nouns[:MAX_NOUNS])
        if result.bridged:
            leg.notes.bridged = True
            await leg.talk(verb.seconds("timeLimit", TIME_LIMIT_S))
    except HungUp:
        status = "completed" if leg.notes.bridged else "canceled"
        await leg.say_goodbye(verb, document, _answer(Rung(status, leg.notes.bridged), leg.notes.talked_s))
        raise
    return await leg.go_on(verb, document, _answer(result, leg.notes.talked_s))


async def _ring(leg: Leg, verb: Verb, document: Document, nouns: list[Verb]) -> Rung:
    """All at once in principle; nobody can tell the difference here, so one after the other."""
    results = [Rung("failed")]
    for noun in nouns:
        result = await _ring_one(leg, verb, document, noun)
        if result.bridged:
            return result
        results.append(result)
    order = ("completed", "answered", "no-answer", "busy", "failed")
    return min(results, key=lambda result: order.index(result.status))


async def _ring_one(leg: Leg, verb: Verb, document: Document, noun: Verb) -> Rung:
    target = _target(noun)
    advisor = leg.advisors.who_is_at(len(leg.notes.rung))
    leg.notes.rung.append(target)
    leg.notes.happened(f"rings {target}")
    sid = new_sid("CA")
    _report(leg, noun, document, sid, "initiated")
    _report(leg, noun, document, sid, "ringing")
    asked = "url" in noun.attributes
    match advisor:
        case Advisor.BUSY:
            await leg.wait(1)
            result = Rung("busy", sid=sid)
        case Advisor.NO_ANSWER:
            await leg.wait(verb.seconds("timeout", 30) + EXTRA_S)
            result = Rung("no-answer", sid=sid)
        case Advisor.DECLINES if not asked:
            await leg.wait(RING_S)
            result = Rung("busy", sid=sid)
        case _:
            await leg.wait(RING_S)
            _report(leg, noun, document, sid, "answered")
            accepted = await _whisper(leg, noun, document, advisor, sid) if asked else True
            result = Rung("answered" if noun.name == "Conference" else "completed", accepted, sid)
    leg.notes.happened(f"{target}: {_in_words(advisor, result, asked)}")
    _report(leg, noun, document, sid, "completed", result.status)
    return result


async def _whisper(leg: Leg, noun: Verb, document: Document, advisor: Advisor, sid: str) -> bool:
    """What the advisor hears before being connected.  True when the call is taken."""
    notes = leg.notes

    def hears(text: str) -> None:
        notes.add(Turn("advisor", text, notes.now_ms, how="hears"))

    def take_keys(count: int | None, finish: str) -> str:
        if advisor is Advisor.DROPS:
            raise HungUp
        notes.add(Turn("advisor", advisor.key, notes.now_ms, how="presses"))
        return advisor.key

    parameters = {
        **leg.parameters,
        "ParentCallSid": leg.sid,
        "From": leg.parameters["From"],
        "To": _target(noun),
        "Direction": "outbound-dial",
    }
    ear = Leg(sid, parameters, leg.webhooks, notes, leg.advisors, hears, take_keys, status="in-progress", gone=leg.gone)
    whisper = await ear.fetch(document.absolute(noun.attributes["url"]), noun.method())
    try:
        return await follow(ear, whisper, _WHISPER) is Ending.RAN_OUT
    except HungUp:
        if leg.gone.is_set():  # the caller, not the advisor
            raise
        return False


def _bare_number(verb: Verb) -> list[Verb]:
    return [Verb("Number", {}, verb.text, ())] if verb.text else []


def _target(noun: Verb) -> str:
    """Whom a noun rings, in one word: the number, the SIP address, ``client:`` and the identity."""
    if noun.name != "Client":
        return noun.text
    identity = noun.named("Identity")
    return f"client:{identity[0].text if identity else noun.text}"


def _answer(result: Rung, talked_s: int) -> dict[str, str]:
    """What ``action`` is told."""
    answer = {"DialCallStatus": result.status, "DialBridged": "true" if result.bridged else "false"}
    if result.sid:
        answer["DialCallSid"] = result.sid
    if result.bridged:
        answer["DialCallDuration"] = str(talked_s)
    return answer


def _in_words(advisor: Advisor, result: Rung, asked: bool) -> str:
    if result.bridged:
        return "the advisor takes the call" if asked else "the advisor answers"
    if result.status == "completed":
        return f"the advisor picks up and {'hangs up' if advisor is Advisor.DROPS else 'passes the call on'}"
    return {Advisor.DECLINES: "the advisor declines", Advisor.BUSY: "busy"}.get(advisor, "nobody answers")


def _report(leg: Leg, noun: Verb, document: Document, sid: str, event: str, status: str = "") -> None:
    """A leg's status callback, for the events it was asked for."""
    callback = noun.attributes.get("statusCallback")
    wanted = noun.attributes.get("statusCallbackEvent", "completed").split()
    if not callback or event not in wanted:
        return
    fields = {
        **leg.parameters,
        "CallSid": sid,
        "ParentCallSid": leg.sid,
        "To": _target(noun),
        "Direction": "outbound-dial",
        "CallStatus": _CALL_STATUS.get(status, {"answered": "in-progress"}.get(event, event)),
    }
    leg.webhooks.notify(document.absolute(callback), fields, noun.method("statusCallbackMethod"))
