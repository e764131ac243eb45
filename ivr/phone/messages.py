"""The exchange's side of the Media Streams protocol: what Twilio sends, and what a server may send back.

Shapes and spellings (numbers as strings) from twilio.com/docs/voice/media-streams/websocket-messages.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from functools import lru_cache

CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'


class BadMessage(Exception):
    """The server sent what Twilio would refuse (its warning 31951)."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound for the caller's ear."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """To be echoed when everything before it has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Whatever has not been played is not wanted any more."""


@lru_cache(maxsize=256)
def _base64(mulaw: bytes) -> str:
    """Cached, because most frames of a call are the same silence."""
    return base64.b64encode(mulaw).decode()


class Writer:
    """Writes the messages of one stream and numbers them."""

    def __init__(self, stream_sid: str, account_sid: str, call_sid: str) -> None:
        self.stream_sid = stream_sid
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._sequence = 0
        self._chunk = 0

    def start(self, parameters: dict[str, str]) -> str:
        """The second message, after ``CONNECTED``."""
        body = {
            "streamSid": self.stream_sid,
            "accountSid": self._account_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "customParameters": parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        return self._message("start", body)

    def media(self, mulaw: bytes, at_ms: int) -> str:
        """A frame of the caller's audio.  Written by hand: fifty of these a second and call."""
        self._sequence += 1
        self._chunk += 1
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","streamSid":"{self.stream_sid}",'
            f'"media":{{"track":"inbound","chunk":"{self._chunk}","timestamp":"{at_ms}",'
            f'"payload":"{_base64(mulaw)}"}}}}'
        )

    def dtmf(self, key: str) -> str:
        """A key was pressed."""
        return self._message("dtmf", {"track": "inbound_track", "digit": key})

    def mark(self, name: str) -> str:
        """The echo of a mark."""
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        """The last message: the call is over."""
        return self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def _message(self, event: str, body: object) -> str:
        self._sequence += 1
        message = {
            "event": event,
            "sequenceNumber": str(self._sequence),
            "streamSid": self.stream_sid,
            event: body,
        }
        return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def decode(text: str, stream_sid: str) -> Audio | Mark | Clear:
    """A message from the server.

    Raises BadMessage where Twilio would ignore it with a warning: not JSON, another stream, a wrong or missing field.
    """
    try:
        message = json.loads(text)
    except ValueError:
        raise BadMessage(f"not JSON: {text[:60]!r}") from None
    if not isinstance(message, dict):
        raise BadMessage(f"not a JSON object: {text[:60]!r}")
    event = message.get("event")
    if message.get("streamSid") != stream_sid:
        raise BadMessage(f"{event}: streamSid is {message.get('streamSid')!r}, not that of this stream")
    match event:
        case "media":
            return Audio(_payload(message.get("media")))
        case "mark":
            return Mark(_name(message.get("mark")))
        case "clear":
            return Clear()
        case _:
            raise BadMessage(f"unknown event {event!r}")


def _payload(media: object) -> bytes:
    payload = media.get("payload") if isinstance(media, dict) else None
    if not isinstance(payload, str):
        raise BadMessage("media: no payload")
    try:
        return base64.b64decode(payload, validate=True)
    except binascii.Error:
        raise BadMessage("media: payload is not base64") from None


def _name(mark: object) -> str:
    name = mark.get("name") if isinstance(mark, dict) else None
    if not isinstance(name, str) or not name:
        raise BadMessage("mark: no name")
    return name
