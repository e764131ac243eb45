"""The supervisor's desk: who gets in, what is live, what is found, and what strangers cannot do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ivr.cli import ivr
from ivr.config import Config
from ivr.records.records import NewEvent
from ivr.records.versions import Versions
from ivr.supervisor.desk import desk
from ivr.supervisor.users import Users
from tests.house import House

BASE = "https://ivr.example.com"
PASSWORD = "correct horse battery"


class Office:
    """A desk with its records, one supervisor (anna) and one advisor (ben)."""

    def __init__(self, config: Config, folder: Path) -> None:
        (folder / "config").mkdir()
        self.users = Users(folder)
        self.users.put("anna", PASSWORD, "supervisor")
        self.users.put("ben", PASSWORD, "advisor")
        parts = House(config, folder).parts
        self.records, self.callbacks, self.audio = parts.records, parts.callbacks, folder / "audio"
        parts.audio = self.audio
        self.zone = config.zone
        self.app = Flask("desk")
        self.app.register_blueprint(desk(parts, self.users, BASE, Versions(self.records.engine)))

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def logged_in(self, name: str = "anna") -> FlaskClient:
        browser = self.browser()
        assert post(browser, "/supervisor/login", name=name, password=PASSWORD).status_code == 302
        return browser

    def call(self, call_id: str, caller: str = "+15550199", **events: dict[str, object]) -> None:
        self.records.open(call_id, caller, "+15550100", "en", "token")
        noted = [NewEvent(call_id, at, kind, data) for at, (kind, data) in enumerate(events.items())]
        if noted:
            self.records.append(noted)


def post(browser: FlaskClient, path: str, origin: str = BASE, **form: str) -> TestResponse:
    return browser.post(path, data=form, headers={"Origin": origin}, base_url=BASE)


def get(browser: FlaskClient, path: str) -> TestResponse:
    return browser.get(path, base_url=BASE)


@pytest.fixture
def office(config: Config, tmp_path: Path) -> Office:
    return Office(config, tmp_path)


@pytest.mark.parametrize("path", ["/supervisor/", "/supervisor/calls", "/supervisor/calls/CA1"])
def test_a_stranger_is_asked_to_log_in(office: Office, path: str) -> None:
    answer = get(office.browser(), path)
    assert answer.status_code == 302 and answer.location.endswith("/login")


def test_a_script_of_a_stranger_gets_nothing(office: Office) -> None:
    answer = office.browser().get("/supervisor/now", headers={"Accept": "application/json"}, base_url=BASE)
    assert answer.status_code == 401


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(office: Office, name: str, password: str) -> None:
    answer = post(office.browser(), "/supervisor/login", name=name, password=password)
    assert answer.status_code == 401 and "The name or the password is not right" in answer.text


def test_guessing_is_stopped_even_when_the_right_password_comes(office: Office) -> None:
    browser = office.browser()
    for _ in range(5):
        post(browser, "/supervisor/login", name="anna", password="a guess")
    assert post(browser, "/supervisor/login", name="anna", password=PASSWORD).status_code == 429
    assert post(browser, "/supervisor/login", name="ben", password=PASSWORD).status_code == 302


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    cookie = post(office.browser(), "/supervisor/login", name="anna", password=PASSWORD).headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/supervisor"))


def test_a_form_from_another_site_does_nothing(office: Office) -> None:
    browser = office.logged_in()
    assert post(browser, "/supervisor/logout", origin="https://evil.example").status_code == 403
    assert post(browser, "/supervisor/logout", form_key="guessed").status_code == 400
    assert get(browser, "/supervisor/").status_code == 200


def test_who_logs_out_or_changes_their_password_is_out_in_every_browser(office: Office) -> None:
    first, second = office.logged_in(), office.logged_in()
    key = get(first, "/supervisor/").text.split('name="form_key" value="')[1].split('"')[0]
    assert post(first, "/supervisor/logout", form_key=key).status_code == 302
    assert get(second, "/supervisor/").status_code == 302
    third = office.logged_in()
    office.users.put("anna", "another good password", "supervisor")
    assert get(third, "/supervisor/").status_code == 302


def test_who_is_taken_out_of_the_file_is_out_at_once(office: Office) -> None:
    browser = office.logged_in("ben")
    office.users.put("ben", None, None)
    assert get(browser, "/supervisor/").status_code == 302


def test_an_advisor_sees_the_wallboard_but_no_calls_of_the_past(office: Office) -> None:
    browser = office.logged_in("ben")
    assert get(browser, "/supervisor/").status_code == 200
    assert get(browser, "/supervisor/calls").status_code == 403


def test_the_wallboard_shows_a_call_while_it_lasts(office: Office) -> None:
    browser = office.logged_in()
    office.call("CA1", heard={"text": "where is my order"}, tone={"upset": 0.7, "why": []})
    (shown,) = get(browser, "/supervisor/now").json["calls"]
    assert (shown["caller"], shown["state"], shown["upset"]) == ("•••199", "machine", 0.7)
    assert shown["last"] == "where is my order"
    office.records.close("CA1", "transferred", "asked", team="service")
    office.records.append([NewEvent("CA1", 9, "waiting", {})])
    (shown,) = get(browser, "/supervisor/now").json["calls"]
    assert (shown["state"], shown["team"]) == ("waiting", "service")
    office.records.change("CA1", finished_at=datetime.now(UTC))
    assert get(browser, "/supervisor/now").json["calls"] == []


def test_the_wallboard_counts_todays_outcomes_and_reasons(office: Office) -> None:
    office.call("CA1")
    office.call("CA2")
    office.records.close("CA2", "transferred", "asked")
    today = get(office.logged_in(), "/supervisor/now").json["today"]
    assert today == {
        "calls": 2,
        "outcomes": {"open": 1, "transferred": 1},
        "reasons": [["the caller asked for a person", 1]],
    }


def test_an_advisor_does_not_see_numbers_that_callers_say(office: Office) -> None:
    office.call("CA1", heard={"text": "it is 4 2 7 1 9"})
    (shown,) = get(office.logged_in("ben"), "/supervisor/now").json["calls"]
    assert shown["last"] == "it is ••••"


def test_what_the_system_could_not_do_is_said(office: Office) -> None:
    office.call("CA1", lookup_failed={"why": "the database is locked"})
    (trouble,) = get(office.logged_in(), "/supervisor/now").json["troubles"]
    assert trouble["why"] == "the database is locked" and trouble["call_id"] == "CA1"


def test_callbacks_that_are_due_and_broken_promises_are_shown(office: Office) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    office.call("CA1")
    for number, begins in (("+15550101", now - 3 * hour), ("+15550102", now - hour / 2), ("+15550103", now + hour)):
        office.callbacks.promise(number, "CA1", "service", "en", begins, begins + hour)
    shown = get(office.logged_in("ben"), "/supervisor/now").json["callbacks"]
    assert [(each["number"], each["state"]) for each in shown] == [
        ("•••101", "broken"),
        ("•••102", "due"),
        ("•••103", "later"),
    ]


def test_calls_are_found_by_number_reason_intent_and_day(office: Office) -> None:
    office.call("CA1", "+15550111", heard={"text": "where is it", "intent": "order_status"})
    office.call("CA2", "+15550222", heard={"text": "a person", "intent": "person"})
    office.records.close("CA2", "transferred", "asked")
    browser = office.logged_in()
    today = datetime.now(office.zone).date()

    def found(**question: object) -> set[str]:
        asked = "&".join(f"{name}={value}" for name, value in question.items())
        text = get(browser, f"/supervisor/calls?{asked}").text
        return {call for call in ("CA1", "CA2") if f"/supervisor/calls/{call}" in text}

    assert found() == {"CA1", "CA2"}
    assert found(number="0111") == {"CA1"}
    assert found(reason="asked") == {"CA2"}
    assert found(intent="order_status") == {"CA1"}
    assert found(since=today, until=today) == {"CA1", "CA2"}
    assert found(until="2001-01-01") == set()
    assert found(number="%", since="no date", intent="' OR 1=1 --") == set()


def test_a_calls_page_tells_what_was_heard_how_surely_and_why_it_was_put_through(office: Office) -> None:
    office.call(
        "CA1",
        said={"text": "How can I help you?"},
        heard={"text": "<script>alert(1)</script>", "intent": None, "confidence": 0.31},
        tone={"upset": 0.9, "why": ["louder +8 dB"]},
        transfer={"reason": "tone", "topic": None},
    )
    text = get(office.logged_in(), "/supervisor/calls/CA1").text
    for part in ("How can I help you?", "confidence 31 %", "louder +8 dB", "the caller sounded upset"):
        assert part in text
    assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_numbers_on_a_calls_page_are_hidden_until_a_supervisor_asks_and_that_is_noted(office: Office) -> None:
    heard = {"text": "it is four two seven one nine", "intent": None, "confidence": 0.9}
    office.call("CA1", heard=heard, said={"text": "I heard 4, 2, 7, 1, 9."})
    browser = office.logged_in()
    hidden = get(browser, "/supervisor/calls/CA1").text
    assert "four two" not in hidden and "7, 1, 9" not in hidden and "it is ••••" in hidden
    assert "four two seven one nine" in get(browser, "/supervisor/calls/CA1?numbers=shown").text
    assert office.records.events("CA1")[-1].data == {"to": "anna"}


def test_a_call_page_hides_the_calling_number_and_tells_no_time_that_nobody_noted(office: Office) -> None:
    office.call("CA1", greeting={})
    office.records.append([NewEvent("CA1", 25_000, "transfer", {"reason": "asked"})])
    office.records.append([NewEvent("CA1", 0, "ringing", {"team": "service", "targets": ["+12025550142"]})])
    page = get(office.logged_in(), "/supervisor/calls/CA1").text
    assert "+15550199" not in page and "•••199" in page
    assert "targets: +12025550142" in page and page.count("0.0 s</time>") == 1 and "<time></time>" in page


def test_a_calls_sound_is_played_to_supervisors_where_it_is_kept(office: Office) -> None:
    office.call("CA1")
    assert get(office.logged_in(), "/supervisor/calls/CA1/audio.wav").status_code == 404
    office.audio.mkdir()
    (office.audio / "CA1.ulaw").write_bytes(bytes(800))
    browser = office.logged_in()
    assert "<audio" in get(browser, "/supervisor/calls/CA1").text
    answer = get(browser, "/supervisor/calls/CA1/audio.wav")
    assert answer.mimetype == "audio/wav" and len(answer.data) == 44 + 1600
    assert get(office.logged_in("ben"), "/supervisor/calls/CA1/audio.wav").status_code == 403


def test_pages_are_not_kept_framed_or_given_to_other_sites(office: Office) -> None:
    headers = get(office.logged_in(), "/supervisor/").headers
    assert headers["Cache-Control"] == "no-store" and headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "path", "status", "says"),
    [
        ("anna", "/supervisor/calls/CA404", 404, "There is no such page or call"),
        ("anna", "/supervisor/nowhere/at/all", 404, "There is no such page or call"),
        ("ben", "/supervisor/calls", 403, "Your role does not open this page"),
        ("anna", "/supervisor/now", 500, "The page could not be made"),
    ],
)
def test_a_problem_is_a_page_that_says_what_happened(
    office: Office, name: str, path: str, status: int, says: str
) -> None:
    browser = office.logged_in(name)
    if status == 500:

        def away() -> None:
            raise OSError("the disk is gone")

        office.app.view_functions["desk.now"] = away
    answer = get(browser, path)
    assert (answer.status_code == status and says in answer.text and "<nav" in answer.text) or "<main" in answer.text
    assert "disk" not in answer.text and "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_users_are_added_and_removed_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    monkeypatch.setenv("IVR_HOME", str(tmp_path))
    run = CliRunner().invoke
    assert run(ivr, ["users", "add", "carla", "--role", "supervisor"], input=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert (tmp_path / "config/users.yaml").stat().st_mode & 0o077 == 0
    assert PASSWORD not in (tmp_path / "config/users.yaml").read_text()
    assert "carla  supervisor" in run(ivr, ["users", "list"]).output
    assert run(ivr, ["users", "add", "dan", "--password", "short"]).exit_code == 1
    assert run(ivr, ["users", "add", "No Name", "--password", PASSWORD]).exit_code == 1
    assert run(ivr, ["users", "remove", "carla"]).exit_code == 0
    assert run(ivr, ["users", "remove", "carla"]).exit_code == 1
