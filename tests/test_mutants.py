"""Faults are put where they are said to be, each kind; three that were once alive are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from babel import Locale

from ivr.advisors.handover import Facts, handover
from ivr.call.events import Heard
from ivr.config import Config
from ivr.records.records import StoredCall, StoredEvent
from tests.calls import in_state, reasons
from tests.mutants import faults, put

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "faulty"),
    [
        ("if left <= right: pass", "if (left < right): pass"),
        ("if found is None: pass", "if (found is not None): pass"),
        ("x = a and not b", "x = (a or not b)"),
        ("é = True", "é = (False)"),
    ],
)
def test_a_fault_changes_one_place_and_nothing_else(tmp_path: Path, line: str, faulty: str) -> None:
    path = tmp_path / "code.py"
    path.write_text(f"# é\n{line}\n", encoding="utf-8")
    node, text = next(faults(path))
    assert put(path, node, text) in line
    assert path.read_text(encoding="utf-8") == f"# é\n{faulty}\n"


def stored(**values: Any) -> StoredCall:
    began = {"call_id": "CA1", "caller": "+15550199", "line": "+15550100", "language": "en", "started_at": NOW}
    nothing = dict.fromkeys(("ended_at", "stream_id", "team", "target", "card", "timings"))
    call = StoredCall(**began, **nothing, outcome="transferred", reason="asked", farewell=False)  # type: ignore[arg-type]
    return replace(call, **values)


@pytest.mark.parametrize(("ended", "waits"), [(None, None), (NOW - timedelta(minutes=7), 7), (NOW, 0)])
def test_how_long_a_caller_waits_is_told_once_the_machines_part_is_over(
    config: Config, ended: datetime | None, waits: int | None
) -> None:
    facts = Facts([StoredEvent(1, 0, "ringing", {"team": "care", "targets": []})], [], None, None, NOW)
    shown = handover(stored(ended_at=ended), facts, config.texts["en"].text, Locale("en"))
    assert (shown["status"], shown["waits"]) == ("ringing", waits)


def test_a_wish_for_a_person_is_recorded_as_asked_from_the_confirming_band_on(config: Config) -> None:
    confirm = config.plans["en"].bands.confirm
    for sure, reason in ((1.0, "asked"), (confirm, "asked"), (confirm - 0.01, "low_confidence")):
        heard = Heard("i want to talk to a person", sure)
        assert reasons(in_state(config, "asked what is wanted").handle(heard)) == [reason], sure
