"""Twilio's webhooks: signed, repeated, late, or about calls nobody knows."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from ivr.config import Config
from ivr.supervisor.numbers import TodaysNumbers
from tests.house import CALL_ID, House


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    return House(config, tmp_path)


AFTER = ["next", "dialled", "wait", "chosen", "left", "number", "window", "recorded", "silent", "whisper", "accept"]
PATHS = ["/voice", "/stream-events", *(f"/voice/{each}" for each in AFTER)]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("signature", ["", "forged", "AAAA=="])
def test_a_forged_signature_gets_nothing(house: House, path: str, signature: str) -> None:
    assert house.post(path, signature=signature)[0] == 403
    assert house.records.call(CALL_ID) is None


def test_a_call_is_answered_with_a_stream_and_a_token(house: House) -> None:
    status, text = house.post("/voice", CallStatus="ringing")
    assert status == 200
    assert '<Stream name="ivr"' in text and 'url="wss://ivr.example.com/media"' in text and 'name="token"' in text
    assert 'action="https://ivr.example.com/voice/next#rc=2&amp;rt=5000&amp;rp=ct,rt,5xx"' in text


def test_a_retried_webhook_gives_the_same_answer_and_one_record(house: House) -> None:
    assert house.post("/voice") == house.post("/voice")
    assert house.post("/voice/next")[1] == house.post("/voice/next")[1]


def test_two_calls_have_two_tokens(house: House) -> None:
    assert house.post("/voice")[1] != house.post("/voice", call_id="CA" + "3" * 32)[1]


def test_a_call_without_a_recogniser_for_its_line_goes_straight_to_a_person(house: House) -> None:
    status, text = house.post("/voice", To="+15550182")
    assert status == 200 and "<Dial" in text and "고객 상담팀" in text
    stored = house.records.call(CALL_ID)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "failure")


def test_a_full_house_sends_callers_straight_to_people(house: House) -> None:
    house.room = False
    assert "<Dial" in house.post("/voice")[1]
    stored = house.records.call(CALL_ID)
    assert stored and stored.reason == "overload"


def test_who_gave_up_twice_within_a_day_is_put_straight_through(house: House) -> None:
    for call_id in ("CA" + "3" * 32, "CA" + "4" * 32):
        assert "<Stream" in house.post("/voice", call_id=call_id)[1]
        house.post("/voice/next", call_id=call_id, CallStatus="completed")
    assert "<Stream" in house.post("/voice", call_id="CA" + "5" * 32, From="+15550198")[1]
    assert "You have called before" in house.post("/voice")[1]
    stored = house.records.call(CALL_ID)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "repeat_caller")


def test_withheld_numbers_and_calls_that_were_answered_are_nobody_giving_up(house: House) -> None:
    for call_id in ("CA" + "3" * 32, "CA" + "4" * 32):
        house.post("/voice", call_id=call_id, From="anonymous")
        house.post("/voice/next", call_id=call_id, CallStatus="completed")
    assert "<Stream" in house.post("/voice", From="anonymous")[1]
    for call_id, outcome in (("CA" + "6" * 32, "served"), ("CA" + "7" * 32, "hung_up"), ("CA" + "8" * 32, "hung_up")):
        house.post("/voice", call_id=call_id)
        house.records.close(call_id, outcome, farewell=True)
    assert "<Stream" in house.post("/voice", call_id="CA" + "5" * 32)[1]


def test_the_next_webhook_of_an_unknown_or_unfinished_call_is_a_transfer(house: House) -> None:
    assert "<Dial" in house.post("/voice/next")[1]
    house.post("/voice")
    assert "<Dial" in house.post("/voice/next")[1]
    stored = house.records.call(CALL_ID)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "failure")


@pytest.mark.parametrize(
    "call_id", ["", "CA1\n2026-12-01 WARNING forged", "../../x", "CA" + "1" * 63, "CA\u0661", "CA 1"]
)
def test_what_is_no_identifier_opens_no_record_and_its_caller_reaches_a_person(house: House, call_id: str) -> None:
    status, answer = house.post("/voice", call_id=call_id)
    assert status == 200 and "<Dial" in answer and "<Stream" not in answer
    assert house.records.call(call_id) is None


@pytest.mark.parametrize("said", ["+7378742833", "+17378742833", "+8656696", "Restricted", "client:jane", ""])
def test_strangers_who_withhold_their_number_are_not_one_repeat_caller(house: House, said: str) -> None:
    for number in range(4):
        call_id = f"CA{number:032}"
        assert "<Stream" in house.post("/voice", call_id=call_id, From=said)[1]
        house.post("/voice/ended", call_id=call_id, CallStatus="completed")
        stored = house.records.call(call_id)
        assert stored and stored.caller == "" and not stored.called_before


@pytest.mark.parametrize("dialled", ["15550133", "sip:+15550133@ivr.example.com", "+1 555-0133", " +15550133"])
def test_a_line_answers_in_its_language_however_it_was_dialled(house: House, dialled: str) -> None:
    house.post("/voice", To=dialled, From="sip:+12025550142@pbx.example.com")
    stored = house.records.call(CALL_ID)
    assert stored and (stored.line, stored.language, stored.caller) == ("+15550133", "fr", "+12025550142")


def test_a_number_that_is_no_line_is_told_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        house.post("/voice", call_id=f"CA{number:032}", To="sip:support@example.com")
    assert [each.getMessage() for each in caplog.records if "no line" in each.getMessage()] == [
        f"call CA{0:032} dialled 'sip:support@example.com', which is no line of config/ivr.yaml"
    ]
    today = TodaysNumbers(house.records.engine, lambda: house.parts.config.zone).now()
    assert [each["why"] for each in today.troubles] == ["sip:support@example.com"]


def test_a_withheld_number_is_stored_as_none(house: House) -> None:
    house.post("/voice", From="anonymous")
    stored = house.records.call(CALL_ID)
    assert stored and stored.caller == ""


def test_an_exception_in_a_webhook_dials_a_person(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.records.engine.dispose()
    monkeypatch.setattr(house.records, "open", lambda *_: 1 / 0)
    status, text = house.post("/voice")
    assert status == 200 and "<Dial" in text


@pytest.mark.parametrize(
    ("path", "verb"), [("whisper", "<Response />"), ("accept", "<Response />"), ("wait", "<Leave"), ("left", "<Dial")]
)
def test_an_exception_gives_each_leg_what_it_can_do(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str, verb: str
) -> None:
    monkeypatch.setattr(house.records, "call", lambda *_: 1 / 0)
    monkeypatch.setattr(house.records, "note", lambda *_: 1 / 0)
    assert verb in house.post(f"/voice/{path}", Digits="1")[1]


def test_without_the_database_the_caller_reaches_a_person_step_by_step(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("the database is gone"))

    house.without_database = True
    for name in ("open", "call", "events", "append", "change"):
        monkeypatch.setattr(house.records, name, gone)
    monkeypatch.setattr(house.parts.callbacks, "promise", gone)
    for path in ("/voice", "/voice/next"):
        text = house.post(path)[1]
        assert "<Dial" in text and "/voice/dialled" in text
    assert "<Enqueue" in house.post("/voice/dialled?team=service", DialCallStatus="busy")[1]
    assert "<Gather" in house.post("/voice/whisper?team=service&by=service&call=" + CALL_ID)[1]
    assert "<Hangup" not in house.post("/voice/accept?team=service&by=service&call=" + CALL_ID, Digits="1")[1]
    assert "<Record" in house.post("/voice/window?team=service&at=1", Digits="1")[1], "no promise that is not stored"
