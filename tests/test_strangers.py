"""Who is not let in: every route has a lock or a reason to have none, and knocking long enough changes nothing."""

import ipaddress
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import SQLAlchemyError
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator
from werkzeug.routing import Rule

from ivr.app import create_app
from ivr.config import Config, ConfigError, Settings
from ivr.operations.numbers import ASK_AGAIN
from ivr.operations.strangers import MOST_ADDRESSES, MOST_REFUSED, Strangers, behind_proxies
from ivr.records.database import RecordsUnavailable, connect
from ivr.records.records import NewEvent, Records
from ivr.supervisor.logins import AT_ONCE, Logins, TooManyAttempts
from ivr.supervisor.users import User, Users
from tests.conftest import ROOT
from tests.house import BASE, CALL_ID, MEDIA, House

TOKEN, SHARED_KEY = "auth-token-5f2c9a", "shared-key-77aa01"
OPEN = {
    "health.alive": "a proxy asks whether the process lives; the answer is one word",
    "health.ready": "a proxy asks whether calls may be sent here; the answer is one line",
    "health.status": "monitoring asks what is wrong; the answer names parts of the server, no caller",
    "desk.log_in": "this is where people log in",
    "desk.static": "styles and scripts of the desk, the same for everybody",
}
"""The routes without a lock, each with its reason."""
REFUSALS = {"webhooks": {403}, "stream": {400, 403}, "cards": {404}, "health": {401}}
"""What a stranger gets, by the first part of a route's name; the desk sends them to its log-in."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The whole application as it is served."""
    folder = tmp_path_factory.mktemp("served")
    environ = {
        "IVR_PUBLIC_URL": BASE,
        "IVR_TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_TWILIO_SHARED_KEYS": SHARED_KEY,
        "IVR_DATABASE_URL": f"sqlite:///{folder}/records/ivr.sqlite3",
        "IVR_METRICS_TOKEN": "metrics-token-1188",
        "IVR_HOME": str(ROOT),
    }
    made = create_app(Settings.from_environment(environ))
    made.extensions["folder"] = folder
    return made


