"""TwiML by Twilio's reference: which verb and noun may stand in which, with which attributes, in which values.

``problems`` names everything in a document that Twilio would refuse, leave out or take for something else.
"""

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

Check = Callable[[str], bool]
Attributes = Mapping[str, Check]
MOST_BYTES = 64 * 1024
HEADER_NAMES = ("User-to-User", "Remote-Party-ID", "P-Preferred-Identity", "P-Called-Party-ID")


def one_of(*words: str) -> Check:
    return lambda text: text in words


def number(least: int, most: int) -> Check:
    return lambda text: text.isascii() and text.isdecimal() and least <= int(text) <= most


def like(pattern: str) -> Check:
    return lambda text: re.fullmatch(pattern, text) is not None


def an_url(text: str) -> bool:
    """Absolute, as Twilio needs wherever it cannot know what a relative one belongs to; no host with an underscore."""
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.hostname) and "_" not in (parts.hostname or "")


def a_stream_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("wss", "ws") and bool(parts.hostname) and not parts.query and not parts.fragment


def a_sip_address(text: str) -> bool:
    address, _, headers = text.partition("?")
    if not re.fullmatch(r"sips?:[^@\s?<>]+@[\w.\[\]:-]+(;[\w.=;-]+)?", address) or len(address) >= 255:
        return False
    named = [each.partition("=") for each in headers.split("&") if each]
    known = all(name.lower().startswith("x-") or name in HEADER_NAMES for name, _, _ in named)
    plain = all(re.fullmatch(r"[\w.~%-]*", value) and unquote(value).isprintable() for _, _, value in named)
    return known and plain and len(headers) < 1024


BOOL, METHOD = one_of("true", "false"), one_of("POST", "GET")
LANGUAGE = like(r"[a-z]{2,3}-[A-Z][A-Za-z]{1,3}(-[A-Z]{2})?")
EVENTS = like(r"(initiated|ringing|answered|completed)( (initiated|ringing|answered|completed))*")
SOME_TEXT = like(r"(?s).*\S.*")
NOTHING = like(r"\s*")
WHISPER: Attributes = {"url": an_url, "method": METHOD}
LEG: Attributes = {
    **WHISPER,
    "statusCallback": an_url,
    "statusCallbackMethod": METHOD,
    "statusCallbackEvent": EVENTS,
    "machineDetection": one_of("Enable", "DetectMessageEnd"),
    "machineDetectionTimeout": number(3, 60),
}

ATTRIBUTES: Mapping[str, Attributes] = {
    "Response": {},
    "Say": {"language": LANGUAGE, "voice": SOME_TEXT, "loop": number(0, 1000)},
    "Play": {"loop": number(0, 1000), "digits": like(r"[0-9*#wW]+")},
    "Pause": {"length": number(1, 600)},
    "Leave": {},
    "Hangup": {},
    "Reject": {"reason": one_of("rejected", "busy")},
    "Redirect": {"method": METHOD},
    "Gather": {
        "input": one_of("dtmf", "speech", "dtmf speech"),
        "action": an_url,
        "method": METHOD,
        "timeout": number(1, 600),
        "numDigits": number(1, 1000),
        "finishOnKey": like(r"[0-9*#]?"),
        "actionOnEmptyResult": BOOL,
    },
    "Record": {
        "action": an_url,
        "method": METHOD,
        "timeout": number(1, 600),
        "finishOnKey": like(r"[0-9*#]*"),
        "maxLength": number(1, 14_400),
        "playBeep": BOOL,
        "trim": one_of("trim-silence", "do-not-trim"),
        "recordingStatusCallback": an_url,
        "recordingStatusCallbackMethod": METHOD,
        "recordingStatusCallbackEvent": SOME_TEXT,
    },
    "Connect": {"action": an_url, "method": METHOD},
    "Stream": {
        "url": a_stream_url,
        "name": SOME_TEXT,
        "track": one_of("inbound_track"),  # the only one within <Connect> (31941)
        "statusCallback": an_url,
        "statusCallbackMethod": METHOD,
    },
    "Parameter": {"name": SOME_TEXT, "value": lambda _: True},
    "Dial": {
        "action": an_url,
        "method": METHOD,
        "answerOnBridge": BOOL,
        "callerId": SOME_TEXT,
        "timeLimit": number(1, 86_400),
        "timeout": number(5, 600),
        "hangupOnStar": BOOL,
        "sequential": BOOL,
        "ringTone": like(r"[a-z]{2}(-old)?"),
    },
    "Number": {**LEG, "sendDigits": like(r"[0-9*#wW]+")},
    "Sip": {**LEG, "username": SOME_TEXT, "password": SOME_TEXT},
    "Client": LEG,
    "Identity": {},
    "Queue": {**WHISPER, "reservationSid": like(r"WR[0-9a-zA-Z]+"), "postWorkActivitySid": like(r"WA[0-9a-f]{32}")},
    "Enqueue": {
        "action": an_url,
        "method": METHOD,
        "waitUrl": an_url,
        "waitUrlMethod": METHOD,
        "workflowSid": like(r"WW[0-9a-f]{32}"),
    },
    "Task": {"priority": number(0, 2**31), "timeout": number(1, 1_209_600)},
}
"""Element -> its attributes -> what each may be."""

