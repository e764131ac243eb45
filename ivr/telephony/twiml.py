"""What Twilio is told to do.  Each function gives one whole document."""

from collections.abc import Callable
from dataclasses import dataclass

from twilio.twiml.voice_response import Connect, Dial, Stream, VoiceResponse

from ivr.advisors.teams import Team

QUEUE_PAUSE_S = 30  # between two words in the queue: often enough to know that one is not forgotten
VOICEMAIL_S = 180


@dataclass(frozen=True, slots=True)
class Tongue:
    """The caller's language as Twilio names it, and the sentences in it."""

    twilio: str
    text: Callable[[str, dict[str, str]], str]

    def say(self, response: VoiceResponse, prompt: str, values: dict[str, str] | None = None) -> None:
        """Add a sentence.  Twilio's own voice: a file of ours that cannot be fetched must not stop a transfer."""
        response.say(self.text(prompt, values or {}), language=self.twilio)


def stream(base: str, media_url: str, token: str) -> str:
    """Open the media stream; when it ends, whatever the reason, ask what is next."""
    response = VoiceResponse()
    connect = Connect(action=f"{base}/voice/next", method="POST")
    opened = Stream(url=media_url, name="ivr", status_callback=f"{base}/stream-events", status_callback_method="POST")
    opened.parameter(name="token", value=token)
    connect.append(opened)
    response.append(connect)
    return str(response)


def transfer(base: str, team: Team, reason: str, language: str, tongue: Tongue) -> str:
    """Tell the caller whom they will talk to, and ring that team."""
    response = VoiceResponse()
    tongue.say(response, f"transfer_{reason}", {"team": team.names[language]})
    dial = Dial(action=f"{base}/voice/dialled", method="POST", timeout=team.ring_s, answer_on_bridge=True)
    dial.number(team.number)
    response.append(dial)
    return str(response)


def queue(base: str, team: Team, tongue: Tongue) -> str:
    """Nobody answered: the caller waits in the team's queue."""
    response = VoiceResponse()
    tongue.say(response, "queue")
    _wait_in_queue(response, base, team)
    return str(response)


def _wait_in_queue(response: VoiceResponse, base: str, team: Team, query: str = "") -> None:
    left = f"{base}/voice/left{query}"
    response.enqueue(team.queue, action=left, method="POST", wait_url=f"{base}/voice/wait", wait_url_method="POST")


def wait(tongue: Tongue) -> str:
    """What is heard in the queue; Twilio asks again when it is over."""
    response = VoiceResponse()
    response.pause(length=QUEUE_PAUSE_S)
    tongue.say(response, "queue")
    return str(response)


def voicemail(base: str, team: Team, tongue: Tongue, again: bool) -> str:
    """Not even the queue could take the caller: a message, or, from who says nothing, the queue once more.

    Twilio goes on to the next verb only when nothing was recorded; a message goes to ``action``.  ``again``: this is
    the second time, and a line on which nobody speaks is not kept for ever.
    """
    response = VoiceResponse()
    tongue.say(response, "voicemail")
    response.record(
        action=f"{base}/voice/recorded", method="POST", max_length=VOICEMAIL_S, finish_on_key="#", play_beep=True
    )
    if not again:
        _wait_in_queue(response, base, team, "?again=1")
    return str(response)


def thanks(tongue: Tongue) -> str:
    """The message is there."""
    response = VoiceResponse()
    tongue.say(response, "voicemail_thanks")
    response.hangup()
    return str(response)


def hang_up() -> str:
    """The caller was content and has heard our farewell, or has talked to an advisor."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def nothing() -> str:
    """The caller is gone already."""
    return str(VoiceResponse())


def last_resort(team: Team) -> str:
    """Needs nothing but the team's number: for when everything else fails."""
    response = VoiceResponse()
    dial = Dial(timeout=60)
    dial.number(team.number)
    response.append(dial)
    return str(response)
