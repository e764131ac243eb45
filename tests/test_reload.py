"""Changed files in a running server: what is dropped, what waits for a start, what must not pile up."""

import os
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.advisors.story import mood
from ivr.app import _take
from ivr.cache_folder import UNUSED_DAYS
from ivr.config import Config, ConfigError, Settings
from ivr.config.escalation import prove_escalation
from ivr.grammar import BUILT_IN
from ivr.supervisor import what_if
from ivr.supervisor.numbers import TROUBLES, TodaysNumbers
from tests.conftest import ROOT
from tests.house import BASE, CALL_ID, SILENCE, House, ScriptedModel, frames, key


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    made = House(config, tmp_path)
    made.parts.models = {"en": made.model, "fr": ScriptedModel()}
    return made


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IVR_CACHE", str(tmp_path / "cache"))
    return Settings.from_environment({"IVR_PUBLIC_URL": BASE, "IVR_TWILIO_AUTH_TOKEN": "x"})


def without_french(config: Config) -> Config:
    """As it is loaded from files that no longer name the language."""
    kept = {
        name: {key: value for key, value in getattr(config, name).items() if key != "fr"}
        for name in ("languages", "grammars", "texts", "plans", "upset_words")
    }
    lines = {number: language for number, language in config.lines.items() if language != "fr"}
    return replace(config, lines=lines, keys={}, **kept)


def test_a_language_that_is_dropped_costs_neither_the_reload_nor_its_calls(house: House, settings: Settings) -> None:
    began = house.parts.config
    house.post("/voice", To="+15550133")
    assert _take(without_french(began), house.parts, settings, began) == ""
    assert "<Dial" in house.post("/voice/next", To="+15550133")[1], "a call that began in it reaches a person"
    house.post("/voice", call_id="CA" + "5" * 32, To="+15550133")
    stored = house.records.call("CA" + "5" * 32)
    assert stored and stored.language == "en"
    house.stream(*frames(SILENCE, 100), key("0"))
    with pytest.raises(ConfigError, match="fr are new"):
        _take(began, house.parts, settings, began)


def test_a_changed_recogniser_is_told_and_not_taken_for_used(house: House, settings: Settings) -> None:
    began = house.parts.config
    other = began.languages["en"].model_copy(update={"recogniser": "whisper"})
    changed = replace(began, languages={**began.languages, "en": other})
    assert "recogniser of en" in _take(changed, house.parts, settings, began)
    assert "recogniser of en" in _take(changed, house.parts, settings, began), "as long as it is so"
    assert _take(began, house.parts, settings, began) == ""


def test_reloads_use_the_one_pool_of_the_shop(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr("ivr.app.connect", lambda url, *_: made.append(url))
    with_shop = replace(settings, shop_url="sqlite:///elsewhere.sqlite3")
    for _ in range(3):
        _take(house.parts.config, house.parts, with_shop, house.parts.config)
    assert made == []


def test_a_call_begins_with_files_and_business_of_one_version(house: House) -> None:
    began = threading.Thread(target=house.parts.as_now)
    with house.parts.swapping:
        began.start()
        began.join(0.05)
        assert began.is_alive(), "it waits until both are swapped"
    began.join(5)
    assert not began.is_alive()


def test_what_the_wallboard_counts_as_trouble_is_what_is_noted(house: House) -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "ivr").rglob("*.py") if path.stem != "numbers"
    )
    assert [kind for kind in TROUBLES if not re.search(rf'"{kind}"', source)] == []


def test_news_that_was_given_up_long_after_its_call_is_counted_on_that_day(house: House) -> None:
    house.post("/voice")
    house.records.change(CALL_ID, started_at=datetime.now(UTC) - timedelta(hours=26))
    house.records.note(CALL_ID, "undelivered", {"what": "transferred", "why": "the receiver answered 500"})
    today = TodaysNumbers(house.records.engine, lambda: house.parts.config.zone).now()
    assert [each["why"] for each in today.troubles] == ["the receiver answered 500"]


def test_conversation_is_one_table() -> None:
    assert set(what_if._ALWAYS) | {"person"} == set(BUILT_IN)


@pytest.mark.parametrize(("offer_from", "says"), [(0.2, "losing_patience"), (0.4, "calm")])
def test_a_mood_begins_where_the_tone_file_said(offer_from: float, says: str) -> None:
    assert mood({"tone": {"upset": 0.3, "why": [], "offer_from": offer_from}}) == says


def test_what_can_be_made_anew_and_nobody_uses_is_removed(config: Config, tmp_path: Path) -> None:
    prove_escalation(config, tmp_path)
    (mine,) = tmp_path.glob("*.proved")
    (tmp_path / "old.proved").write_text("7")
    for path in (mine, tmp_path / "old.proved"):
        os.utime(path, (0, time.time() - (UNUSED_DAYS + 1) * 86_400))
    prove_escalation(config, tmp_path)
    mine.unlink()
    prove_escalation(config, tmp_path)
    assert [path.name for path in tmp_path.glob("*.proved")] == [mine.name]


def test_prompts_nobody_says_any_more_leave_the_cache(house: House, tmp_path: Path) -> None:
    house.parts.render(house.parts.config)
    kept = {path.name for path in (tmp_path / "cache").glob("*.prompt")}
    for name in ("old.prompt", "broken.part", sorted(kept)[0]):
        path = tmp_path / "cache" / name
        path.touch()
        os.utime(path, (0, time.time() - (UNUSED_DAYS + 1) * 86_400))
    again = House(house.parts.config, tmp_path)
    again.parts.models = house.parts.models
    again.parts.render(again.parts.config)
    left = {path.name for path in (tmp_path / "cache").iterdir()}
    assert kept <= left and not {"old.prompt", "broken.part"} & left, "what is said is kept, however old"