def browser(app: Flask) -> FlaskClient:
    """Somebody from an address nobody else came from."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"203.0.113.{next(_addresses)}"
    return client


def signed(client: FlaskClient, path: str, form: dict[str, str], **headers: str) -> int:
    signature = RequestValidator(TOKEN).compute_signature(BASE + path, form)
    given = {"X-Twilio-Signature": signature, **headers}
    return client.post(path, data=form, headers=given, base_url="http://10.0.0.7:8000").status_code


_addresses = count(1)
FORM = {"CallSid": CALL_ID, "From": "+15550199", "To": "+15550100", "CallStatus": "ringing"}


def addresses(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    adapter = app.url_map.bind("ivr.example.com")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "x"), force_external=False)
        for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            yield rule, method, path


def test_every_route_is_locked_or_open_for_a_reason(app: Flask) -> None:
    seen = set()
    for rule, method, path in addresses(app):
        answer = browser(app).open(path, method=method)
        part = rule.endpoint.partition(".")[0].rstrip("0123456789")
        seen.add(rule.endpoint)
        if rule.endpoint in OPEN:
            continue
        if part == "desk":
            refused = answer.status_code == 302 and answer.headers["Location"] == "/supervisor/login"
        else:
            refused = answer.status_code in REFUSALS[part]
        assert refused, f"{method} {rule.rule} gave a stranger {answer.status}"
    assert set(OPEN) <= seen


def test_every_answer_tells_browsers_what_they_must_not_do(app: Flask) -> None:
    for rule, method, path in addresses(app):
        answer = browser(app).open(path, method=method)
        said = answer.headers
        assert "default-src 'none'" in said["Content-Security-Policy"], rule.rule
        assert said["X-Content-Type-Options"] == "nosniff" and said["X-Frame-Options"] == "DENY", rule.rule
        assert said["Referrer-Policy"] in ("no-referrer", "same-origin") and said["Strict-Transport-Security"]
        assert rule.endpoint == "desk.static" or "no-store" in said["Cache-Control"], rule.rule
    assert browser(app).get("/nothing/here").headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["//evil.example/supervisor", "/\\evil.example", "/supervisor//evil.example"])
def test_nobody_is_sent_to_another_site(app: Flask, path: str) -> None:
    answer = browser(app).get(path, base_url=BASE)
    location = answer.headers.get("Location", "/")
    assert location.startswith(("/", f"{BASE}/")) and not location.startswith("//")


def test_bodies_that_are_too_long_are_refused_unread(app: Flask) -> None:
    for rule, method, path in addresses(app):
        if method == "POST" and rule.endpoint.startswith("webhooks"):
            answer = browser(app).post(
                path, data=b"a=" + b"x" * 70_000, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 413, rule.rule


# -- signatures -------------------------------------------------------------------------------------------------------


def test_the_address_that_was_signed_is_the_configured_one_whatever_a_proxy_or_a_stranger_says(app: Flask) -> None:
    client = browser(app)
    said = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "8000"}
    assert signed(client, "/voice/next?a=1&b=%2B%20x", FORM, **said) == 200
    elsewhere = RequestValidator(TOKEN).compute_signature("https://evil.example/voice", FORM)
    headers = {"X-Twilio-Signature": elsewhere, "Host": "evil.example"}
    assert client.post("/voice", data=FORM, headers=headers).status_code == 403


def test_a_signature_counts_with_and_without_the_overrides_our_addresses_end_with(app: Flask) -> None:
    for path in ("/voice", "/voice/next"):
        for fragment, status in (("", 200), (ASK_AGAIN, 200), ("#rc=9", 403), (ASK_AGAIN + "x", 403)):
            signature = RequestValidator(TOKEN).compute_signature(BASE + path + fragment, FORM)
            answer = browser(app).post(path, data=FORM, headers={"X-Twilio-Signature": signature})
            assert answer.status_code == status, (path, fragment)


@pytest.mark.parametrize("signed_as", [BASE, BASE.replace(".com", ".com:443")])
def test_the_usual_port_may_be_named_or_not(app: Flask, signed_as: str) -> None:
    signature = RequestValidator(TOKEN).compute_signature(f"{signed_as}/voice", FORM)
    answer = browser(app).post("/voice", data=FORM, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200


@pytest.mark.parametrize("signed_as", [MEDIA, f"{MEDIA}/", MEDIA.replace(".com", ".com:443"), f"{MEDIA}x", BASE])
def test_a_handshake_is_signed_with_or_without_the_usual_port(app: Flask, signed_as: str) -> None:
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(signed_as, {})}
    status = browser(app).get("/media", headers=headers).status_code
    assert status == (403 if signed_as in (f"{MEDIA}x", BASE) else 400), "400: no WebSocket, but signed well"


@pytest.mark.parametrize(
    ("secret", "settings", "computed_as", "status"),
    [
        (SHARED_KEY, "key=SK1,algorithm=HMAC_SHA256", "HMAC_SHA256", 200),
        (SHARED_KEY, "key=SK1,algorithm=HMAC_SHA256", "HMAC_SHA1", 403),
        (TOKEN, "key=SK1,algorithm=HMAC_SHA256", "HMAC_SHA256", 403),
        (SHARED_KEY, "key=SK1,algorithm=none", "HMAC_SHA256", 403),
        (SHARED_KEY, "", "HMAC_SHA256", 403),
        (TOKEN, "", "HMAC_SHA1", 200),
    ],
)
def test_a_shared_keys_signature_counts_with_its_own_secret_and_algorithm(
    app: Flask, secret: str, settings: str, computed_as: str, status: int
) -> None:
    signature = RequestValidator(secret).compute_signature(f"{BASE}/voice", FORM, computed_as)
    headers = {"X-Twilio-Signature": signature, **({SIGNATURE_SETTINGS_HEADER: settings} if settings else {})}
    assert browser(app).post("/voice", data=FORM, headers=headers).status_code == status


@pytest.mark.parametrize("changed", [{"From": "+15550666"}, {"CallSid": "CA" + "2" * 32}, {"Extra": "1"}])
def test_a_signature_holds_for_the_form_it_was_made_for_only(app: Flask, changed: dict[str, str]) -> None:
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/voice", FORM)
    headers = {"X-Twilio-Signature": signature}
    assert browser(app).post("/voice", data=FORM | changed, headers=headers).status_code == 403


# -- knocking ---------------------------------------------------------------------------------------------------------


def test_a_flood_of_forgeries_is_answered_briefly_and_shuts_nobody_out(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client, from_there = app.test_client(), {"X-Forwarded-For": "198.51.100.7"}
    caplog.set_level(logging.WARNING)
    statuses = [client.post("/voice", data=FORM, headers=from_there).status_code for _ in range(MOST_REFUSED + 20)]
    assert statuses == [403] * MOST_REFUSED + [429] * 20
    of_strangers = [record for record in caplog.records if record.name == Strangers.__module__]
    assert len(of_strangers) == MOST_REFUSED and "the next ones are not logged" in caplog.text
    assert signed(client, "/voice", FORM, **from_there) == 200, "Twilio's own, from the same address"
    assert client.get("/card/guessed", headers=from_there).status_code == 429
    assert client.get("/card/guessed", headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 404


def test_guessing_the_metrics_token_ends_after_a_while_even_with_the_right_one(app: Flask) -> None:
    def ask(token: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return app.test_client().get("/metrics", headers=headers).status_code

    assert {ask(f"guess {number}", "198.51.100.20") for number in range(MOST_REFUSED)} == {401}
    assert ask("metrics-token-1188", "198.51.100.20") == 429
    assert ask("metrics-token-1188", "198.51.100.21") == 200


def test_where_a_request_comes_from_is_what_our_own_proxy_saw(app: Flask) -> None:
    def knock(peer: str, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return app.test_client().get("/card/x", headers=headers, environ_base={"REMOTE_ADDR": peer}).status_code

    for _ in range(MOST_REFUSED):
        knock("127.0.0.1", "6.6.6.6, 198.51.100.30")
    assert knock("127.0.0.1", "7.7.7.7, 198.51.100.30") == 429, "what comes before it anybody may have written"
    assert knock("127.0.0.1", "198.51.100.31") == 404
    assert knock("203.0.113.40", "198.51.100.30") == 404, "no proxy of ours: its word does not count"
    assert knock("127.0.0.1", "not an address") == 404


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("9.9.9.9:1234", "9.9.9.8:1234"),
        ("[2001:db8::7]:443", "[2001:db8::8]:443"),
        ("2001:db8::7", "2001:db8::8"),
        ("::ffff:9.9.9.9", "::ffff:9.9.9.8"),
    ],
)
def test_an_address_with_a_port_is_still_one_strangers_own(written: str, other: str) -> None:
    seen = []
    behind = behind_proxies(lambda environ, _: seen.append(environ["REMOTE_ADDR"]) or [], ["127.0.0.0/8"])  # type: ignore[func-returns-value]
    for forwarded in (written, other):
        behind({"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_X_FORWARDED_FOR": f"6.6.6.6, {forwarded}"}, print)
    assert len(set(seen)) == 2 and all(ipaddress.ip_address(each) for each in seen)


def test_strangers_are_forgotten_after_a_minute_and_never_fill_the_memory() -> None:
    now = [0.0]
    strangers = Strangers(lambda: now[0])
    for _ in range(MOST_REFUSED):
        assert not strangers.refused("a", "x")
    assert strangers.refused("a", "x") and strangers.too_many("a")
    now[0] = 61.0
    assert not strangers.too_many("a")
    logging.disable(logging.WARNING)
    try:
        for number in range(MOST_ADDRESSES + 500):
            strangers.refused(f"address {number}", "x")
    finally:
        logging.disable(logging.NOTSET)
    assert len(strangers._refused) <= MOST_ADDRESSES + 1


def test_checking_passwords_never_takes_the_machine_from_the_callers(tmp_path: Path) -> None:
    checking, go_on = threading.Semaphore(0), threading.Event()

    class Slow(Users):
        def verify(self, name: str, password: str) -> User | None:
            checking.release()
            go_on.wait(60)
            return None

    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    records.prepare()
    logins = Logins(records.engine, Slow(tmp_path))
    threads = [threading.Thread(target=logins.log_in, args=("anna", "x", f"10.0.0.{each}")) for each in range(AT_ONCE)]
    for thread in threads:
        thread.start()
        assert checking.acquire(timeout=60)
    with pytest.raises(TooManyAttempts):
        logins.log_in("ben", "x", "10.0.0.9")
    go_on.set()
    for thread in threads:
        thread.join()
    assert logins.log_in("ben", "x", "10.0.0.9") is None


def test_a_proxy_that_is_no_address_is_named() -> None:
    environ = {"IVR_PUBLIC_URL": BASE, "IVR_TWILIO_AUTH_TOKEN": "x", "IVR_PROXIES": "10.0.0.0/24, proxy.local"}
    with pytest.raises(ConfigError, match=r"IVR_PROXIES has 'proxy\.local'"):
        Settings.from_environment(environ)
    good = Settings.from_environment({**environ, "IVR_PROXIES": "10.0.0.0/24 ::1"})
    assert good.proxies == ("10.0.0.0/24", "::1")


# -- secrets and files ------------------------------------------------------------------------------------------------


def test_no_secret_is_in_a_log_or_on_a_page(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = browser(app)
    assert signed(client, "/voice", FORM | {"CallSid": "CA" + "6" * 32}) == 200
    pages = "".join(client.open(path, method=method).text for _, method, path in addresses(app))
    with pytest.raises(RecordsUnavailable) as refused:
        Records("postgresql+psycopg://ivr:pass-word-31@127.0.0.1:1/x").prepare()
    with pytest.raises(RecordsUnavailable) as unusable:
        Records("nonsense://ivr:pass-word-31@host/x")
    seen = pages + caplog.text + str(refused.value) + str(unusable.value)
    for secret in (TOKEN, SHARED_KEY, "metrics-token-1188", "pass-word-31"):
        assert secret not in seen


def test_what_callers_say_is_not_in_an_error_of_the_database(tmp_path: Path) -> None:
    records = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    with pytest.raises(SQLAlchemyError) as gone:
        records.append([NewEvent("CA1", 0, "heard", {"text": "my number is four two seven"})])
    assert "four two" not in str(gone.value)


def test_a_new_database_is_for_the_servers_user_only(app: Flask) -> None:
    folder: Path = app.extensions["folder"] / "records"
    with connect(f"sqlite:///{folder}/ivr.sqlite3").begin() as connection:  # SQLite's own files are there now
        connection.exec_driver_sql("CREATE TABLE probe (x)")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600} and len(modes) >= 2
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_signed_webhook_without_its_call_is_refused_and_nothing_breaks(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    signature = RequestValidator("secret").compute_signature(f"{BASE}/voice", {"x": "1"})
    headers = {"X-Twilio-Signature": signature}
    assert house.client.post("/voice", data={"x": "1"}, headers=headers, base_url=BASE).status_code == 400


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "1 packages audited"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}',
            1,
            "a 1: CVE-1, mended in 2",
        ),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', 0, "NOT AUDITED"),
        ("no network", 0, "NOT AUDITED"),
    ],
)
def test_the_audit_fails_for_a_known_weakness_and_says_when_nobody_could_be_asked(
    tmp_path: Path, answer: str, code: int, says: str
) -> None:
    audit = ROOT / ".ci" / "audit"
    if not audit.exists():
        pytest.skip("a source package has no .ci folder")
    (tmp_path / "pip_audit.py").write_text(f"print({answer!r})", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, audit], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, says in done.stdout) == (code, True), done.stdout + done.stderr
