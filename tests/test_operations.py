"""What operators see: health, readiness, metrics, logs."""

import json
import logging
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from ivr.config import Config
from ivr.operations.condition import Condition
from ivr.operations.health import health, metrics_access
from ivr.operations.logs import JsonLines, PlainLines
from ivr.operations.metrics import Metrics, timed
from ivr.operations.strangers import Strangers
from tests.house import SILENCE, House, frames, key
from tests.serving import eventually


class Station:
    def __init__(self, house: House, token: str | None = None, trial: bool = True) -> None:
        self.room = True
        self.leaving = False
        app = Flask("station")
        impaired = lambda: {**house.parts.impaired(), **({} if self.room else {"room": "full"})}  # noqa: E731
        leaving = lambda: self.leaving  # noqa: E731
        access = metrics_access(token, trial)
        routes = health(house.records, house.parts.metrics, access, impaired, leaving, Strangers())
        app.register_blueprint(routes)
        self.browser: FlaskClient = app.test_client()

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        answer = self.browser.get(path, headers=headers)
        return answer.status_code, answer.text


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    return House(config, tmp_path)


def status(station: Station) -> tuple[int, dict[str, str]]:
    code, text = station.get("/status")
    return code, json.loads(text)["impaired"]


def test_only_a_server_that_stops_is_taken_out_by_a_balancer(house: House, tmp_path: Path) -> None:
    station = Station(house)
    assert station.get("/ready") == (200, "ok") and status(station) == (200, {})
    station.room = False
    assert station.get("/ready")[0] == 200, "it still puts callers through, and so does an advisor's whisper"
    assert status(station)[0] == 503 and "room" in status(station)[1]
    station.room = True
    house.records.engine.dispose()
    (tmp_path / "ivr.sqlite3").write_bytes(b"no database" * 1000)
    assert station.get("/ready")[0] == 200 and station.get("/health") == (200, "ok")
    assert status(station)[0] == 503 and "database" in status(station)[1]
    station.leaving = True
    assert station.get("/ready")[0] == 503


def test_a_database_that_takes_nothing_is_said_by_status_metrics_and_wallboard(house: House, tmp_path: Path) -> None:
    house.without_database = True
    house.parts.impaired = Condition(house.parts.metrics, lambda: house.parts.writer.trouble, [tmp_path]).impaired
    house.parts.writer.on_trouble = house.parts.impaired
    station = Station(house)
    limit = ["PRAGMA max_page_count=1"]
    event.listen(house.records.engine, "checkout", lambda connection, *_: connection.execute(limit[0]))
    for number in range(60):  # a page has room for some
        house.post("/voice", call_id=f"CA{number:032}")
    eventually(lambda: "records" in status(station)[1], "it is noticed")
    assert status(station)[0] == 503 and "full" in status(station)[1]["records"]
    assert 'ivr_impaired{what="records"} 1.0' in station.get("/metrics")[1]
    assert station.get("/ready")[0] == 200
    limit[0] = "PRAGMA max_page_count=1000000"
    eventually(lambda: status(station) == (200, {}), "it is over")
    assert 'ivr_impaired{what="records"} 0.0' in station.get("/metrics")[1]


def test_a_disk_that_is_nearly_full_is_said_before_callers_notice(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = Condition(house.parts.metrics, str, [tmp_path / "not" / "there" / "yet"])
    assert condition.impaired() == {}
    monkeypatch.setattr("ivr.operations.condition.FREE_BYTES", 10**18)
    assert str(tmp_path) in condition.impaired()["disk"]


def test_a_call_is_counted_and_its_answers_are_timed(house: House) -> None:
    house.records.on_ending = house.parts.metrics.ended
    house.stream(*frames(SILENCE, 100), key("0"))
    text = Station(house).get("/metrics")[1]
    assert 'ivr_endings_total{outcome="transferred",reason="pressed_zero"} 1.0' in text
    assert "ivr_streams 0.0" in text


def test_metrics_are_for_who_has_the_token_or_in_a_trial_for_this_machine(house: House) -> None:
    open_to_us = Station(house)
    assert open_to_us.get("/metrics")[0] == 200
    assert Station(house, trial=False).get("/metrics")[0] == 401, "it may have come through a proxy that says nothing"
    assert open_to_us.get("/metrics", **{"X-Forwarded-For": "203.0.113.9"})[0] == 401
    locked = Station(house, token="a long secret")
    assert locked.get("/metrics")[0] == 401
    assert locked.get("/metrics", Authorization="Bearer a long secret")[0] == 200


def test_webhooks_are_timed_by_their_path() -> None:
    from flask import Blueprint

    routes, metrics = Blueprint("some", __name__), Metrics()
    routes.get("/voice")(lambda: "ok")
    timed(routes, metrics)
    app = Flask("timed")
    app.register_blueprint(routes)
    app.test_client().get("/voice")
    assert b'ivr_webhook_seconds_count{path="/voice"} 1.0' in metrics.text()


def test_what_somebody_sent_begins_no_line_of_its_own_in_the_log() -> None:
    forged = "CA1\n2026-12-01 00:00:00,000 WARNING ivr: all is well\u2028\x1b[2J"
    trouble = (ValueError, ValueError(forged), None)
    record = logging.LogRecord("ivr", logging.WARNING, "", 0, "call %s", (forged,), trouble)
    first, *rest = PlainLines().format(record).splitlines()
    assert "all is well" in first and "\x1b" not in first and rest and all(line.startswith("    ") for line in rest)
    assert len(JsonLines().format(record).splitlines()) == 1


def test_a_log_line_has_the_call_and_not_the_caller() -> None:
    record = logging.LogRecord("ivr", logging.WARNING, "", 0, "call %s from %s", ("CA" + "0" * 32, "+15550199"), None)
    line = json.loads(JsonLines().format(record))
    assert line["call"] == "CA" + "0" * 32 and line["level"] == "warning"
    assert "+15550199" not in line["what"] and "•••199" in line["what"]
