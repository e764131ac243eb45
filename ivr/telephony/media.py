"""The Media Streams messages: text in, typed messages out, and back.  Past this file there is no JSON."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ivr.records.identifiers import is_identifier

MAX_MESSAGE_BYTES = 16 * 1024  # a 20 ms frame is about 400 bytes of JSON, a start message about 1,000


class BadMessage(Exception):
    """The other side sent something that is not a Media Streams message."""


@dataclass(frozen=True, slots=True)
class Start:
    """The stream begins."""

    stream_id: str
    call_id: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """The caller's audio: μ-law, 8 kHz, any length."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed."""

    key: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Our mark comes back: what was sent before it has been played, or cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream ends from Twilio's side."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """``connected``, and whatever Twilio may add one day."""

    event: str


Message = Start | Media | Key | Mark | Stop | Ignored


def decode(text: str | bytes) -> Message:
    """One message.  Raises BadMessage, whose text names the field that is wrong."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise BadMessage(f"message: {len(text)} bytes, at most {MAX_MESSAGE_BYTES} are taken")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("message: not JSON") from None
    if not isinstance(message, dict):
        raise BadMessage("message: not an object")
    match message.get("event"):
        case "media":
            return Media(_payload(_part(message, "media")))
        case "start":
            return _start(message)
        case "dtmf":
            return Key(_key(_part(message, "dtmf")))
        case "mark":
            return Mark(_text(_part(message, "mark"), "mark", "name"))
        case "stop":
            return Stop()
        case str(event):
            return Ignored(event)
        case _:
            raise BadMessage("event: missing")


def messages(texts: Iterable[bytes]) -> Iterator[Message]:
    """All of these, decoded as they are asked for; audio that follows audio is one message.  Raises BadMessage."""
    sound: list[bytes] = []
    for text in texts:
        try:
            message = decode(text)
        except BadMessage:
            if sound:
                yield Media(b"".join(sound))
            raise
        if isinstance(message, Media):
            sound.append(message.payload)
            continue
        if sound:
            yield Media(b"".join(sound))
            sound = []
        yield message
    if sound:
        yield Media(b"".join(sound))


def _part(message: dict[str, Any], name: str) -> dict[str, Any]:
    part = message.get(name)
    if not isinstance(part, dict):
        raise BadMessage(f"{name}: not an object")
    return part


def _text(part: dict[str, Any], owner: str, name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value:
        raise BadMessage(f"{owner}: {name} is missing")
    return value


def _payload(media: dict[str, Any]) -> bytes:
    payload = media.get("payload")
    if not isinstance(payload, str):
        raise BadMessage("media: payload is missing")
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise BadMessage("media: payload is not base64") from None


def _key(dtmf: dict[str, Any]) -> str:
    key = _text(dtmf, "dtmf", "digit")
    if key not in set("0123456789*#ABCD"):
        raise BadMessage("dtmf: digit is not a key")
    return key


def _start(message: dict[str, Any]) -> Start:
    start = _part(message, "start")
    form = start.get("mediaFormat")
    if isinstance(form, dict) and (form.get("encoding"), form.get("sampleRate")) != ("audio/x-mulaw", 8000):
        raise BadMessage("start: mediaFormat is not audio/x-mulaw at 8000")
    given = start.get("customParameters")
    texts = {name: value for name, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}
    return Start(_id(start, "streamSid"), _id(start, "callSid"), texts)


def _id(start: dict[str, Any], name: str) -> str:
    given = _text(start, "start", name)
    if not is_identifier(given):
        raise BadMessage(f"start: {name} is not an identifier")
    return given


def media(stream_id: str, audio: bytes) -> str:
    """Audio for the caller: raw μ-law."""
    payload = base64.b64encode(audio).decode("ascii")
    return json.dumps({"event": "media", "streamSid": stream_id, "media": {"payload": payload}})


def mark(stream_id: str, name: str) -> str:
    """Asks to be told when everything before has been played."""
    return json.dumps({"event": "mark", "streamSid": stream_id, "mark": {"name": name}})


def clear(stream_id: str) -> str:
    """Stops what is being played and forgets the rest."""
    return json.dumps({"event": "clear", "streamSid": stream_id})
