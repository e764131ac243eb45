"""A server that cannot start says in one line what to do."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import inspect

from ivr.app import clock, create_app, load_models
from ivr.config import Config, ConfigError, Settings
from ivr.operations.doctor import shop
from ivr.records.records import RecordsUnavailable
from ivr.requests.backend import BackendFailed
from ivr.requests.demonstration import orders
from tests.conftest import ROOT


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=ROOT,
        public_url="http://127.0.0.1:9",
        auth_token="x",
        database_url=f"sqlite:///{tmp_path / 'ivr.sqlite3'}",
        shop_url=None,
        webhook_url=None,
        webhook_secret="",
        recordings_url=None,
        models=tmp_path / "models",
        cache=tmp_path / "cache",
        workers=1,
    )


def test_the_clock_can_be_set_for_the_server_of_a_simulated_call_only(config: Config, settings: Settings) -> None:
    begins = datetime(2026, 12, 24, 18, 30)
    now = clock(config, begins)()
    assert timedelta(0) <= now - begins.replace(tzinfo=ZoneInfo("America/New_York")) < timedelta(seconds=5)
    assert abs(clock(config, None)() - datetime.now(UTC)) < timedelta(seconds=5)
    environment = {"IVR_TWILIO_AUTH_TOKEN": "x", "IVR_SIMULATED_CLOCK": "2026-12-24 18:30"}
    assert Settings.from_environment({**environment, "IVR_PUBLIC_URL": "http://127.0.0.1:9"}).clock_at == begins
    with pytest.raises(ConfigError, match="IVR_SIMULATED_CLOCK is set"):
        Settings.from_environment({**environment, "IVR_PUBLIC_URL": "https://ivr.example.com"})


def _garbage(folder: Path) -> str:
    (folder / "bad.db").write_text("this is no database" * 100, encoding="utf-8")
    return f"sqlite:///{folder / 'bad.db'}"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (lambda _: "nonsense", "sqlite:////"),
        (lambda _: "sqlite:////dev/null/x.db", "choose another IVR_DATABASE_URL"),
        (_garbage, "check IVR_DATABASE_URL"),
        (lambda _: "oracle+nothing://x", "it looks like"),
    ],
)
def test_an_unreadable_database_is_named(
    settings: Settings, tmp_path: Path, url: Callable[[Path], str], says: str
) -> None:
    with pytest.raises(RecordsUnavailable, match=says):
        create_app(replace(settings, database_url=url(tmp_path)))


def test_a_language_without_its_recogniser_is_refused_with_the_command_that_installs_one(
    config: Config, settings: Settings
) -> None:
    english = config.languages["en"].model_copy(update={"recogniser": "vosk"})
    with pytest.raises(ConfigError, match="ivr models install en"):
        load_models(replace(config, languages={"en": english}), settings)


def test_a_damaged_model_is_refused_with_a_remedy(config: Config, settings: Settings) -> None:
    for name in ("am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"):
        path = settings.models / "fr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not a model")
    with pytest.raises(ConfigError, match="ivr models install"):
        load_models(replace(config, languages={"fr": config.languages["fr"]}), settings)


def test_a_missing_configuration_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config/ivr\.yaml: is missing"):
        create_app(replace(settings, home=tmp_path))


def test_a_server_neither_starts_with_files_that_keep_callers_nor_takes_them(
    settings: Settings, tmp_path: Path
) -> None:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / "home" / folder)
    settings = replace(settings, home=tmp_path / "home", simulated_recognition=True)
    app = create_app(settings)
    file = tmp_path / "home" / "config" / "ivr.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("turns: 12,", "turns: 500,"), encoding="utf-8")
    assert not app.extensions["reload"].look()
    assert app.extensions["ivr"].config.plans["en"].budget.turns == 12
    with pytest.raises(ConfigError, match=r"config/ivr.yaml:\d+: .* may be kept for 500 turns"):
        create_app(settings)


def test_another_receiver_of_news_is_taken_without_a_restart(settings: Settings, tmp_path: Path) -> None:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / "home" / folder)
    settings = replace(settings, home=tmp_path / "home", simulated_recognition=True, webhook_secret="a secret")
    app = create_app(settings)
    file = tmp_path / "home" / "config" / "advisors.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"webhook: https://crm.example.com/calls\n{text}", encoding="utf-8")
    assert app.extensions["reload"].look()
    assert app.extensions["ivr"].delivery._url == "https://crm.example.com/calls"
    file.write_text(text, encoding="utf-8")
    assert app.extensions["reload"].look() and app.extensions["ivr"].delivery._url is None


# -- whose orders ------------------------------------------------------------------------------------------------------


def decided(app: Flask, intent: str) -> str | None:
    """The topic that sends a request to people, None where it is served."""
    found: str | None = app.extensions["ivr"].config.plans["en"].requests[intent].topic
    return found


def test_a_server_without_a_shop_leaves_what_needs_one_to_people_and_invents_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(replace(settings, simulated_recognition=True))
    parts = app.extensions["ivr"]
    assert decided(app, "order_status") == "order_status" and decided(app, "opening_hours") is None
    assert "IVR_SHOP_URL is not set" in caplog.text
    assert not inspect(parts.records.engine).has_table(orders.name)
    error = parts.business.start("order_status", {"language": "en", "order_number": "42719"}, "k").exception(30)
    assert isinstance(error, BackendFailed) and "IVR_SHOP_URL" in str(error)


def test_invented_orders_are_asked_for_by_name_and_said(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(replace(settings, shop_url="demo", simulated_recognition=True))
    assert decided(app, "order_status") is None and "invented orders" in caplog.text
    finding = shop(app.extensions["ivr"].config, replace(settings, shop_url="demo"))
    assert finding.verdict == "unwise" and "invented" in finding.what


def test_the_doctor_says_where_the_orders_come_from(settings: Settings, config: Config, tmp_path: Path) -> None:
    assert "go to people" in shop(config, settings).what
    good = replace(settings, shop_url=f"sqlite:///{tmp_path / 'shop.sqlite3'}")
    assert shop(config, good).verdict == "well"
    gone = replace(settings, shop_url="postgresql+psycopg://ivr:hush@127.0.0.1:1/shop")
    finding = shop(config, gone)
    assert finding.verdict == "wrong" and "hush" not in finding.what and "IVR_SHOP_URL" in finding.remedy


@pytest.mark.parametrize(
    "url",
    [
        "https://ivr.example.com/calls",
        "https://ivr.example.com?x=1",
        "https://ivr.example.com/#rc=2",
        "https://user:word@ivr.example.com",
        "http://127.0.0.1:8000/a/b/",
    ],
)
def test_a_public_address_that_is_more_than_a_host_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="IVR_PUBLIC_URL is"):
        Settings.from_environment({"IVR_PUBLIC_URL": url, "IVR_TWILIO_AUTH_TOKEN": "x"})


def test_a_slash_at_the_end_of_the_public_address_is_none() -> None:
    environ = {"IVR_PUBLIC_URL": "https://ivr.example.com/", "IVR_TWILIO_AUTH_TOKEN": "x"}
    assert Settings.from_environment(environ).media_url == "wss://ivr.example.com/media"
