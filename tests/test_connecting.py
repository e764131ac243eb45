"""Connecting a real number: the doctor's findings, and a stand-in for Twilio's REST API on this machine."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from ivr.cli import ivr
from ivr.config import Config, Settings
from ivr.operations import outside
from ivr.operations.doctor import database, examine, recogniser, unknown_lines
from ivr.operations.finding import Finding
from ivr.operations.numbers import ASK_AGAIN, wanted
from ivr.phone.server import own_server
from ivr.records.records import Records
from ivr.speech.recogniser import ModelUnusable, RecognitionModel
from tests.conftest import ROOT
from tests.house import ScriptedModel
from tests.service import answer, running_service, self_signed
from tests.serving import SERVE, light_home

ACCOUNT, TOKEN, NUMBER, LINE = "AC" + "1" * 32, "a-token", "+33123456789", "+15550100"
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


def test_what_twilio_would_follow_instead_of_the_addresses_is_taken_off(api: Api) -> None:
    api.number |= {**wanted(HERE, ""), "trunk_sid": "TK1"}
    done = connect("+33 1 23 45 67 89", "--yes")
    assert "trunk_sid: TK1 -> (nothing)" in done.output and api.number["trunk_sid"] == ""


def test_a_number_that_is_no_line_is_warned_about_and_a_private_address_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{NUMBER} is no line of config/ivr.yaml" in connect(NUMBER, "--yes").output
    api.number["phone_number"] = LINE
    assert "is no line" not in connect(LINE, "--yes").output
    monkeypatch.setenv("IVR_PUBLIC_URL", "http://127.0.0.1:8000")
    done = connect(LINE, "--yes")
    assert done.exit_code == 1 and "Twilio cannot reach http://127.0.0.1:8000" in done.output


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
        "IVR_TWILIO_API": "http://127.0.0.1:9",
        "IVR_TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_DATABASE_URL": f"sqlite:///{tmp_path / 'ivr.sqlite3'}",
        "IVR_CACHE": str(tmp_path / "cache"),
        "IVR_MODELS": str(tmp_path / "models"),
    }


def settings(environ: dict[str, str], **changed: str) -> Settings:
    return Settings.from_environment({**environ, **changed})


def findings(found: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in found}


def test_the_doctor_finds_nothing_wrong_with_a_machine_that_is_well(environ: dict[str, str], api: Api) -> None:
    Records(environ["IVR_DATABASE_URL"]).prepare()
    environ |= {"IVR_TWILIO_API": api.url, "IVR_TWILIO_ACCOUNT_SID": ACCOUNT}
    found = findings(examine(environ, lambda *_: ScriptedModel()))
    assert not [each for each in found.values() if each.verdict == "wrong"]
    subjects = ("recogniser en", "voice", "database", "Twilio", "clock")
    assert [found[each].verdict for each in subjects] == ["well"] * len(subjects)


def test_the_doctor_opens_a_stream_as_twilio_does(environ: dict[str, str], tmp_path: Path) -> None:
    with own_server(SERVE, home=light_home(tmp_path / "home")) as server:
        ours = {"IVR_PUBLIC_URL": server.url, "IVR_TWILIO_AUTH_TOKEN": server.token}
        found = findings(outside.server(settings(environ, **ours)))
        assert found["server"].verdict == found["streams"].verdict == "well"
        refused = findings(outside.server(settings(environ, IVR_PUBLIC_URL=server.url)))["streams"]
    assert refused.verdict == "wrong" and "IVR_TWILIO_AUTH_TOKEN" in refused.remedy


def test_the_doctor_sees_a_proxy_that_passes_no_websockets(environ: dict[str, str]) -> None:
    with running_service() as proxy:
        proxy.answers = [answer("ok", kind="text/plain"), answer("", 400)]
        found = findings(outside.server(settings(environ, IVR_PUBLIC_URL=proxy.url)))
    assert found["server"].verdict == "well"
    streams = found["streams"]
    assert streams.verdict == "wrong" and "400" in streams.what and "Upgrade" in streams.remedy


def test_the_doctor_names_a_setting_that_is_wrong(environ: dict[str, str]) -> None:
    (finding,) = examine({**environ, "IVR_PUBLIC_URL": "ftp://x"}, lambda *_: None)
    assert finding.verdict == "wrong" and "https://ivr.example.com" in finding.remedy


@pytest.mark.parametrize("url", ["sqlite:////dev/null/x.db", "postgresql+psycopg://ivr@/ivr?host=/nowhere", "nonsense"])
def test_the_doctor_says_which_database_cannot_be_used(environ: dict[str, str], url: str) -> None:
    finding = database(settings(environ, IVR_DATABASE_URL=url))
    assert finding.verdict == "wrong" and "IVR_DATABASE_URL" in finding.remedy


def test_the_doctor_makes_no_database_and_upgrades_none(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "ivr.sqlite3"
    assert "made when the server starts" in database(settings(environ)).what and not file.exists()
    records = Records(environ["IVR_DATABASE_URL"])
    records.prepare()
    for number, verdict, remedy in (("0001", "unwise", "back it up"), ("9999", "wrong", "later version")):
        with records.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{number}'")
        finding = database(settings(environ))
        assert finding.verdict == verdict and number in finding.what and remedy in finding.remedy


def test_the_doctor_names_numbers_that_were_dialled_and_are_no_line(environ: dict[str, str], tmp_path: Path) -> None:
    assert list(unknown_lines(settings(environ))) == [] and not (tmp_path / "ivr.sqlite3").exists()
    records = Records(environ["IVR_DATABASE_URL"])
    records.prepare()
    records.open("CA1", "", "+12025550166", "en", "token")
    records.note("CA1", "unknown_line", {"why": "+12025550166"})
    (finding,) = unknown_lines(settings(environ))
    assert finding.verdict == "unwise" and "+12025550166" in finding.what


def test_the_doctor_loads_the_models(environ: dict[str, str], config: Config) -> None:
    def damaged(language: str, wanted: str, directory: Path) -> RecognitionModel | None:
        if language == "en":
            raise ModelUnusable(directory, "the file ends early", "install it again")
        return None

    english, french = (recogniser(each, config, settings(environ), damaged) for each in ("en", "fr"))
    assert (english.verdict, english.remedy) == ("wrong", "install it again")
    assert french.verdict == "unwise"


def test_the_doctor_sees_a_certificate_that_nobody_vouches_for(environ: dict[str, str], tmp_path: Path) -> None:
    with running_service(self_signed(tmp_path)) as service:
        finding = outside.certificate(settings(environ, IVR_PUBLIC_URL=service.url))
    assert finding.verdict == "wrong" and "self-signed certificate" in finding.what and "chain" in finding.remedy


def test_the_doctor_sees_wrong_credentials_and_a_wrong_clock(environ: dict[str, str], config: Config, api: Api) -> None:
    environ |= {"IVR_TWILIO_API": api.url, "IVR_TWILIO_ACCOUNT_SID": ACCOUNT}
    wrong = settings(environ, IVR_TWILIO_AUTH_TOKEN="wrong")
    assert findings(outside.account(config, wrong, environ))["Twilio"].verdict == "wrong"
    api.clock = timedelta(minutes=3)
    del environ["IVR_TWILIO_ACCOUNT_SID"]
    found = findings(outside.account(config, settings(environ), environ))
    assert found["clock"].verdict == "wrong", "no account is needed for that"
    assert found["Twilio"].verdict == "unwise"


def test_the_doctor_sees_what_the_lines_numbers_do(environ: dict[str, str], config: Config, api: Api) -> None:
    api.number["phone_number"] = LINE
    environ |= {"IVR_TWILIO_API": api.url, "IVR_TWILIO_ACCOUNT_SID": ACCOUNT}

    def found() -> dict[str, Finding]:
        return findings(outside.account(config, settings(environ), environ))

    assert f"ivr twilio connect {LINE}" in found()[f"line {LINE}"].remedy
    assert "no number of this account" in found()["line +15550133"].what
    api.number |= wanted(environ["IVR_PUBLIC_URL"], "")
    assert "fallback" in found()[f"line {LINE}"].what
    api.number["voice_fallback_url"] = "https://handler.twilio.com/twiml/EH1"
    assert found()[f"line {LINE}"].verdict == "well"


def test_the_doctor_sends_to_ivr_check_for_mistakes_in_files(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_HOME", str(tmp_path))
    assert findings(examine(environ, lambda *_: None))["files"].remedy == "see: ivr check"
