"""Connecting a real number: the doctor's findings, and a stand-in for Twilio's REST API on this machine."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from ivr.cli import ivr
from ivr.operations.doctor import Finding, examine
from ivr.operations.numbers import ASK_AGAIN
from tests.conftest import ROOT

ACCOUNT, TOKEN, NUMBER = "AC" + "1" * 32, "a-token", "+33123456789"
HERE = "https://ivr.example.com"


@dataclass
class Api:
    """As much of Twilio's REST API as a number needs."""

    url: str = ""
    clock: timedelta = timedelta()
    number: dict[str, str] = field(
        default_factory=lambda: {
            "sid": "PN" + "2" * 32,
            "phone_number": NUMBER,
            "voice_url": "https://old.example/voice",
        }
    )


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    api, app = Api(), Flask("api")

    def refused() -> bool:
        given = request.authorization
        return not given or (given.username, given.password) != (ACCOUNT, TOKEN)

    class Clock(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) + api.clock, usegmt=True)

    @app.route("/2010-04-01/Accounts/<path:rest>", methods=["GET", "POST"])
    def resource(rest: str) -> tuple[Response, int] | Response:
        if refused():
            return jsonify(code=20003, message="Authenticate", status=401), 401
        if request.method == "POST":
            for name in request.form:
                snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
                api.number[snake] = request.form[name]
            return jsonify(api.number)
        mine = request.args.get("PhoneNumber") in (None, api.number["phone_number"])
        page = {"page": 0, "page_size": 2, "start": 0, "end": 0, "next_page_uri": None, "uri": ""}
        return jsonify(incoming_phone_numbers=[api.number] if mine else [], **page)

    listener = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Clock)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{listener.server_port}"
    for name, value in {
        "IVR_TWILIO_API": api.url,
        "IVR_TWILIO_ACCOUNT_SID": ACCOUNT,
        "IVR_TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_PUBLIC_URL": HERE,
    }.items():
        monkeypatch.setenv(name, value)
    yield api
    listener.shutdown()
    thread.join()


def connect(*options: str, answer: str = "") -> Result:
    return CliRunner().invoke(ivr, ["twilio", "connect", *options], input=answer)


def test_a_number_is_changed_after_its_difference_was_shown_and_agreed_to(api: Api) -> None:
    done = connect(NUMBER, answer="n\n")
    assert "https://old.example/voice -> https://ivr.example.com/voice" in done.output
    assert api.number["voice_url"] == "https://old.example/voice"
    done = connect(NUMBER, "--fallback", "https://handler.twilio.com/twiml/EH1", answer="y\n")
    assert done.exit_code == 0 and "rings here now" in done.output
    assert api.number["voice_url"] == f"{HERE}/voice{ASK_AGAIN}"
    assert api.number["status_callback"] == f"{HERE}/voice/ended"
    assert api.number["voice_fallback_url"].endswith("/EH1")
    assert "rings here already" in connect(NUMBER).output


def test_a_number_without_a_fallback_is_warned_about(api: Api) -> None:
    assert "no fallback URL" in connect(NUMBER, "--yes").output


def test_a_number_of_somebody_else_and_wrong_credentials_are_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no number of this account" in connect("+33999999999").output
    monkeypatch.setenv("IVR_TWILIO_AUTH_TOKEN", "wrong")
    assert "does not know these credentials" in connect(NUMBER).output


def test_the_fallback_dials_a_person_without_this_service() -> None:
    done = CliRunner().invoke(ivr, ["twilio", "fallback"])
    assert "<Dial" in done.output and HERE not in done.output


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "IVR_HOME": str(ROOT),
        "IVR_PUBLIC_URL": "http://127.0.0.1:9",
        "IVR_TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_DATABASE_URL": f"sqlite:///{tmp_path / 'ivr.sqlite3'}",
        "IVR_CACHE": str(tmp_path / "cache"),
        "IVR_MODELS": str(tmp_path / "models"),
    }


def findings(environ: dict[str, str]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(environ)}


def test_the_doctor_finds_nothing_wrong_with_a_machine_that_is_well(environ: dict[str, str], api: Api) -> None:
    found = findings({**environ, "IVR_TWILIO_API": api.url, "IVR_TWILIO_ACCOUNT_SID": ACCOUNT})
    assert not [each for each in found.values() if each.verdict == "wrong"]
    assert found["voice"].verdict == found["database"].verdict == found["Twilio"].verdict == "well"


@pytest.mark.parametrize(
    ("name", "value", "subject", "says"),
    [
        ("IVR_PUBLIC_URL", "ftp://x", "settings", "https://ivr.example.com"),
        ("IVR_DATABASE_URL", "sqlite:////dev/null/x.db", "database", "IVR_DATABASE_URL"),
        ("IVR_PUBLIC_URL", "https://127.0.0.1:9", "certificate", "certificate"),
    ],
)
def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(
    environ: dict[str, str], name: str, value: str, subject: str, says: str
) -> None:
    finding = findings({**environ, name: value})[subject]
    assert finding.verdict == "wrong" and says in finding.remedy


def test_the_doctor_sees_wrong_credentials_and_a_wrong_clock(environ: dict[str, str], api: Api) -> None:
    environ |= {"IVR_TWILIO_API": api.url, "IVR_TWILIO_ACCOUNT_SID": ACCOUNT}
    assert findings({**environ, "IVR_TWILIO_AUTH_TOKEN": "wrong"})["Twilio"].verdict == "wrong"
    api.clock = timedelta(minutes=3)
    assert findings(environ)["clock"].verdict == "wrong"


def test_the_doctor_sends_to_ivr_check_for_mistakes_in_files(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_HOME", str(tmp_path))
    assert findings(environ)["files"].remedy == "see: ivr check"
