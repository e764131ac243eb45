"""Advisors whom no <Dial> of ours rings hear the story all the same: TaskRouter's, and those of a Twilio queue."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from ivr.config import Config
from tests.advising import BOTH_TEAMS
from tests.house import BASE, CALL_ID, TOKEN
from tests.test_advisors import Walk

FIRST, SECOND = "CA" + "1" * 32, "CA" + "2" * 32
ADVISOR = {"CallSid": "CA" + "9" * 32, "From": "client:jane", "To": "+12025550117"}
IN_THE_QUEUE = BOTH_TEAMS.replace(
    'targets: ["(202) 555-0142", "sip:desk@pbx.example.com", "client:jane"]', "targets: ['queue:desk']"
)
TASKS = BOTH_TEAMS.replace("\nteam: desk", "\nteam: tasks").replace("team: tasks}", "team: desk}")


# TaskRouter ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tasks(config: Config, tmp_path: Path) -> Walk:
    return Walk(config, tmp_path, text=TASKS).zero()


def assign(walk: Walk, **changed: str) -> dict[str, Any]:
    """As TaskRouter posts it for a task that waits in the workflow."""
    fields = {
        "AccountSid": "AC1",
        "TaskSid": "WT1",
        "ReservationSid": "WR1",
        "TaskAttributes": walk.verb("Task").text,
        "WorkerAttributes": '{"contact_uri": "+12025550117", "name": "Jane"}',
    } | changed
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/voice/assignment", fields)
    answer = walk.house.client.post(
        "/voice/assignment", data=fields, headers={"X-Twilio-Signature": signature}, base_url=BASE
    )
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    instruction: dict[str, Any] = json.loads(answer.text)
    return instruction


def test_taskrouters_advisor_is_rung_hears_the_story_and_takes_the_reserved_caller(tasks: Walk) -> None:
    instruction = assign(tasks)
    assert {**instruction, "url": ""} == {
        "instruction": "call",
        "from": "+15550100",
        "to": "+12025550117",
        "url": "",
        "timeout": 20,
    }
    tasks.post(instruction["url"].removeprefix(BASE), **ADVISOR)
    assert "pressed 0" in tasks.said()
    told = tasks.text
    assert "<Hangup" in tasks.follow("Gather", Digits="2", **ADVISOR).text
    tasks.text = told
    tasks.follow("Gather", Digits="1", **ADVISOR)
    assert tasks.verb("Queue").attrib["reservationSid"] == "WR1"
    assert tasks.ending == ("transferred", "tasks", "+12025550117")


def test_a_second_reservation_after_one_that_led_nowhere_is_not_taken_yet(tasks: Walk) -> None:
    for reservation in ("WR1", "WR2"):
        leg = {**ADVISOR, "CallSid": f"CA-{reservation}"}
        waiting = tasks.text
        tasks.post(assign(tasks, ReservationSid=reservation)["url"].removeprefix(BASE), **leg)
        assert tasks.follow("Gather", Digits="1", **leg).verb("Queue").attrib["reservationSid"] == reservation
        tasks.text = waiting


@pytest.mark.parametrize(
    "changed",
    [
        {"TaskAttributes": '{"call": "CA404"}'},
        {"TaskAttributes": "no JSON"},
        {"TaskAttributes": "[" * 100_000},
        {"TaskAttributes": '["call"]'},
        {"TaskAttributes": '{"call": {"a": 1}}'},
        {"WorkerAttributes": "{}"},
        {"ReservationSid": ""},
    ],
)
def test_what_cannot_be_rung_with_a_story_is_connected_without_one(tasks: Walk, changed: dict[str, str]) -> None:
    assert assign(tasks, **changed) == {"instruction": "dequeue"}


def test_without_the_database_taskrouters_advisor_gets_the_caller(tasks: Walk) -> None:
    whisper = urlsplit(assign(tasks)["url"])
    tasks.house.without_database = True
    with tasks.house.records.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE calls RENAME TO gone")
    assert assign(tasks) == {"instruction": "dequeue"}
    tasks.post(f"{whisper.path}?{whisper.query}", **ADVISOR)
    assert tasks.follow("Gather", Digits="1", **ADVISOR).verb("Queue").attrib["reservationSid"] == "WR1"


# A Twilio queue ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(config: Config, tmp_path: Path) -> Walk:
    return Walk(config, tmp_path, text=IN_THE_QUEUE)


def waits(walk: Walk, call_id: str) -> str:
    """A caller who rings and goes into the queue; the document that says so."""
    walk.house.post("/voice", call_id=call_id)
    return walk.post("/voice/next", call_id=call_id).text


def take(walk: Walk) -> Walk:
    return walk.post("/voice/take?queue=desk", **ADVISOR)


def dequeued(walk: Walk) -> bool:
    return next(ElementTree.fromstring(walk.text).iter("Queue"), None) is not None


def test_who_takes_callers_from_a_queue_hears_the_story_of_the_one_who_waits_longest(queue: Walk) -> None:
    waits(queue, FIRST)
    waits(queue, SECOND)
    take(queue)
    assert "Press 1 to take the call" in queue.said()
    assert not dequeued(queue), "nothing but a 1 takes a caller"
    queue.follow("Gather", Digits="1", **ADVISOR)
    assert queue.verb("Queue").text == "desk"
    queue.follow("Queue", "url", CallSid=FIRST, DequeingCallSid=ADVISOR["CallSid"])
    assert list(ElementTree.fromstring(queue.text)) == [], "the caller hears nothing that delays the two"
    stored = queue.house.records.call(FIRST)
    assert stored and (stored.team, stored.target) == ("desk", "client:jane")
    assert f"call={SECOND}" in take(queue).verb("Gather").attrib["action"], "the next one"


def test_a_caller_who_left_the_queue_while_the_story_was_told_is_not_confused_with_the_next(queue: Walk) -> None:
    left = waits(queue, FIRST)
    waits(queue, SECOND)
    told = take(queue).text
    queue.text = left
    queue.follow("Enqueue", call_id=FIRST, QueueResult="hangup", CallStatus="completed")
    queue.text = told
    queue.follow("Gather", Digits="1", **ADVISOR)
    assert not dequeued(queue) and f"call={SECOND}" in queue.verb("Gather").attrib["action"]
    assert dequeued(queue.follow("Gather", Digits="1", **ADVISOR))


def test_an_advisor_whose_queue_is_empty_waits_for_the_next_caller(queue: Walk) -> None:
    assert "Nobody is waiting" in take(queue).said()
    waits(queue, CALL_ID)
    queue.text = take(queue).text
    assert f"call={CALL_ID}" in queue.verb("Gather").attrib["action"]
    assert "<Hangup" in queue.follow("Gather", Digits="2", **ADVISOR).text


def test_without_the_database_a_caller_is_taken_without_a_story(queue: Walk) -> None:
    queue.house.without_database = True
    with queue.house.records.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE call_events RENAME TO gone")
    assert dequeued(take(queue))
