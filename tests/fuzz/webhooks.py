"""A signed webhook with any form: TwiML, nothing to say, or a refusal; never an error of ours."""

import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, quote
from xml.etree import ElementTree

from ivr.config import load
from tests.conftest import ROOT
from tests.fuzz.session import listening
from tests.house import BASE, CALL_ID, TOKEN, House

FINE = {200, 204, 400, 404, 405, 413}


def _house() -> House:
    return House(load(ROOT), Path(tempfile.mkdtemp(prefix="ivr-fuzz-")))


HOUSE = _house()
PATHS = sorted(
    rule.rule for rule in HOUSE.client.application.url_map.iter_rules() if rule.endpoint.startswith("webhooks.")
)


def _seed(path: str, rest: str) -> bytes:
    return bytes([PATHS.index(path)]) + rest.encode()


SEEDS = [
    _seed("/voice", "From=anonymous&To=%2B15550100&CallStatus=ringing"),
    _seed("/voice/next", "CallStatus=completed"),
    _seed("/voice/dialled", "?team=service&at=1\nDialCallStatus=busy&DialBridged=true"),
    _seed("/voice/wait", "?team=service\nQueueTime=20&QueuePosition=1&CurrentQueueSize=3"),
    _seed("/voice/left", "?team=service&at=2\nQueueResult=leave"),
    _seed("/voice/number", "?team=service\nDigits=15550123"),
    _seed("/voice/recorded", "RecordingUrl=https%3A%2F%2F127.0.0.1%3A1%2Fx&RecordingDuration=7"),
    _seed("/voice/accept", f"?team=service&by=service&call={CALL_ID}\nDigits=1"),
    _seed("/voice/take", "?queue=service\nFrom=%2B12025550142"),
    _seed("/voice/assignment", 'TaskAttributes={"call":"CA1"}&WorkerAttributes={"contact_uri":"+12025550142"}'),
]


def one(data: bytes) -> None:
    """The first byte chooses the webhook; then a query that begins with ``?`` and ends with a line; then the form."""
    from twilio.request_validator import RequestValidator

    path, rest = PATHS[data[0] % len(PATHS) if data else 0], data[1:]
    if rest.startswith(b"?"):
        query, _, rest = rest.partition(b"\n")
        path += "?" + quote(query[1:] or b"x", safe="=&%+")  # Twilio's library knows no query that is there but empty
    try:
        form = dict(parse_qsl(rest.decode("utf-8", "replace"), keep_blank_values=True))
    except ValueError:
        form = {}
    form.setdefault("CallSid", CALL_ID)
    signature = RequestValidator(TOKEN).compute_signature(BASE + path, form)
    headers = {"X-Twilio-Signature": signature}
    with listening("ivr.telephony.webhooks"):
        answer = HOUSE.client.post(path, data=form, headers=headers, base_url=BASE, environ_base={"RAW_URI": path})
    assert answer.status_code in FINE, answer.status
    if answer.mimetype == "application/json":
        assert isinstance(answer.json, dict)
    elif answer.status_code == 200:
        assert ElementTree.fromstring(answer.text).tag == "Response"
