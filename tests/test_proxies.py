"""Calls through the real nginx and haproxy, with the files of docs/deploy, over TLS."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ivr.config import Settings
from ivr.operations import outside
from ivr.phone.server import Server, own_server
from ivr.records.records import Records
from tests.proxies import SWALLOWS, certificate, free_port, proxy
from tests.serving import PATIENCE_S, SERVE, LiveCall, eventually, light_home

TOKEN = "the token of both"


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The public address; its certificate is trusted here."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    return f"https://localhost:{free_port()}"


@pytest.fixture
def server(public: str, tmp_path: Path) -> Iterator[Server]:
    home = light_home(tmp_path / "home")
    file = home / "config" / "ivr.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("max_calls: 100", "max_calls: 1"), encoding="utf-8")
    command = ["env", f"IVR_PUBLIC_URL={public}", f"IVR_TWILIO_AUTH_TOKEN={TOKEN}", "IVR_SHOP_URL=demo"]
    with own_server([*command, *SERVE[:-1], "1"], home) as running:
        yield running


def behind(server: Server) -> str:
    return server.url.removeprefix("http://")


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
def test_a_signed_call_goes_through_the_shipped_proxy_and_a_full_server_still_puts_callers_through(
    name: str, public: str, server: Server, tmp_path: Path
) -> None:
    outer = Server(public, TOKEN, server.database_url)
    with proxy(name, tmp_path, int(public.rpartition(":")[2]), behind(server)):
        with requests.Session() as asks:
            asks.trust_env = False
            asks.verify = os.environ["SSL_CERT_FILE"]
            paths = ("/ready", "/metrics", "/status")
            codes = [asks.get(f"{public}{path}", timeout=PATIENCE_S).status_code for path in paths]
        assert codes == [200, 403, 403]
        call = LiveCall(outer).in_progress()
        crowded = LiveCall(outer).ended()
        assert crowded.bridged and crowded.failure is None, "there is room for one call only"
        call.caller.press("0")
        notes = call.ended()
        environ = {"IVR_PUBLIC_URL": public, "IVR_TWILIO_AUTH_TOKEN": TOKEN, "IVR_SHOP_URL": "demo"}
        found = {each.subject: each for each in outside.server(Settings.from_environment(environ))}
    assert notes.bridged and notes.failure is None and notes.warnings == [], notes
    reasons = [Records(server.database_url or "").call(each.call_id).reason for each in (notes, crowded)]  # type: ignore[union-attr]
    assert reasons == ["pressed_zero", "overload"]
    assert [found[each].verdict for each in ("server", "streams")] == ["well", "well"]


def test_a_server_that_is_stopped_answers_its_calls_through_haproxy_to_the_last(
    public: str, server: Server, tmp_path: Path
) -> None:
    outer = Server(public, TOKEN, server.database_url)
    with proxy("haproxy", tmp_path, int(public.rpartition(":")[2]), behind(server)) as log:
        call = LiveCall(outer).in_progress()
        assert server.pid
        os.kill(server.pid, signal.SIGTERM)
        eventually(lambda: "ivr1 is DOWN" in log.read_text(), "haproxy sees that it is being stopped")
        call.caller.press("0")
        notes = call.ended()
    assert notes.bridged and notes.failure is None, notes


def test_the_doctor_tells_a_proxy_that_swallows_the_upgrade(public: str, server: Server, tmp_path: Path) -> None:
    environ = {"IVR_PUBLIC_URL": public, "IVR_TWILIO_AUTH_TOKEN": TOKEN, "IVR_SHOP_URL": "demo"}
    with proxy("nginx", tmp_path, int(public.rpartition(":")[2]), behind(server), SWALLOWS):
        found = {each.subject: each for each in outside.server(Settings.from_environment(environ))}
    assert found["server"].verdict == "well"
    streams = found["streams"]
    assert streams.verdict == "wrong" and "Upgrade" in streams.remedy and "docs/deploy/nginx.conf" in streams.remedy
