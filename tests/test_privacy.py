"""What is stored is a choice; what is too old goes; one caller's data can be had and removed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr.call.events import Heard
from ivr.cli import ivr
from ivr.config import Config
from ivr.records.audio import CallAudio, path_of
from ivr.records.keeping import Keeping
from ivr.records.masking import mask, redact
from ivr.records.privacy import erase, export, purge
from ivr.records.records import NewEvent
from ivr.speech.codec import read_wav
from tests.house import CALL_ID, SILENCE, House, frames, key, utterance

NUMBERS = ("four", "two", "seven", "one", "nine")


def house_that_keeps(config: Config, folder: Path, **keeping: object) -> House:
    return House(replace(config, keep=Keeping(**keeping)), folder)  # type: ignore[arg-type]


def called(house: House) -> None:
    said = (Heard("where is my order", 0.95), Heard("four two seven one nine", 0.95))
    house.stream(*frames(SILENCE, 100), *utterance(), *utterance(), key("0"), said=said)


def kept(house: House) -> str:
    return json.dumps([[event.kind, event.data] for event in house.records.events(CALL_ID)])


def test_words_are_kept_when_words_are_chosen(config: Config, tmp_path: Path) -> None:
    house = house_that_keeps(config, tmp_path, what="words")
    called(house)
    assert "four two seven one nine" in kept(house) and not (tmp_path / "audio").exists()


def test_no_word_is_kept_when_nothing_is_chosen_but_how_the_call_went(config: Config, tmp_path: Path) -> None:
    house = house_that_keeps(config, tmp_path, what="nothing")
    called(house)
    assert "where is my order" not in kept(house) and "42719" not in kept(house)
    assert "order_status" in kept(house) and '"confidence"' in kept(house)


def test_spoken_numbers_become_dots_before_they_are_stored_but_the_advisor_has_them(
    config: Config, tmp_path: Path
) -> None:
    house = house_that_keeps(config, tmp_path, mask_numbers=True)
    called(house)
    assert "four two" not in kept(house) and "42719" not in kept(house) and "4, 2" not in kept(house)
    stored = house.records.call(CALL_ID)
    assert stored and stored.card and stored.card["slots"] == {"order_number": "42719"}


def test_sound_is_kept_when_it_is_chosen_for_this_servers_user_only(config: Config, tmp_path: Path) -> None:
    house = house_that_keeps(config, tmp_path, what="words_and_audio")
    house.parts.audio = tmp_path / "audio"
    called(house)
    path = path_of(tmp_path / "audio", CALL_ID)
    assert path.stat().st_size > 8000 and path.stat().st_mode & 0o077 == 0


def test_a_disk_that_takes_no_sound_ends_the_recording_and_not_the_call(config: Config, tmp_path: Path) -> None:
    house = house_that_keeps(config, tmp_path, what="words_and_audio")
    house.parts.audio = Path("/dev/null/audio")
    called(house)
    stored = house.records.call(CALL_ID)
    assert stored and stored.reason == "pressed_zero"


def test_a_recording_cannot_be_put_elsewhere() -> None:
    with pytest.raises(ValueError):
        CallAudio(Path("/tmp"), "../etc/passwd")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("it is four two seven one nine", "it is ••••"),
        ("four two please", "four two please"),
        ("order 42719 now", "order •••• now"),
        ("Order 4, 2, 7, 1, 9 has", "Order •••• has"),
        ("at 10 to 12", "at 10 to 12"),
        ("", ""),
    ],
)
def test_numbers_in_words_and_digits_are_masked(text: str, masked: str) -> None:
    assert redact(text, NUMBERS) == masked


def test_a_number_keeps_three_digits() -> None:
    assert (mask("+15550199"), mask("")) == ("•••199", "withheld")


def test_purge_counts_first_and_then_leaves_only_what_reports_count(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    called(house)
    house.records.change(CALL_ID, started_at=datetime.now(UTC) - timedelta(days=91))
    house.records.open("CA" + "9" * 32, "", "+15550100", "en", "token")
    would = purge(house.records.engine, tmp_path, Keeping(), really=False)
    assert would.numbers == would.cards == 1 and would.events > 5
    assert house.records.events(CALL_ID)
    assert purge(house.records.engine, tmp_path, Keeping(), really=True) == would
    stored = house.records.call(CALL_ID)
    assert stored and (stored.caller, stored.card, stored.reason) == ("", None, "pressed_zero")
    assert not house.records.events(CALL_ID)
    assert purge(house.records.engine, tmp_path, Keeping(), really=False).events == 0


def test_young_calls_keep_their_words_and_lose_their_card_first(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    called(house)
    house.records.change(CALL_ID, started_at=datetime.now(UTC) - timedelta(days=8))
    purge(house.records.engine, tmp_path, Keeping(), really=True)
    stored = house.records.call(CALL_ID)
    assert stored and stored.card is None and stored.caller and house.records.events(CALL_ID)


def test_one_callers_data_can_be_had_and_removed(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    called(house)
    house.parts.callbacks.promise(
        "+15550199", CALL_ID, "service", "en", datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    )
    found = export(house.records.engine, tmp_path, "+15550199")
    assert len(found["calls"]) == len(found["callbacks"]) == 1
    assert "four two seven one nine" in json.dumps(found) and "token_hash" not in json.dumps(found)
    assert erase(house.records.engine, tmp_path, "+15550199") == 1
    assert export(house.records.engine, tmp_path, "+15550199") == {"number": "+15550199", "calls": [], "callbacks": []}
    assert not house.records.events(CALL_ID)


def test_a_promise_whose_time_passed_long_ago_is_purged_kept_or_not(config: Config, tmp_path: Path) -> None:
    house, promises = House(config, tmp_path), []
    for number, days in (("+15550111", 92), ("+15550112", 91), ("+15550113", 1)):
        begin = datetime.now(UTC) - timedelta(days=days)
        promise = house.parts.callbacks.promise(number, CALL_ID, "service", "en", begin, begin + timedelta(hours=1))
        promises.append(promise)
    house.parts.callbacks.done(promises[0].id)
    assert purge(house.records.engine, tmp_path, Keeping(), really=True, certainly=True).callbacks == 2
    assert [each.number for each in house.parts.callbacks.open()] == ["+15550113"]


def test_what_a_call_stores_after_its_caller_was_erased_is_not_stored(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    house.post("/voice", CallStatus="ringing")
    assert erase(house.records.engine, tmp_path, "+15550199") == 1
    house.records.close(CALL_ID, "transferred", "asked", card={"caller": "+15550199"}, team="service")
    house.records.append([NewEvent(CALL_ID, 10, "heard", {"text": "my name is"})])
    house.records.note(CALL_ID, "transcript", {"text": "call me"})
    stored = house.records.call(CALL_ID)
    assert stored and (stored.caller, stored.card, stored.outcome) == ("", None, "transferred")
    assert house.records.events(CALL_ID) == []


def test_erasing_finds_numbers_that_were_promised_in_other_calls(config: Config, tmp_path: Path) -> None:
    house, begin = House(config, tmp_path), datetime.now(UTC)
    other, end = "CA" + "5" * 32, begin + timedelta(hours=1)
    house.post("/voice", call_id=other, From="anonymous")
    house.parts.callbacks.promise("+15550199", other, "service", "en", begin, end)
    house.records.change(other, outcome="callback", target="+15550199")
    house.post("/voice")
    house.parts.callbacks.promise("+12025550117", CALL_ID, "service", "en", begin, end)
    numbers = {each["number"] for each in export(house.records.engine, tmp_path, "+15550199")["callbacks"]}
    assert numbers == {"+15550199", "+12025550117"}, "the caller's own, and the one they asked to be called at"
    erase(house.records.engine, tmp_path, "+15550199")
    stored = house.records.call(other)
    assert stored and stored.target is None and house.parts.callbacks.open() == []


def test_spoken_numbers_are_masked_in_every_language_a_call_changes_to(config: Config, tmp_path: Path) -> None:
    house = house_that_keeps(config, tmp_path, mask_numbers=True)
    shaped = house.parts.kept({"text": "quatre deux sept un neuf"}), house.parts.kept({"text": "four two seven one"})
    assert shaped == ({"text": "••••"}, {"text": "••••"})
    assert "quatre deux" not in json.dumps(house.parts.kept({"text": "c'est quatre deux sept un neuf"}))


def test_the_sound_of_a_callers_calls_is_exported(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_that_keeps(config, tmp_path, what="words_and_audio")
    house.parts.audio = tmp_path / "audio"
    called(house)
    monkeypatch.setenv("IVR_DATABASE_URL", str(house.records.engine.url))
    monkeypatch.setenv("IVR_AUDIO", str(tmp_path / "audio"))
    result = CliRunner().invoke(ivr, ["caller", "export", "+15550199", "--audio", str(tmp_path / "theirs")])
    (call,) = json.loads(result.output)["calls"]
    assert len(read_wav(Path(call["sound"]))) == pytest.approx(call["sound_s"] * 8000, abs=800) and call["sound_s"] > 1


def test_the_commands_purge_export_and_erase(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(config, tmp_path)
    called(house)
    monkeypatch.setenv("IVR_DATABASE_URL", str(house.records.engine.url))
    monkeypatch.setenv("IVR_AUDIO", str(tmp_path / "audio"))
    run = CliRunner().invoke
    assert "Nothing was removed" in run(ivr, ["purge"]).output
    assert "Removed" in run(ivr, ["purge", "--yes"]).output
    assert json.loads(run(ivr, ["caller", "export", "+15550199"]).output)["calls"]
    assert "1 calls" in run(ivr, ["caller", "erase", "+15550199", "--yes"]).output
