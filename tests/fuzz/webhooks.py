"""A signed webhook with any form: TwiML, nothing to say, or a refusal; never an error of ours."""

import logging
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, quote
from xml.etree import ElementTree

from ivr.config import load
from tests.conftest import ROOT
from tests.fuzz.session import Broke
from tests.house import BASE, CALL_ID, TOKEN, House

PATHS = (
    "/voice",
    "/voice/next",
    "/voice/ended",
    "/stream-events",
    *(
        f"/voice/{each}"
        for each in ("dialled", "wait", "chosen", "left", "number", "window", "recorded", "silent", "whisper", "accept")
    ),
)
SEEDS = [
    b"\x00From=anonymous&To=%2B15550100&CallStatus=ringing",
    b"\x01CallStatus=completed",
    b"\x04?team=service&at=1\nDialCallStatus=busy&DialBridged=true",
    b"\x05?team=service\nQueueTime=20&QueuePosition=1&CurrentQueueSize=3",
    b"\x07?team=service&at=2\nQueueResult=leave",
    b"\x08?team=service\nDigits=15550123",
    b"\x0aRecordingUrl=https%3A%2F%2F127.0.0.1%3A1%2Fx&RecordingDuration=7",
    b"\x0d?team=service&by=service&call=" + CALL_ID.encode() + b"\nDigits=1",
]
FINE = {200, 204, 400, 404, 405, 413}


def _house() -> House:
    house = House(load(ROOT), Path(tempfile.mkdtemp(prefix="ivr-fuzz-")))
    log = logging.getLogger("ivr.telephony.webhooks")
    log.addHandler(Broke())
    log.propagate = False
    return house


HOUSE = _house()


def one(data: bytes) -> None:
    """The first byte chooses the webhook; then a query that begins with ``?`` and ends with a line; then the form."""
    from twilio.request_validator import RequestValidator

    path, rest = PATHS[data[0] % len(PATHS) if data else 0], data[1:]
    if rest.startswith(b"?"):
        query, _, rest = rest.partition(b"\n")
        path += "?" + quote(query[1:], safe="=&%+")
    try:
        form = dict(parse_qsl(rest.decode("utf-8", "replace"), keep_blank_values=True))
    except ValueError:
        form = {}
    form.setdefault("CallSid", CALL_ID)
    signature = RequestValidator(TOKEN).compute_signature(BASE + path, form)
    headers = {"X-Twilio-Signature": signature}
    answer = HOUSE.client.post(path, data=form, headers=headers, base_url=BASE, environ_base={"RAW_URI": path})
    assert answer.status_code in FINE, answer.status
    if answer.status_code == 200:
        assert ElementTree.fromstring(answer.text).tag == "Response"