TEXT: Mapping[str, Check] = {
    "Say": like(r"(?s).{0,4095}\S.{0,4095}"),
    "Play": an_url,
    "Redirect": an_url,
    "Number": like(r"\+[1-9]\d{6,14}"),
    "Sip": a_sip_address,
    "Identity": like(r"[\w.@+-]{1,121}"),
    "Client": like(r"[\w.@+-]{1,121}"),
    "Queue": like(r"[\w-]{0,64}"),
    "Enqueue": like(r"[\w-]{0,64}"),
    "Task": lambda text: isinstance(json.loads(text), dict),
}
"""Element -> what its text may be; all others have none."""

CHILDREN: Mapping[str, frozenset[str]] = {
    "Gather": frozenset({"Say", "Play", "Pause"}),
    "Connect": frozenset({"Stream"}),
    "Stream": frozenset({"Parameter"}),
    "Dial": frozenset({"Number", "Sip", "Client", "Queue"}),
    "Client": frozenset({"Identity", "Parameter"}),
    "Enqueue": frozenset({"Task"}),
}
"""Element -> what may stand in it; all others hold nothing."""

_SPOKEN = {"Say", "Play", "Pause", "Redirect", "Hangup"}
VERBS: Mapping[str, frozenset[str]] = {
    "call": frozenset({*_SPOKEN, "Gather", "Record", "Connect", "Dial", "Enqueue", "Reject"}),
    "whisper": frozenset({*_SPOKEN, "Gather"}),  # the `url` of a <Number>, <Sip> or <Client>
    "queue": frozenset({*_SPOKEN, "Gather", "Leave"}),  # the `waitUrl` of an <Enqueue>
    "taken": frozenset({"Say", "Play", "Pause", "Redirect"}),  # the `url` of a <Queue>
}
"""Where a document is followed -> its verbs."""

NEEDS: Mapping[str, frozenset[str]] = {
    "Stream": frozenset({"url"}),
    "Parameter": frozenset({"name", "value"}),
    "Record": frozenset({"action"}),  # without one, Twilio asks the same address again, for ever
}
LAST = ("Hangup", "Redirect", "Leave", "Reject", "Connect")
"""Nothing that follows these is ever reached; the same holds for <Dial> and <Enqueue> with an action."""


def problems(text: str, where: str) -> list[str]:
    """What Twilio would not take in a document that is followed ``where`` (a key of ``VERBS``)."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return [f"no XML: {error}"]
    found = [] if root.tag == "Response" else [f"<{root.tag}> instead of <Response>"]
    if len(text.encode()) > MOST_BYTES:
        found.append("longer than 64 kB")
    found += [f"<{verb.tag}> is no verb of a {where} document" for verb in root if verb.tag not in VERBS[where]]
    for verb in list(root)[:-1]:
        if verb.tag in LAST or (verb.tag in ("Dial", "Enqueue") and "action" in verb.attrib):
            found.append(f"what follows <{verb.tag}> is never reached")
    return [*found, *(each for verb in root for each in _element(verb))]


def _element(element: ElementTree.Element) -> list[str]:
    name, found = element.tag, []
    if name not in ATTRIBUTES:
        return [f"<{name}> is unknown"]
    for attribute, value in element.attrib.items():
        check = ATTRIBUTES[name].get(attribute)
        if check is None:
            found.append(f"<{name}> has no attribute {attribute}")
        elif not check(value):
            found.append(f"<{name} {attribute}={value!r}>")
    found += [f"<{name}> needs {each}" for each in sorted(NEEDS.get(name, frozenset()) - set(element.keys()))]
    if not _text_is_right(element):
        found.append(f"<{name}> holds the text {element.text!r}")
    allowed = CHILDREN.get(name, frozenset())
    found += [f"<{child.tag}> in <{name}>" for child in element if child.tag not in allowed]
    return [*found, *_of_its_own(element), *(each for child in element for each in _element(child))]


def _text_is_right(element: ElementTree.Element) -> bool:
    text, has_identity = element.text or "", element.find("Identity") is not None
    check = NOTHING if element.tag not in TEXT or has_identity else TEXT[element.tag]
    try:
        return check(text)
    except ValueError:
        return False


def _of_its_own(element: ElementTree.Element) -> list[str]:
    """What no table says: how many nouns, and which of two things must be there."""
    children = [child.tag for child in element]
    match element.tag:
        case "Dial" if not children and not (element.text or "").strip():
            return ["<Dial> dials nobody"]
        case "Dial" if len(children) > 1 and ("Queue" in children or len(children) > 10):
            return [f"<Dial> holds {children}"]
        case "Queue" if not (element.text or element.get("reservationSid")):
            return ["<Queue> names neither a queue nor a reservation"]
        case "Enqueue" if bool(element.text) == ("workflowSid" in element.attrib):
            return ["<Enqueue> needs a name or a workflowSid, and one of them only"]
        case "Connect" if children != ["Stream"]:
            return [f"<Connect> holds {children}"]
        case "Parameter" if len(element.get("name", "")) + len(element.get("value", "")) >= 500:
            return ["<Parameter> is longer than 500 characters"]
    return []
