"""Conversations with advisors that last, long after the machine's part is over; and those that something cuts."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.config import Config
from ivr.operations.metrics import Metrics
from ivr.phone.advisor import Advisor, Advisors
from ivr.phone.caller import Caller, Press
from ivr.phone.exchange import Number, place_call
from ivr.phone.server import Server, own_server
from ivr.records.records import NewEvent, Records
from ivr.records.talk import LEAST_ALIKE, TALKED, alike
from ivr.supervisor.figures import figures
from ivr.supervisor.numbers import TodaysNumbers
from ivr.supervisor.report import write_report
from ivr.supervisor.summary import sentences
from tests.house import CALL_ID, SILENCE, House, frames, key
from tests.phone_server import TOKEN, phone_server
from tests.serving import SERVE, LiveCall, eventually, light_home

TEN_MINUTES = 600


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_server(SERVE, light_home(tmp_path_factory.mktemp("home"))) as running:
        yield running


def talks(server: Server, call_id: str) -> list[object]:
    records = Records(server.database_url or "")
    return [each.data["seconds"] for each in records.events(call_id) if each.kind == TALKED]


def test_a_caller_talks_with_an_advisor_for_ten_minutes_after_our_socket_has_closed(server: Server) -> None:
    """Every document and every callback of the call is walked, in a hundredth of the time."""
    call = LiveCall(server, Advisors(talk_s=TEN_MINUTES)).in_progress()
    call.caller.press("0")
    notes = call.ended()
    assert notes.bridged and notes.failure is None and notes.warnings == [], "nothing of ours ends it"
    assert notes.talked_s == TEN_MINUTES
    asked = [path for path, _ in notes.webhooks_ms]
    assert asked[-1] == "/voice/ended" and "/voice/dialled" in asked and "/stream-events" in asked
    eventually(lambda: talks(server, notes.call_id) == [TEN_MINUTES], "what the two talked is recorded")
    stored = Records(server.database_url or "").call(notes.call_id)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "pressed_zero")


def test_a_caller_out_of_a_queue_talks_for_ten_minutes(server: Server) -> None:
    nobody_answers = (Advisor.NO_ANSWER,)
    call = LiveCall(server, Advisors(nobody_answers, talk_s=TEN_MINUTES)).in_progress()
    call.caller.press("0")
    notes = call.ended()
    assert notes.queued and notes.bridged and notes.talked_s == TEN_MINUTES and notes.failure is None


def test_the_telephone_sees_a_conversation_that_a_document_cuts() -> None:
    cut = '<Response><Dial timeLimit="60" action="/over"><Number>+12025550142</Number></Dial></Response>'
    with phone_server({"/voice": cut, "/over": "<Response/>"}) as other:
        number = Number(f"{other.url}/voice", TOKEN, "+15550100", "+15550199")
        notes = asyncio.run(place_call(number, Caller([Press("0")]), Advisors(talk_s=TEN_MINUTES)))
        assert other.fields("/over")["DialCallDuration"] == "60"
    assert notes.talked_s == 60 and any("cut after 60 s" in each for each in notes.warnings)


def test_what_twilio_says_of_a_conversation_is_counted_once(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    house.stream(*frames(SILENCE, 100), key("0"))
    fields = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "71"}
    for _ in range(2):
        house.post("/voice/dialled?team=service", **fields)
    assert [each.data for each in house.records.events(CALL_ID) if each.kind == TALKED] == [{"seconds": 71}]
    assert b"ivr_talk_seconds_sum 71.0" in house.parts.metrics.text()
    house.post("/voice", call_id="CA" + "5" * 32)
    house.post("/voice/dialled?team=service", "CA" + "5" * 32, DialCallStatus="busy", DialCallDuration="9")
    assert b"ivr_talk_seconds_count 1.0" in house.parts.metrics.text(), "who was not reached has not talked"


# -- alike ------------------------------------------------------------------------------------------------------------


def peoples(count: int, seed: int, mean_s: float = 180) -> list[float]:
    """Lengths of conversations as people have them: any, with a long tail."""
    dice = random.Random(seed)
    return [round(dice.lognormvariate(0, 0.8) * mean_s) for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [12, 100, 2000])
def test_conversations_of_people_raise_no_alarm(count: int, seed: int) -> None:
    assert alike(peoples(count, seed)) is None
    assert alike([0.0, 1.0, 2.0] * 40) is None, "receivers that are put down at once"


@pytest.mark.parametrize("at_s", [30, 60, 3600])
def test_conversations_that_end_after_the_same_time_do(at_s: int) -> None:
    cut = [at_s + number % 2 for number in range(56)]
    found = alike([*peoples(44, 1), *cut])
    assert found and found.count >= 56 and found.low_s >= at_s - 2 and found.high_s <= at_s + 3
    assert alike(cut[: LEAST_ALIKE - 1]) is None, "too few to say"


def test_the_alarm_is_in_the_report_the_metrics_and_on_the_wallboard(tmp_path: Path, config: Config) -> None:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    records.prepare()
    metrics = Metrics()
    for number in range(20):
        call_id = f"CA{number}"
        records.open(call_id, "", "+15550100", "en", "")
        records.close(call_id, "transferred", "asked")
        records.append([NewEvent(call_id, 0, TALKED, {"seconds": 60})])
        metrics.talked(60)
    now = datetime.now(UTC)
    week = figures(records.engine, now - timedelta(days=7), now + timedelta(minutes=1), ZoneInfo("UTC"))
    before = figures(records.engine, now - timedelta(days=14), now - timedelta(days=7), ZoneInfo("UTC"))
    assert "20 of 20 conversations with advisors lasted 60 to 60 s" in sentences(week, before)[0]
    page = write_report(tmp_path / "report", "us", week, before, config.grammars)
    assert "something cuts them" in page.read_text(encoding="utf-8")
    assert (tmp_path / "report" / "talk.csv").read_text(encoding="utf-8").splitlines()[1] == "60,20"
    assert "20 of 20" in TodaysNumbers(records.engine, lambda: ZoneInfo("UTC")).now().cut
    assert b"ivr_talk_alike 20.0" in metrics.text()
