"""Every document that the server can give, checked against Twilio's reference, the place of each element included."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

import pytest

from ivr.call.actions import Reason
from ivr.config import Config
from tests.advising import MONDAY, NAME, advisors_of
from tests.house import BASE, CALL_ID, House
from tests.twiml_rules import problems

TARGETS = {
    "number": '"+1 202 555 0142", "+1 202 555 0143"',
    "sip": '"sip:desk@pbx.example.com;transport=tls"',
    "client": '"client:jane"',
    "queue": '"queue:overflow"',
    "workflow": '"workflow:WW0123456789abcdef0123456789abcdef"',
}
TEAM = f"""
country: US
timezone: America/New_York
teams:
  desk:
    name: {NAME}
    hours: {{mon-fri: "09:00-18:00"}}
    targets: [%s]
    at_once: %s
    queue: {{name: desk, music: "https://example.com/music.mp3", offer_after_s: 30, longest_s: 300}}
team: desk
"""
SATURDAY = datetime(2026, 11, 28, 23, 0, tzinfo=UTC)
WORDS = "příliš žluťoučký kůň; <Dial>&\"'\u0000\n" + "où est ma commande ? " * 10
CARD = {
    "caller": "+15550199",
    "wanted": "order_status",
    "said": [{"text": WORDS, "intent": "order_status", "confidence": 0.4}] * 9,
    "slots": {"order_number": "42719", "note": WORDS},
    "done": [{"request": "order_status", "outcome": "found"}] * 20,
}
LEG = {"CallSid": "CA" + "9" * 32, "To": "+12025550142", "From": "+15550100"}
RESULTS = ("leave", "queue-full", "bridged", "hangup", "error")
WAITS = {"QueuePosition": "2", "CurrentQueueSize": "3", "AvgQueueTime": "60"}

Fields = Mapping[str, str]
ANSWERS: Mapping[tuple[str, str], tuple[str | None, tuple[Fields, ...]]] = {
    ("Dial", "action"): (
        "call",
        (
            {"DialCallStatus": "busy", "DialBridged": "false"},
            {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "71"},
            {"DialCallStatus": "completed"},
        ),
    ),
    ("Number", "url"): ("whisper", (LEG,)),
    ("Sip", "url"): ("whisper", (LEG,)),
    ("Client", "url"): ("whisper", (LEG,)),
    ("Queue", "url"): ("taken", ({"DequeingCallSid": LEG["CallSid"]},)),
    ("Enqueue", "action"): (
        "call",
        tuple({"QueueResult": each, "QueueTime": "40"} for each in RESULTS),
    ),
    ("Enqueue", "waitUrl"): (
        "queue",
        tuple({**WAITS, "QueueTime": each} for each in ("0", "40", "9000")),
    ),
    ("Gather", "action"): (None, tuple({"Digits": each} for each in ("", "0", "1", "2", "2025550142"))),
    ("Record", "action"): ("call", ({"RecordingUrl": "https://api.twilio.com/R1", "RecordingDuration": "4"},)),
    ("Connect", "action"): ("call", ({"CallStatus": "in-progress"},)),
    ("Redirect", ""): (None, ({},)),
}
"""Element and attribute -> where the document behind it is followed (None: where this one is), and what Twilio says."""


def ways(text: str, where: str) -> Iterator[tuple[str, str, Fields]]:
    """Every document that one leads to: its address, where it is followed, and what is said when it is asked for."""
    for element in ElementTree.fromstring(text).iter():
        for (name, attribute), (there, answers) in ANSWERS.items():
            url = element.get(attribute) if attribute else element.text
            if element.tag == name and url:
                yield from ((url, there or where, fields) for fields in answers)


def kind_of(url: str) -> str:
    """The address without what only counts: another try or a longer wait leads to a document of the same kind."""
    said = [(name, value if name in ("at", "queue", "call") else "") for name, value in parse_qsl(urlsplit(url).query)]
    return f"{urlsplit(url).path}?{urlencode(said)}"


class Exploring:
    """Follows every way through the documents of a call."""

    def __init__(self, config: Config, folder: Path, kind: str, now: datetime, at_once: bool = False) -> None:
        advisors = advisors_of(TEAM % (TARGETS[kind], "true" if at_once else "false"))
        self.house = House(replace(config, advisors=advisors), folder, lambda: now)
        self.house.settle = lambda: None  # type: ignore[method-assign]  # nobody looks at the record here
        self.seen: set[tuple[str, str, str]] = set()
        self.wrong: dict[str, list[str]] = {}

    def check(self, path: str, where: str, fields: Fields) -> str:
        status, text = self.house.post(path, **{"CallStatus": "in-progress", **fields})
        assert status == 200, f"{path} answers {status}"
        if found := problems(text, where):
            self.wrong[f"{where} {path} {dict(fields)}"] = [*found, text]
        return text

    def explore(self, path: str, where: str, fields: Fields) -> int:
        """How many documents were followed from here."""
        todo = [(path, where, fields)]
        before = len(self.seen)
        while todo:
            path, where, fields = todo.pop()
            mark = (kind_of(path), where, json.dumps(fields, sort_keys=True))
            if mark in self.seen:
                continue
            self.seen.add(mark)
            text = self.check(path, where, fields)
            todo += [(url.removeprefix(BASE), there, said) for url, there, said in ways(text, where)]
        return len(self.seen) - before


def began(exploring: Exploring, reason: str | None, card: Mapping[str, Any] = CARD, call_id: str = CALL_ID) -> None:
    exploring.house.post("/voice", call_id, CallStatus="ringing")
    if reason:
        exploring.house.records.close(call_id, "transferred", reason, card={**card, "reason": reason}, team="desk")


@pytest.mark.parametrize(("kind", "now"), [*((kind, MONDAY) for kind in TARGETS), ("number", SATURDAY)])
def test_every_way_of_a_transferred_call_is_twiml_that_twilio_takes(
    config: Config, tmp_path: Path, kind: str, now: datetime
) -> None:
    exploring = Exploring(config, tmp_path, kind, now)
    began(exploring, "asked")
    assert exploring.explore("/voice/next", "call", {}) > 30
    assert exploring.wrong == {}


@pytest.mark.parametrize("kind", TARGETS)
def test_every_reason_leads_to_twiml_that_twilio_takes(config: Config, tmp_path: Path, kind: str) -> None:
    exploring = Exploring(config, tmp_path, kind, MONDAY, at_once=True)
    for number, reason in enumerate(get_args(Reason)):
        call_id = f"CA{number:032}"
        began(exploring, reason, call_id=call_id)
        exploring.check("/voice/next", "call", {"CallSid": call_id})
    assert len(get_args(Reason)) == 13 and exploring.wrong == {}


def test_the_beginning_and_the_advisors_own_lines_are_twiml_that_twilio_takes(config: Config, tmp_path: Path) -> None:
    exploring = Exploring(config, tmp_path, "workflow", MONDAY)
    began(exploring, None)
    exploring.explore("/voice", "call", {"CallStatus": "ringing", "To": "+15550133"})  # French: nobody hears it
    exploring.explore("/voice", "call", {"CallStatus": "ringing"})
    began(exploring, "asked", call_id="CA" + "5" * 32)
    exploring.check("/voice/next", "call", {"CallSid": "CA" + "5" * 32})
    exploring.explore("/voice/take?queue=desk", "call", LEG)
    exploring.house.parts.writer.flush(60)
    for queue in ("desk", "WW0123456789abcdef0123456789abcdef"):
        exploring.explore(f"/voice/take?queue={queue}&now=1", "call", LEG)
    assert exploring.wrong == {}


def test_taskrouters_advisor_is_connected_with_the_caller_of_the_reservation(config: Config, tmp_path: Path) -> None:
    exploring = Exploring(config, tmp_path, "workflow", MONDAY)
    began(exploring, "asked")
    assigned = {
        "ReservationSid": "WR0123456789abcdef0123456789abcdef",
        "TaskAttributes": json.dumps({"call": CALL_ID}),
        "WorkerAttributes": json.dumps({"contact_uri": "+12025550142"}),
    }
    status, text = exploring.house.post("/voice/assignment", **assigned)
    told = json.loads(text)
    assert status == 200 and told["instruction"] == "call"
    query = urlencode({"call": CALL_ID, "by": "desk", "reservation": assigned["ReservationSid"]})
    accepted = exploring.check(f"/voice/accept?{query}", "call", {**LEG, "Digits": "1"})
    queue = ElementTree.fromstring(accepted).find("./Dial/Queue")
    assert queue is not None and queue.get("reservationSid") == assigned["ReservationSid"]
    exploring.explore(told["url"].removeprefix(BASE), "call", LEG)
    assert exploring.wrong == {}


WHERE = {"/voice/whisper": "whisper", "/voice/accept": "whisper", "/voice/taking": "taken", "/voice/wait": "queue"}


@pytest.mark.parametrize(("kind", "at_once"), list(product(TARGETS, (True, False))))
def test_what_is_left_when_a_webhook_fails_is_twiml_that_twilio_takes(
    config: Config, tmp_path: Path, kind: str, at_once: bool
) -> None:
    exploring = Exploring(config, tmp_path, kind, MONDAY, at_once)
    rules = [str(rule) for rule in exploring.house.client.application.url_map.iter_rules()]
    for part in ("records", "callbacks", "voicemail", "links"):
        setattr(exploring.house.parts, part, None)  # an error of ours in each webhook
    paths = [rule for rule in rules if rule.startswith("/voice") and rule != "/voice/assignment"]
    assert len(paths) > 14
    for path in paths:
        exploring.check(f"{path}?queue=desk", WHERE.get(path, "call"), {})
    exploring.check("/voice/accept?reservation=WR1", "call", {"Digits": "1"})
    exploring.check("/voice/chosen?waiting=1", "queue", {"Digits": "1"})
    assert exploring.wrong == {}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("<Response><Dial/><Queue reservationSid='WR1'/></Response>", "call"),
        ("<Response><Dial><Number>+12025550142</Number></Dial></Response>", "whisper"),
        ("<Response><Say language='en-US'>Hello</Say><Leave/></Response>", "call"),
        ("<Response><Say language='English'>Hello</Say></Response>", "call"),
        ("<Response><Gather><Dial><Number>+12025550142</Number></Dial></Gather></Response>", "call"),
        ("<Response><Dial timeout='3'><Number>+12025550142</Number></Dial></Response>", "call"),
        ("<Response><Dial><Number>5550142</Number></Dial></Response>", "call"),
        ("<Response><Enqueue workflowSid='WW1'/></Response>", "call"),
        ("<Response><Enqueue>a queue</Enqueue></Response>", "call"),
        ("<Response><Connect><Stream url='wss://a.example/media?x=1'/></Connect></Response>", "call"),
        ("<Response><Connect action='/next'><Stream url='wss://a.example/media'/></Connect></Response>", "call"),
        ("<Response><Hangup/><Say>too late</Say></Response>", "call"),
        ("<Response><Record/></Response>", "call"),
        ("<Response><Say></Say></Response>", "call"),
    ],
)
def test_the_rules_see_what_twilio_would_not_take(text: str, where: str) -> None:
    assert len(problems(text, where)) >= 1
