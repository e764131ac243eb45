"""What Twilio is told to do.  Each function gives one whole document."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.twiml.voice_response import Connect, Dial, Gather, Stream, VoiceResponse

from ivr.advisors.hours import Window
from ivr.advisors.steps import (
    AskNumber,
    AskWindow,
    HangUp,
    Leave,
    Music,
    Offer,
    Place,
    Promise,
    Record,
    Ring,
    Step,
    Wait,
)
from ivr.advisors.teams import Advisors, Target
from ivr.config import Config
from ivr.operations.numbers import ASK_AGAIN

QUEUE_PAUSE_S = 20  # between two words in a queue without music: often enough to know that one is not forgotten
VOICEMAIL_S = 180
KEY_S = 6  # for a key to be pressed: long enough to take the telephone from the ear
WHISPER_S = 10  # the same for an advisor, who may be looking at the card
TALK_S = 86_400  # of a conversation with an advisor: we set no limit, and Twilio knows none longer than a day


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language as Twilio names it, and the sentences in it."""

    twilio: str
    text: Callable[[str, Mapping[str, Any]], str]

    def say(self, parent: VoiceResponse | Gather, prompt: str, **values: Any) -> None:
        """Add a sentence.  Twilio's own voice: a file of ours that cannot be fetched must not stop a transfer."""
        parent.say(self.text(prompt, values), language=self.twilio)


def tongue(config: Config, language: str, team: str = "") -> Tongue:
    """A language's sentences; one named for a team replaces the common one."""
    texts = config.texts[language]

    def text(prompt: str, values: Mapping[str, Any]) -> str:
        own = f"{prompt}_{team}"
        return texts.text(own if own in texts.names else prompt, values)

    return Tongue(config.languages[language].twilio, text)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a document for a transferred call needs besides the step.

    ``opening``: the prompt that says why the caller is put through.  ``link``: the address of the handover card.
    """

    base: str
    call_id: str
    language: str
    tongue: Tongue
    opening: str = "transfer_failure"
    link: str = ""
    headers: Mapping[str, str] | None = None
    attributes: Mapping[str, Any] | None = None

    def url(self, path: str, place: Place, **more: str) -> str:
        """The address of the next webhook, with the place in it."""
        return f"{self.base}/voice/{path}?{urlencode({**place.query(), **more})}"


def stream(base: str, media_url: str, token: str) -> str:
    """Open the media stream; when it ends, whatever the reason, ask what is next."""
    response = VoiceResponse()
    connect = Connect(action=f"{base}/voice/next{ASK_AGAIN}", method="POST")
    opened = Stream(url=media_url, name="ivr", status_callback=f"{base}/stream-events", status_callback_method="POST")
    opened.parameter(name="token", value=token)
    connect.append(opened)
    response.append(connect)
    return str(response)


def document(step: Step, scene: Scene) -> str:
    """The document that carries out a step."""
    response = VoiceResponse()
    match step:
        case Ring():
            _ring(response, step, scene)
        case Wait():
            _wait(response, step, scene)
        case Music():
            _music(response, step, scene)
        case Leave():
            response.leave()
        case Offer():
            _offer(response, step, scene)
        case AskNumber():
            _ask_number(response, step, scene)
        case AskWindow():
            gather = _gather(response, scene.url("window", step.place), num_digits=1)
            scene.tongue.say(gather, "callback_window", windows=[_spoken(window) for window in step.windows])
        case Promise():
            window = _spoken(step.window)
            scene.tongue.say(response, "callback_promised", number=step.number.lstrip("+"), window=window)
            response.hangup()
        case Record():
            _record(response, step, scene)
        case HangUp():
            response.hangup()
    return str(response)


def _ring(response: VoiceResponse, step: Ring, scene: Scene) -> None:
    opening = scene.opening if step.first else "put_through" if step.new_team else "next_advisor"
    scene.tongue.say(response, opening, team=step.team.names[scene.language])
    dial = Dial(
        action=scene.url("dialled", step.place),
        method="POST",
        timeout=step.team.ring_s,
        answer_on_bridge=True,
        time_limit=TALK_S,
    )
    whisper = scene.url("whisper", step.place, call=scene.call_id, by=step.team.name)
    for target in step.targets:
        _noun(dial, target, whisper, scene)
    response.append(dial)


def _noun(dial: Dial, target: Target, whisper: str, scene: Scene) -> None:
    match target.kind:
        case "sip":
            headers = "&".join(f"{name}={value}" for name, value in (scene.headers or {}).items())
            dial.sip(f"{target.address}?{headers}" if headers else target.address, url=whisper, method="POST")
        case "client":
            client = dial.client(url=whisper, method="POST")
            client.identity(target.address)
            for name, value in {"call": scene.call_id, "card": scene.link}.items():
                client.parameter(name=name, value=value)
        case _:
            dial.number(target.address, url=whisper, method="POST")


def _wait(response: VoiceResponse, step: Wait, scene: Scene) -> None:
    if step.first:
        scene.tongue.say(response, scene.opening, team=step.team.names[scene.language])
    urls = {
        "action": scene.url("left", step.place),
        "wait_url": scene.url("wait", step.place),
        "wait_url_method": "POST",
    }
    if step.target.kind == "workflow":
        enqueue = response.enqueue(None, workflow_sid=step.target.address, method="POST", **urls)
        enqueue.task(json.dumps({"call": scene.call_id, **(scene.attributes or {})}, ensure_ascii=False))
    else:
        response.enqueue(step.target.address, method="POST", **urls)


def _music(response: VoiceResponse, step: Music, scene: Scene) -> None:
    """What is heard in the queue; Twilio asks again when it is over."""
    parent: VoiceResponse | Gather = response
    if step.offer:
        parent = Gather(num_digits=1, action=scene.url("chosen", step.place, waiting="1"), method="POST", timeout=1)
    scene.tongue.say(parent, "queue", position=step.position, minutes=step.minutes)
    if step.offer:
        scene.tongue.say(parent, "queue_choices")
    if step.team.waiting.music:
        parent.play(step.team.waiting.music)
    else:
        parent.pause(length=QUEUE_PAUSE_S)
    if step.offer:
        response.append(parent)


def _offer(response: VoiceResponse, step: Offer, scene: Scene) -> None:
    if step.back:
        scene.tongue.say(response, "closed", back=step.back)
    else:
        scene.tongue.say(response, "all_busy")
    gather = _gather(response, scene.url("chosen", step.place), num_digits=1)
    scene.tongue.say(gather, "choices")


def _ask_number(response: VoiceResponse, step: AskNumber, scene: Scene) -> None:
    if step.wrong:
        scene.tongue.say(response, "callback_wrong_number")
    action = scene.url("number", step.place)
    if step.number:
        scene.tongue.say(_gather(response, action, num_digits=1), "callback_number", number=step.number.lstrip("+"))
    else:
        scene.tongue.say(_gather(response, action, finish_on_key="#"), "callback_ask_number")


def _record(response: VoiceResponse, step: Record, scene: Scene) -> None:
    """Twilio goes on to the next verb only when nothing was recorded; a message goes to ``action``."""
    scene.tongue.say(response, "voicemail")
    action = scene.url("recorded", step.place)
    response.record(action=action, method="POST", max_length=VOICEMAIL_S, finish_on_key="#", play_beep=True)
    response.redirect(scene.url("silent", step.place), method="POST")


def _gather(response: VoiceResponse, action: str, **how: Any) -> Gather:
    """Keys; their absence is an answer, too."""
    gather: Gather = response.gather(
        input="dtmf", action=action, method="POST", timeout=KEY_S, action_on_empty_result=True, **how
    )
    return gather


def _spoken(window: Window) -> dict[str, Any]:
    return {"start": window.start, "end": window.end, "now": window.now}


def whisper(tongue: Tongue, story: str, action: str) -> str:
    """What an advisor hears before the caller is connected.  Only a key takes the call: a voicemail box has none."""
    response = VoiceResponse()
    gather = response.gather(input="dtmf", num_digits=1, action=action, method="POST", timeout=WHISPER_S)
    if story:
        gather.say(story, language=tongue.twilio)
    tongue.say(gather, "whisper_keys")
    response.hangup()
    return str(response)


def connect(reservation: str) -> str:
    """The advisor takes the call: an empty document connects the two, and TaskRouter's caller is fetched."""
    response = VoiceResponse()
    if reservation:
        response.dial(time_limit=TALK_S).queue("", reservation_sid=reservation)
    return str(response)


