"""What two processes do at the same moment on PostgreSQL, where a number is given before its row can be seen."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from ivr.config import Config
from ivr.records.records import NewEvent, Records
from ivr.supervisor.live import LiveCalls
from tests.advising import MONDAY, TWO_TEAMS
from tests.house import CALL_ID, House
from tests.postgres import Postgres

ONE, OTHER = "CA" + "8" * 32, "CA" + "9" * 32


def held_up(records: Records, until: threading.Event, at_most_s: float) -> threading.Event:
    """Hold up the first commit that writes an event.  The event that is given back is set when it waits."""
    waits = threading.Event()

    def wrote(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO call_events") and not waits.is_set():
            connection.info["held"] = True  # type: ignore[attr-defined]

    def commits(connection: object) -> None:
        if connection.info.pop("held", False) and not waits.is_set():  # type: ignore[attr-defined]
            waits.set()
            until.wait(at_most_s)

    event.listen(records.engine, "after_cursor_execute", wrote)
    event.listen(records.engine, "commit", commits)
    return waits


def test_of_two_advisors_who_press_1_at_the_same_moment_one_has_the_call(
    config: Config, tmp_path: Path, postgres: Postgres
) -> None:
    house = House(replace(config, advisors=TWO_TEAMS), tmp_path, lambda: MONDAY, postgres.database())
    house.post("/voice", CallStatus="ringing")
    house.settle = lambda: None  # type: ignore[method-assign]

    def presses(leg: str) -> str:
        path = f"/voice/accept?team=night&at=3&call={CALL_ID}&by=night"
        return house.post(path, call_id=leg, Digits="1", To="+12025550117")[1]

    over = threading.Event()
    waits = held_up(house.records, over, at_most_s=1.0)
    with ThreadPoolExecutor(2) as advisors:
        one = advisors.submit(presses, ONE)
        assert waits.wait(30)
        other = advisors.submit(presses, OTHER)
        other.add_done_callback(lambda _: over.set())
        refused = ["<Hangup" in each.result(30) for each in (one, other)]
    assert refused == [False, True]
    assert "<Hangup" not in presses(ONE), "a webhook that comes twice changes nothing"
    legs = [each.data["leg"] for each in house.records.events(CALL_ID) if each.kind == "accepted"]
    assert legs == [ONE]


@pytest.mark.parametrize("looked_before", [True, False])
def test_an_event_whose_commit_comes_late_is_on_the_wallboard(postgres: Postgres, looked_before: bool) -> None:
    records = Records(postgres.database())
    records.prepare()
    for call_id in (ONE, OTHER):
        records.open(call_id, "+15550199", "+15550100", "en", "token")
    live = LiveCalls(records.engine)

    def shown() -> dict[str, str]:
        return {call.call_id: call.last for call in live.now()}

    def says(call_id: str, text: str) -> Callable[[], None]:
        return lambda: records.append([NewEvent(call_id, 0, "heard", {"text": text})])

    if looked_before:
        assert shown() == {ONE: "", OTHER: ""}
    commits = threading.Event()
    waits = held_up(records, commits, at_most_s=30)
    with ThreadPoolExecutor(1) as elsewhere:
        late = elsewhere.submit(says(ONE, "my number was given first"))
        assert waits.wait(30)
        says(OTHER, "my commit was first")()
        assert shown() == {ONE: "", OTHER: "my commit was first"}
        commits.set()
        late.result(30)
    assert shown()[ONE] == "my number was given first"
