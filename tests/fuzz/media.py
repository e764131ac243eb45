"""One message of a media stream: decoded, or BadMessage."""

import contextlib
import json

from ivr.telephony import media
from tests.house import CONNECTED, SILENCE, STOP, STREAM_ID, frames, key

START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": STREAM_ID,
    "start": {
        "streamSid": STREAM_ID,
        "callSid": "CA1",
        "customParameters": {"token": "t"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}
MARK = json.dumps({"event": "mark", "streamSid": STREAM_ID, "mark": {"name": "1 greeting"}})
SEEDS = [text.encode() for text in (CONNECTED, json.dumps(START), frames(SILENCE, 20)[0], key("0"), MARK, STOP)]


def one(data: bytes) -> None:
    """The same bytes as a binary message, and as a text message where they are text."""
    with contextlib.suppress(media.BadMessage):
        assert media.decode(data) is not None
    with contextlib.suppress(media.BadMessage, UnicodeDecodeError):
        assert media.decode(data.decode()) is not None
