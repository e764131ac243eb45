"""``<Connect><Stream>``: the call becomes a media stream until one side ends it."""

from datetime import UTC, datetime

from ivr.phone.caller import OnTheLine, Press, Utterance
from ivr.phone.leg import CallFailed, HungUp, Leg, Step, new_sid
from ivr.phone.messages import Writer
from ivr.phone.notes import Turn
from ivr.phone.stream import MediaStream, Watcher
from ivr.phone.trouble import CALM, Trouble
from ivr.phone.twiml import Document, Verb
from ivr.phone.websocket import HandshakeFailed

MAX_PARAMETER_CHARACTERS = 500  # name and value together


class Connection:
    """Puts one caller on media streams; ``hang_up`` reaches the one that is open."""

    def __init__(self, caller: OnTheLine, trouble: Trouble = CALM) -> None:
        self._caller = caller
        self._trouble = trouble
        self._stream: MediaStream | None = None

    def hang_up(self) -> None:
        """End the open stream, if there is one, from the caller's side."""
        if self._stream is not None:
            self._stream.hang_up()

    async def connect(self, leg: Leg, verb: Verb, document: Document) -> Step:
        """Carry the stream to its end, then follow ``action``.  Raises HungUp when the caller ended it."""
        if leg.gone.is_set():
            raise HungUp
        streams = verb.named("Stream")
        if len(streams) != 1 or len(verb.nouns) != 1:
            raise CallFailed("<Connect> must hold exactly one <Stream>; this telephone knows no other noun")
        stream_sid = new_sid("MZ")
        error = await self._carry(leg, streams[0], document, stream_sid)
        event = {"StreamEvent": "stream-error", "StreamError": error} if error else {"StreamEvent": "stream-stopped"}
        _report(leg, streams[0], document, stream_sid, event)
        if error:
            leg.notes.warn(error)
        if leg.gone.is_set():
            await leg.say_goodbye(verb, document, {})
            raise HungUp
        return await leg.go_on(verb, document, {})

    async def _carry(self, leg: Leg, noun: Verb, document: Document, stream_sid: str) -> str:
        """ "" when the stream ended as somebody wished, otherwise Twilio's error."""
        url = noun.attributes.get("url", "")
        given = [item.attributes for item in noun.named("Parameter")]
        parameters = {item.get("name", ""): item.get("value", "") for item in given}
        refused = _refusal(noun, url, parameters)
        if refused:
            return refused
        notes = leg.notes
        writer = Writer(stream_sid, leg.parameters["AccountSid"], leg.sid)
        self._stream = MediaStream(self._caller, writer, _watcher(leg), self._trouble)
        notes.timings.append(self._stream.timings)
        notes.stream_begins()
        _report(leg, noun, document, stream_sid, {"StreamEvent": "stream-started"})
        try:
            ended = await self._stream.run(url, leg.webhooks.signature(url), parameters)
        except HandshakeFailed as failed:
            notes.timings.pop()
            return f"31920: {failed}"
        finally:
            self._stream = None
        if ended.by_caller:
            leg.gone.set()
        return "" if ended.properly else f"31903: the stream broke off (close code {ended.code})"


def _refusal(noun: Verb, url: str, parameters: dict[str, str]) -> str:
    if "?" in url:
        return f"31920: a <Stream> url may hold no query string: {url}"
    if noun.attributes.get("track", "inbound_track") != "inbound_track":
        return "31941: within <Connect> a <Stream> has track inbound_track only"
    long = [name for name, value in parameters.items() if len(name) + len(value) >= MAX_PARAMETER_CHARACTERS]
    return f"31951: <Parameter> {long[0]} is too long" if long else ""


def _watcher(leg: Leg) -> Watcher:
    notes = leg.notes

    def caller_acts(item: Utterance | Press, at_ms: int) -> None:
        turn = (
            Turn("caller", item.text, at_ms)
            if isinstance(item, Utterance)
            else Turn("caller", item.keys, at_ms, how="presses")
        )
        notes.spoken.append(turn)
        notes.tell(turn)

    def prompt_sent(mark: str, at_ms: int) -> None:
        notes.prompts.append(Turn("ivr", f"[{mark.partition(' ')[2] or mark}]", at_ms))

    return Watcher(caller_acts, prompt_sent, notes.warn)


def _report(leg: Leg, noun: Verb, document: Document, stream_sid: str, event: dict[str, str]) -> None:
    """The stream's status callback, when one is asked for."""
    callback = noun.attributes.get("statusCallback")
    if callback:
        fields = {
            "AccountSid": leg.parameters["AccountSid"],
            "CallSid": leg.sid,
            "StreamSid": stream_sid,
            "StreamName": noun.attributes.get("name", stream_sid),
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **event,
        }
        leg.webhooks.notify(document.absolute(callback), fields, noun.method("statusCallbackMethod"))
