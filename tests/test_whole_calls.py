"""Whole calls: the real server, real HTTP and WebSocket, real voice, real Whisper (English) and real Vosk (Korean).
French and Czech are simulated from text where their models are not installed.

The calls of this file are made at the same time, in real time, on one server; the tests look at how each ended.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from ivr.config.settings import models_directory
from ivr.phone.server import Server, own_server
from ivr.records.records import Records
from ivr.speech.models import installed
from tests.conftest import ROOT

SERVE = [sys.executable, "-m", "ivr", "serve"]
KOREAN = ("--line", "+15550182")
CALLS: dict[str, tuple[str, ...]] = {
    "served": ("--say", "where is my order", "--say", "four two seven one nine"),
    "keyed": ("--say", "where is my order", "--press", "42719"),
    "in french": ("--line", "+15550133", "--say", "où est ma commande", "--say", "quatre deux sept un neuf"),
    "in czech": ("--line", "+15550120", "--say", "kde je moje objednávka", "--say", "čtyři dva sedm jedna devět"),
    "changes to english": (
        *(
            "--line",
            "+15550133",
            "--say",
            "je préfère parler anglais",
            "--language",
            "en",
            "--say",
            "where is my order",
        ),
        *("--press", "42719"),
    ),
    "known caller": ("--from", "+15550111", "--say", "where is my order"),
    "asked": ("--barge-in", "--say", "I want to talk to an advisor"),
    "asked in korean": (*KOREAN, "--barge-in", "--say", "상담원 연결"),
    "zero": ("--press", "0"),
    "zero, nobody answers": ("--press", "0", "--advisor", "no-answer"),
    "zero, busy, queue full": ("--press", "0", "--say", "please call me", "--advisor", "busy", "--queue", "full"),
    "zero, dropped, queue stuck": (
        *("--press", "0", "--advisor", "drops", "--queue", "stuck"),
        *("--press", "1", "--press", "1", "--press", "2"),
    ),
    "complaint": ("--say", "I want to make a complaint", "--advisor", "declines", "--advisor", "answers"),
    "silent": (),
    "silent in korean": KOREAN,
    "weather": ("--say", "what will the weather be like tomorrow"),
    "hangs up": ("--pause", "1500", "--hang-up"),
}


def call(server: Server, *arguments: str) -> dict[str, Any]:
    """One ``ivr call --json`` against a running server."""
    environment = {**os.environ, "IVR_TWILIO_AUTH_TOKEN": server.token, "IVR_DATABASE_URL": server.database_url or ""}
    command = [sys.executable, "-m", "ivr", "call", "--url", server.url, "--json", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def results() -> Iterator[dict[str, dict[str, Any]]]:
    with own_server(SERVE) as server, ThreadPoolExecutor(4) as pool:
        under_way = {name: pool.submit(call, server, *arguments) for name, arguments in CALLS.items()}
        yield {name: each.result() for name, each in under_way.items()}


Results = dict[str, dict[str, Any]]


def ended(result: dict[str, Any]) -> tuple[str, str | None]:
    return result["outcome"], result["reason"]


def spoken(result: dict[str, Any]) -> str:
    return " ".join(turn["text"] for turn in result["turns"] if turn["who"] == "ivr")


@pytest.mark.parametrize("name", ["served", "keyed", "known caller", "changes to english"])
def test_a_caller_hears_the_state_of_the_order(results: Results, name: str) -> None:
    assert ended(results[name]) == ("served", None), results[name]
    assert "Order 4, 2, 7, 1, 9 has been shipped" in spoken(results[name])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("in french", "Votre commande 4, 2, 7, 1, 9 est partie"),
        ("in czech", "Objednávku 4, 2, 7, 1, 9 jsme odeslali"),
    ],
)
def test_an_order_status_call_can_be_had_in_each_language(results: Results, name: str, answer: str) -> None:
    assert ended(results[name]) == ("served", None), results[name]
    assert answer in spoken(results[name])


def test_a_french_line_offers_english_and_goes_on_in_it_when_asked(results: Results) -> None:
    result = results["changes to english"]
    assert "For English, say English or press 2" in spoken(result)
    assert result["language"] == "en" and result["recognition"].startswith("whisper")


def test_a_call_says_what_heard_the_caller(results: Results) -> None:
    simulated = installed("fr", models_directory()) is None
    assert (results["in french"]["recognition"] == "simulated") == simulated
    assert results["asked in korean"]["recognition"].startswith("vosk")


def test_a_known_caller_with_one_order_is_not_asked_for_its_number(results: Results) -> None:
    assert "order number" not in spoken(results["known caller"])


@pytest.mark.parametrize("name", ["asked", "asked in korean"])
def test_asking_for_a_person_over_the_greeting_transfers(results: Results, name: str) -> None:
    result = results[name]
    assert ended(result) == ("transferred", "asked"), result
    assert "<Dial" in result["transfer"]["twiml"]
    assert result["latency_ms"]["asked_to_transfer"] is not None


def test_key_zero_transfers_with_the_story(results: Results) -> None:
    result = results["zero"]
    assert ended(result) == ("transferred", "pressed_zero")
    assert result["transfer"]["card"]["reason"] == "pressed_zero"
    assert result["transfer"]["team"] == "service" and result["transfer"]["target"] == "+12025550142"


def test_a_caller_nobody_answers_waits_in_the_queue_or_leaves_a_message(results: Results) -> None:
    assert ended(results["zero, nobody answers"]) == ("transferred", "pressed_zero")
    assert "stay on the line" in spoken(results["zero, nobody answers"])
    assert results["zero, busy, queue full"]["outcome"] == "voicemail"


def test_a_caller_in_a_queue_that_does_not_move_is_called_back(results: Results) -> None:
    result = results["zero, dropped, queue stuck"]
    assert ended(result) == ("callback", "pressed_zero")
    assert result["transfer"]["team"] == "service" and result["transfer"]["target"] == "+15550199"
    assert result["transfer"]["queue"] == "service" and "We will call 1, 5, 5, 5" in spoken(result)


def test_a_complaint_goes_to_the_team_for_it_and_on_to_the_one_that_takes_over(results: Results) -> None:
    result = results["complaint"]
    assert ended(result) == ("transferred", "topic")
    assert result["transfer"]["rung"][-1] == "+12025550142" and result["transfer"]["team"] in ("care", "service")


def test_on_christmas_eve_the_caller_hears_when_people_are_back(tmp_path: Path) -> None:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    advisors = tmp_path / "config" / "advisors.yaml"
    hours = 'hours: {mon-fri: "09:00-18:00"}\n    holidays: {country: US}'
    advisors.write_text(advisors.read_text(encoding="utf-8").replace("hours: always", hours), encoding="utf-8")
    with own_server(SERVE, home=tmp_path, at="2026-12-24 18:30") as server:
        result = call(server, "--press", "0", "--press", "0", "--press", "1", "--press", "1")
    assert ended(result) == ("callback", "pressed_zero")
    assert "back on Monday, December 28, at 9 AM" in spoken(result)
    assert "between 9 AM and noon" in spoken(result) and result["transfer"]["rung"] == []


@pytest.mark.parametrize("name", ["silent", "silent in korean"])
def test_a_silent_caller_reaches_a_person(results: Results, name: str) -> None:
    assert ended(results[name]) == ("transferred", "no_input")


def test_speech_that_no_grammar_holds_reaches_a_person(results: Results) -> None:
    outcome, reason = ended(results["weather"])
    assert outcome == "transferred" and reason in ("no_match", "low_confidence")


def test_a_caller_who_hangs_up_leaves_a_record(results: Results) -> None:
    assert ended(results["hangs up"]) == ("hung_up", None)


def test_every_call_begins_by_saying_that_it_is_a_machine(results: Results) -> None:
    for name, result in results.items():
        greeting = next(turn["text"] for turn in result["turns"] if turn["who"] == "ivr")
        assert any(words in greeting for words in ("automated assistant", "자동 안내", "automati")), name


def test_after_a_killed_server_another_process_puts_the_caller_through(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'records.sqlite3'}"
    records = Records(database)
    with own_server(SERVE, database_url=database) as first:
        assert first.pid is not None
        caller = threading.Thread(target=lambda: _call_quietly(first), daemon=True)
        caller.start()
        call_id = _open_call(records)
        os.killpg(first.pid, signal.SIGKILL)
    with own_server(SERVE, database_url=database) as second:
        form = {"CallSid": call_id, "From": "+15550199", "To": "+15550100", "CallStatus": "in-progress"}
        url = f"{second.url}/voice/next"
        signature = RequestValidator(second.token).compute_signature(url, form)
        answer = requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=10)
    assert answer.ok and "<Dial" in answer.text and "+12025550142" in answer.text
    stored = records.call(call_id)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "failure")
    caller.join(30)


def _call_quietly(server: Server) -> None:
    environment = {**os.environ, "IVR_TWILIO_AUTH_TOKEN": server.token, "IVR_DATABASE_URL": server.database_url or ""}
    command = [sys.executable, "-m", "ivr", "call", "--url", server.url, "--json", "--limit", "20"]
    subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)


def _open_call(records: Records) -> str:
    """The id of the call whose stream is running, as soon as there is one."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        with records.engine.connect() as connection:
            row = connection.exec_driver_sql("SELECT call_id FROM calls WHERE stream_id IS NOT NULL").first()
        if row:
            return str(row[0])
        time.sleep(0.1)
    raise AssertionError("no stream began")
