"""Reports and what-ifs tell the truth about stored calls."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from ivr.cli import ivr
from ivr.config import Config
from ivr.records.callbacks import Callbacks
from ivr.records.records import NewEvent, Records
from ivr.supervisor import what_if_misses
from ivr.supervisor.figures import Figures, figures
from ivr.supervisor.summary import sentences
from ivr.supervisor.unmatched import subjects
from ivr.supervisor.what_if import Thresholds, load, replay
from ivr.supervisor.what_if_misses import MissFates, StoredMisses
from tests.month import fill

NOW = datetime.now(UTC)
WEEK = timedelta(days=7)
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture
def records(tmp_path: Path) -> Records:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    records.prepare()
    return records


def call(records: Records, call_id: str, caller: str, outcome: str, *heard: dict[str, object], **ending: str) -> None:
    records.open(call_id, caller, "+15550100", "en", "token")
    events = [NewEvent(call_id, 0, "tone" if "upset" in each else "heard", each) for each in heard]
    if events:
        records.append(events)
    records.close(call_id, outcome, ending.get("reason"))


def this_week(records: Records) -> Figures:
    return figures(records.engine, NOW - WEEK, datetime.now(UTC) + timedelta(minutes=1), UTC_ZONE)


def test_served_counts_net_of_callers_who_ring_again_within_a_day(records: Records) -> None:
    call(records, "CA1", "+15550111", "served")
    call(records, "CA2", "+15550111", "transferred", reason="asked")
    call(records, "CA3", "+15550112", "served")
    call(records, "CA4", "", "served")
    call(records, "CA5", "", "served")
    found = this_week(records)
    assert found.outcomes["served"] == 4 and found.served_net == 3 and found.withheld == 2


def test_promises_kept_and_broken_are_told(records: Records) -> None:
    call(records, "CA1", "+15550111", "callback")
    promises, hour = Callbacks(records.engine), timedelta(hours=1)
    kept = promises.promise("+15550111", "CA1", "service", "en", NOW - hour, NOW + hour)
    promises.done(kept.id)
    promises.promise("+15550112", "CA1", "service", "en", NOW - 2 * hour, NOW - hour)
    promises.promise("+15550113", "CA1", "service", "en", NOW + hour, NOW + 2 * hour)
    found = this_week(records)
    assert "Callbacks promised: 3; kept 1, broken 1, still to come 1." in sentences(found, found)


def test_a_call_back_two_days_later_takes_nothing_away(records: Records) -> None:
    call(records, "CA1", "+15550111", "served")
    records.change("CA1", started_at=NOW - timedelta(days=2))
    call(records, "CA2", "+15550111", "served")
    assert this_week(records).served_net == 2


def test_calls_outside_the_period_do_not_count(records: Records) -> None:
    call(records, "CA1", "+15550111", "served")
    records.change("CA1", started_at=NOW - timedelta(days=8))
    assert this_week(records).calls == 0


def test_confidence_is_held_against_what_callers_took_back(records: Records) -> None:
    order = {"text": "where is my order", "intent": "order_status", "confidence": 0.65}
    call(records, "CA1", "", "served", order, {"text": "no", "intent": "no", "confidence": 1.0})
    call(records, "CA2", "", "served", order, {"text": "yes", "intent": "yes", "confidence": 1.0})
    (found,) = this_week(records).calibration
    assert (found.count, found.stood) == (2, 0.5)


def test_what_nothing_was_made_of_is_gathered_into_subjects(records: Records, config: Config) -> None:
    for number, text in enumerate(["i want a gift card", "a gift card i want", "is my parcel lost"]):
        call(records, f"CA{number}", "", "hung_up", {"text": text, "intent": None, "confidence": 0.0, "slots": {}})
    cards, parcel = subjects(this_week(records).unmatched, config.grammars)
    assert cards.times == 2 and "gift card" in cards.examples[0]
    assert parcel.intent


def test_the_summary_calls_only_a_change_what_chance_would_hardly_do(records: Records) -> None:
    fill(records, 2_000, NOW, days=14)
    now = figures(records.engine, NOW - WEEK, NOW, UTC_ZONE)
    before = figures(records.engine, NOW - 2 * WEEK, NOW - WEEK, UTC_ZONE)
    assert not any(sentence.startswith("Put through because") for sentence in sentences(now, before))
    for number in range(300):
        call(records, f"CB{number}", "", "transferred", reason="no_input")
    changed = figures(records.engine, NOW - WEEK, datetime.now(UTC), UTC_ZONE)
    assert any("the caller said nothing" in sentence for sentence in sentences(changed, before))


def test_the_report_is_one_page_that_needs_nothing_else_with_tables_beside_it(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(records, 500, NOW)
    call(records, "CX", "", "hung_up", {"text": "=HYPERLINK(<b>)", "intent": None, "confidence": 0.0, "slots": {}})
    monkeypatch.setenv("IVR_DATABASE_URL", str(records.engine.url))
    done = CliRunner().invoke(ivr, ["report", "--since", "4w", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out/report.html").read_text()
    assert "<svg" in page and "src=" not in page and 'href="http' not in page and "<b>)" not in page
    rows = list(csv.reader((tmp_path / "out/unmatched.csv").open()))
    assert any("gift card" in row[2] for row in rows) and any(row[2].startswith("'=HYPERLINK") for row in rows)
    assert "served" in (tmp_path / "out/outcomes.csv").read_text()


def test_an_empty_period_gives_a_report_that_says_so(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_DATABASE_URL", str(records.engine.url))
    assert CliRunner().invoke(ivr, ["report", "--out", str(tmp_path / "out")]).exit_code == 0
    assert "no calls" in (tmp_path / "out/report.html").read_text()


TODAY = Thresholds(accept=0.75, confirm=0.5, tone=0.8)


def unsure(confidence: float) -> dict[str, object]:
    return {"text": "order", "intent": "order_status", "confidence": confidence}


@pytest.mark.parametrize(
    ("moments", "accept", "tone", "fate"),
    [
        ([unsure(0.9)], 0.75, 0.8, "served"),
        ([unsure(0.7)], 0.75, 0.8, "served"),  # asked back, and then served
        ([unsure(0.7), unsure(0.7)], 0.75, 0.8, "transferred"),
        ([unsure(0.7), unsure(0.7)], 0.65, 0.8, "served"),
        ([unsure(0.4)], 0.75, 0.8, "transferred"),
        ([unsure(0.9), {"upset": 0.7}], 0.75, 0.6, "transferred"),
        ([unsure(0.9), {"upset": 0.7}], 0.75, 0.8, "served"),
    ],
)
def test_a_served_call_under_other_thresholds(
    records: Records, moments: list[dict[str, object]], accept: float, tone: float, fate: str
) -> None:
    call(records, "CA1", "", "served", *moments)
    fates = replay(load(records.engine, NOW - WEEK, datetime.now(UTC)), Thresholds(accept, 0.5, tone))
    assert getattr(fates, fate) == 1


def test_a_call_that_would_have_gone_on_is_not_called_served(records: Records) -> None:
    call(records, "CA1", "", "transferred", unsure(0.4), reason="low_confidence")
    stored = load(records.engine, NOW - WEEK, datetime.now(UTC))
    assert replay(stored, TODAY).transferred == 1
    lenient = replay(stored, Thresholds(0.3, 0.2, 0.8))
    assert (lenient.served, lenient.went_on) == (0, 1) and lenient.wrong == pytest.approx(0.6)


def test_thresholds_never_keep_a_caller_who_asked_for_a_person(records: Records) -> None:
    call(records, "CA1", "", "transferred", {"text": "advisor", "intent": "person", "confidence": 0.2}, reason="asked")
    stored = load(records.engine, NOW - WEEK, datetime.now(UTC))
    assert replay(stored, Thresholds(0.0, 0.0, 1.01)).transferred == 1


def test_what_if_prints_both_and_draws(records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(records, 300, NOW)
    monkeypatch.setenv("IVR_DATABASE_URL", str(records.engine.url))
    options = [
        "what-if",
        "--accept",
        "0.9",
        "--tone",
        "0.6",
        "--since",
        "4w",
        "--plot",
        str(tmp_path / "p.png"),
        "--json",
    ]
    done = CliRunner().invoke(ivr, options)
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["what if"]["asked_back"] > found["as configured"]["asked_back"]
    assert (tmp_path / "p.png").stat().st_size > 1000
    assert CliRunner().invoke(ivr, ["what-if", "--accept", "0.3", "--since", "4w"]).exit_code == 1
    assert CliRunner().invoke(ivr, ["what-if", "--since", "soon"]).exit_code == 2


def misses(records: Records, call_id: str, outcome: str, *told: tuple[int, str, str | None], reason: str = "") -> None:
    """A call with what was heard (moment, text, intent), and a transfer as its last moment where it has a reason."""
    records.open(call_id, "", "+15550100", "en", "token")
    events = [
        NewEvent(call_id, at_ms, "heard", {"text": text, "intent": intent, "slots": {"n": "1"} if intent == "" else {}})
        for at_ms, text, intent in told
        if text
    ]
    events += [NewEvent(call_id, at_ms, "transfer", {"reason": reason}) for at_ms, text, _ in told if not text]
    records.append(events)
    records.close(call_id, outcome, reason or None)


def test_what_a_budget_of_misses_costs_and_saves(records: Records) -> None:
    misses(records, "CA1", "served", (1000, "mumble", None), (9000, "where is my order", "order_status"))
    misses(
        records, "CA2", "transferred", (1000, "mumble", None), (8000, "mum", None), (8500, "", None), reason="no_match"
    )
    misses(records, "CA3", "voicemail", (2000, "mumble", None), (9500, "", None), reason="asked")
    misses(records, "CA4", "hung_up", (2000, "mumble", None))
    misses(records, "CA5", "served", (1000, "four two seven", ""))
    misses(records, "CA6", "transferred", (1000, "mumble", None), (1000, "", None), reason="no_match")
    stored = what_if_misses.load(records.engine, NOW - WEEK, datetime.now(UTC))
    assert what_if_misses.replay_each(stored) == (
        MissFates(1, put_through=5, served_lost=1, sooner=2, saved_s=15.0, given_up=1, went_on=0),
        MissFates(2, put_through=1, served_lost=0, sooner=1, saved_s=0.5, given_up=0, went_on=1),
        MissFates(3, put_through=0, served_lost=0, sooner=0, saved_s=0.0, given_up=0, went_on=2),
    )


def test_misses_count_in_a_row_only(records: Records) -> None:
    misses(
        records, "CA1", "served", (1, "hm", None), (2, "order status", "order_status"), (3, "hm", None), (4, "hm", None)
    )
    [stored] = what_if_misses.load(records.engine, NOW - WEEK, datetime.now(UTC))
    assert stored == StoredMisses("served", None, ((1, 1), (3, 1), (4, 2)), None)


def test_the_command_and_the_report_show_every_budget(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(records, 300, NOW)
    monkeypatch.setenv("IVR_DATABASE_URL", str(records.engine.url))
    done = CliRunner().invoke(ivr, ["what-if", "--misses", "1..3", "--since", "4w", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)["misses"]
    assert [each["misses"] for each in found] == [1, 2, 3]
    assert found[0]["put_through"] > found[0]["served_lost"] > 0
    assert CliRunner().invoke(ivr, ["report", "--since", "4w", "--out", str(tmp_path)]).exit_code == 0
    with (tmp_path / "misses.csv").open(encoding="utf-8") as file:
        assert [row["put_through"] for row in csv.DictReader(file)] == [str(each["put_through"]) for each in found]
    assert "How often may a caller not be understood" in (tmp_path / "report.html").read_text(encoding="utf-8")
    for wrong in ("0", "3..1", "many", "1.."):
        assert CliRunner().invoke(ivr, ["what-if", "--misses", wrong]).exit_code == 2