def take(queue: str, taking: str, after: str) -> str:
    """Whoever waits longest in a queue, for the advisor who rings."""
    response = VoiceResponse()
    dial = Dial(action=after, method="POST", timeout=QUEUE_PAUSE_S, time_limit=TALK_S)
    dial.queue(queue, url=taking, method="POST")
    response.append(dial)
    return str(response)


def nobody_waits(tongue: Tongue, again: str) -> str:
    """For an advisor whose queue is empty."""
    response = VoiceResponse()
    tongue.say(response, "whisper_nobody")
    response.pause(length=QUEUE_PAUSE_S)
    response.redirect(again, method="POST")
    return str(response)


def taken(tongue: Tongue) -> str:
    """For the advisor who pressed 1 a moment after somebody else."""
    response = VoiceResponse()
    tongue.say(response, "whisper_taken")
    response.hangup()
    return str(response)


def thanks(tongue: Tongue) -> str:
    """The message is there."""
    response = VoiceResponse()
    tongue.say(response, "voicemail_thanks")
    response.hangup()
    return str(response)


def hang_up() -> str:
    """The caller was content and has heard our farewell; or an advisor passes a call on."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def nothing() -> str:
    """The caller is gone already; or an advisor takes the call, which connects the two."""
    return str(VoiceResponse())


def last_resort(advisors: Advisors, path: str = "", query: Mapping[str, str] | None = None) -> str:
    """Needs nothing but an address: for when the webhook ``path`` failed.

    An advisor who answered is connected, unasked; a caller in a queue leaves it, to whatever can be done there.
    """
    query = query or {}
    if path in ("/voice/whisper", "/voice/accept", "/voice/taking"):
        return connect(query.get("reservation", ""))
    if path == "/voice/take":
        response = VoiceResponse()
        response.dial().queue(query.get("queue", ""))
        return str(response)
    response = VoiceResponse()
    if "waiting" in query or path == "/voice/wait":
        response.leave()
        return str(response)
    groups = [group for team in advisors.chain(advisors.default) for group in team.groups]
    telephones = [group for group in groups if group[0].rings]
    if not telephones:
        target = groups[0][0]
        if target.kind == "workflow":
            response.enqueue(None, workflow_sid=target.address)
        else:
            response.enqueue(target.address)
        return str(response)
    dial = Dial(timeout=60)
    for target in telephones[0]:
        match target.kind:
            case "sip":
                dial.sip(target.address)
            case "client":
                dial.client(target.address)
            case _:
                dial.number(target.address)
    response.append(dial)
    return str(response)
