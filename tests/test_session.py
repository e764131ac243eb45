"""The session loop: real messages in, a real record out, whatever happens in between."""

import csv
import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.call.events import Heard
from ivr.config import Config
from ivr.requests.backend import Result
from ivr.requests.business import Business
from ivr.requests.demonstration import outbox
from ivr.speech.codec import encode_mulaw, read_wav
from ivr.telephony import media
from ivr.telephony.streams import Streams
from tests.house import CALL_ID, SILENCE, STOP, STREAM_ID, TALK, House, frames, key, utterance


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    return House(config, tmp_path)


def ending(house: House) -> tuple[str | None, str | None]:
    stored = house.records.call(CALL_ID)
    assert stored is not None
    return stored.outcome, stored.reason


def test_a_caller_is_answered_from_the_database_and_thanked(house: House) -> None:
    said = (Heard("where is my order", 1.0), Heard("four two seven one nine", 1.0), Heard("no thank you", 1.0))
    socket = house.stream(
        *frames(SILENCE, 200),
        *utterance(),
        *utterance(),
        *frames(SILENCE, 3000),
        *utterance(),
        *frames(SILENCE, 3000),
        said=said,
    )
    assert ending(house) == ("served", None)
    spoken = [event.data["text"] for event in house.records.events(CALL_ID) if event.kind == "said"]
    assert any("4, 2, 7, 1, 9" in text and "shipped" in text for text in spoken)
    assert socket.closed
    assert "<Hangup" in house.post("/voice/next")[1]


def test_asking_for_a_person_closes_the_socket_and_the_next_webhook_dials(house: House) -> None:
    socket = house.stream(*frames(SILENCE, 200), *utterance(), said=(Heard("advisor", 1.0),))
    assert socket.closed and ending(house) == ("transferred", "asked")
    status, text = house.post("/voice/next")
    assert status == 200 and "<Dial" in text and "+12025550142" in text and "customer service" in text
    assert house.post("/voice/next")[1] == text  # a retry gives the same


def test_key_zero_transfers(house: House) -> None:
    house.stream(*frames(SILENCE, 100), key("0"))
    assert ending(house) == ("transferred", "pressed_zero")


def test_silence_alone_reaches_a_person_in_audio_time(house: House) -> None:
    house.stream(*frames(SILENCE, 60_000))
    assert ending(house) == ("transferred", "no_input")


@pytest.mark.parametrize(
    "garbage",
    [
        "not json",
        "[]",
        "{}",
        "\x00\xff",
        b"\xff\xfe",
        json.dumps({"event": "media"}),
        json.dumps({"event": "media", "media": {"payload": 7}}),
        json.dumps({"event": "media", "media": {"payload": "***"}}),
        json.dumps({"event": "dtmf", "dtmf": {"digit": "zero"}}),
        json.dumps({"event": "mark", "mark": []}),
        json.dumps({"event": "media", "media": {"payload": "A" * 40_000}}),
        "[" * 100_000,
    ],
)
def test_garbage_on_the_socket_transfers_the_caller(house: House, garbage: str | bytes) -> None:
    socket = house.stream(*frames(SILENCE, 100), garbage)
    assert socket.closed and ending(house) == ("transferred", "failure")


def test_messages_twilio_may_add_one_day_are_ignored(house: House) -> None:
    house.stream(json.dumps({"event": "weather", "new": True}), *frames(SILENCE, 100), key("0"))
    assert ending(house) == ("transferred", "pressed_zero")


@pytest.mark.parametrize("length", [0, 1, 7, 159, 161, 1000])
def test_frames_of_any_length_are_taken(house: House, length: int) -> None:
    house.stream(*frames(b"\xff" * length, 2000), key("0"))
    assert ending(house) == ("transferred", "pressed_zero")


def test_full_scale_noise_is_survived_and_reaches_a_person(house: House) -> None:
    noise = bytes(range(160))
    house.stream(*frames(noise, 500_000))
    assert ending(house)[0] == "transferred"


@pytest.mark.parametrize("after_ms", [0, 20, 400, 2000, 9000])
def test_a_caller_who_hangs_up_at_any_moment_leaves_a_record(house: House, after_ms: int) -> None:
    house.stream(*frames(SILENCE, after_ms), STOP)
    assert ending(house) == ("hung_up", None)
    assert "<Dial" not in house.post("/voice/next", CallStatus="completed")[1]


@pytest.mark.parametrize("after_ms", [0, 20, 400, 2000])
def test_a_connection_that_breaks_leaves_a_record_and_a_caller_still_there_gets_a_person(
    house: House, after_ms: int
) -> None:
    house.stream(*frames(SILENCE, after_ms))
    assert ending(house)[0] == "hung_up"
    assert "<Dial" in house.post("/voice/next")[1]
    assert ending(house) == ("transferred", "failure")


def test_five_seconds_without_a_frame_end_a_dead_line(house: House) -> None:
    house.post("/voice")
    socket = house.stream(*frames(SILENCE, 100), *[None] * 40)
    assert socket.closed and ending(house) == ("transferred", "failure")
    assert len(socket.incoming) > 10  # it did not wait for the rest


def test_an_exception_in_the_recogniser_transfers_the_caller(house: House) -> None:
    socket = house.stream(*frames(SILENCE, 200), *utterance(), said=(ValueError("bug"),))
    assert socket.closed and ending(house) == ("transferred", "failure")


def test_a_broken_voice_transfers_the_caller(house: House) -> None:
    house.voice.broken = True
    socket = house.stream(*frames(SILENCE, 200))
    assert socket.closed and ending(house) == ("transferred", "failure")


def test_a_database_that_goes_away_still_leads_to_a_person(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def drop() -> None:
        house.without_database = True
        with house.records.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE call_events")
            connection.exec_driver_sql("ALTER TABLE calls RENAME TO gone")

    original = house.streams._begin

    def begin_then_drop(socket: object) -> object:
        session = original(socket)  # type: ignore[arg-type]
        drop()
        return session

    monkeypatch.setattr(house.streams, "_begin", begin_then_drop)
    socket = house.stream(*frames(SILENCE, 200), key("0"))
    assert socket.closed
    status, text = house.post("/voice/next")
    assert status == 200 and "<Dial" in text and "+12025550142" in text


def test_talking_over_the_greeting_clears_it(house: House) -> None:
    said = (Heard("what are your opening hours", 1.0),)
    socket = house.stream(*frames(SILENCE, 200), *utterance(), STOP, said=said)
    assert "clear" in [message["event"] for message in socket.sent]


def test_noise_without_words_does_not_clear_the_greeting(house: House) -> None:
    socket = house.stream(*frames(SILENCE, 200), *frames(TALK, 400), *frames(SILENCE, 800), STOP)
    assert "clear" not in [message["event"] for message in socket.sent]


def test_outgoing_audio_is_at_most_400_ms_ahead_and_names_its_stream(house: House) -> None:
    socket = house.stream(*frames(SILENCE, 1000), STOP)
    sent_bytes = sum(
        len(message["media"]["payload"]) * 3 // 4 for message in socket.sent if message["event"] == "media"
    )  # type: ignore[index]
    assert 1000 * 8 <= sent_bytes <= 1420 * 8
    assert {message["streamSid"] for message in socket.sent} == {STREAM_ID}


def test_a_replayed_token_or_a_second_stream_gets_nothing_and_does_not_disturb(house: House) -> None:
    from tests.house import FakeSocket

    house.stream(*frames(SILENCE, 100), key("0"))
    second = FakeSocket([house.start(), *frames(TALK, 100)])
    house.streams.serve(second)
    assert second.closed and second.sent == []
    assert ending(house) == ("transferred", "pressed_zero")


@pytest.mark.parametrize("token", ["", "wrong", "0" * 64])
def test_a_wrong_token_opens_nothing(house: House, token: str) -> None:
    from tests.house import FakeSocket

    house.post("/voice")
    socket = FakeSocket([house.start(token=token), *frames(TALK, 100)])
    house.streams.serve(socket)
    assert socket.closed and socket.sent == []
    assert "<Dial" in house.post("/voice/next")[1]


def test_a_stream_for_an_unknown_call_opens_nothing(house: House) -> None:
    from tests.house import FakeSocket

    socket = FakeSocket([house.start(call_id="CA" + "9" * 32)])
    house.streams.serve(socket)
    assert socket.closed and socket.sent == []


def test_a_stream_in_another_format_is_refused(house: House) -> None:
    from tests.house import FakeSocket

    house.post("/voice")
    socket = FakeSocket([house.start().replace("audio/x-mulaw", "audio/l16")])
    house.streams.serve(socket)
    assert socket.closed and socket.sent == []


def test_the_words_of_a_call_are_kept_with_their_times(house: House) -> None:
    house.stream(*frames(SILENCE, 200), *utterance(), STOP, said=(Heard("what are your opening hours", 0.9),))
    heard = [event for event in house.records.events(CALL_ID) if event.kind == "heard"]
    assert heard[0].data["intent"] == "opening_hours" and heard[0].data["confidence"] == 0.9
    assert 600 <= heard[0].at_ms <= 1500


def spoken(path: Path) -> list[str]:
    """A recording as media messages, with the silence after it."""
    mulaw = encode_mulaw(read_wav(path))
    messages = [frames(mulaw[at : at + 160], 20)[0] for at in range(0, len(mulaw) - 159, 160)]
    return [*messages, *frames(SILENCE, 3000)]


@pytest.mark.parametrize(
    ("tones", "reason"), [(("angry", "angry"), "tone"), (("not_angry", "not_angry"), "time_budget")]
)
def test_an_upset_voice_is_put_through_and_a_calm_one_is_not_for_its_tone(
    house: House, recordings: Path, tones: tuple[str, ...], reason: str
) -> None:
    manifest = recordings / "tone" / "manifest.csv"
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["speaker"] == "ravdess14" and row["emotion"] != "happy"]
    calm = next(row for row in rows if row["tone"] == "not_angry")
    later = [row for row in rows if row["tone"] == tones[0] and row is not calm][:2]
    talk = [message for row in (calm, *later) for message in spoken(manifest.parent / row["path"])]
    said = (Heard("say that again please", 1.0),) * 4  # nothing that was said tells upset from calm
    house.stream(*frames(SILENCE, 8000), *talk, said=said)
    stored = house.records.call(CALL_ID)
    assert stored and stored.card and ending(house) == ("transferred", reason)
    assert ("sharper voice" in stored.card["tone"]["why"]) == (reason == "tone")


@pytest.mark.parametrize("listens_for_tone", [True, False])
def test_a_voice_without_a_word_is_a_miss_and_a_noise_is_none(
    config: Config, tmp_path: Path, recordings: Path, listens_for_tone: bool
) -> None:
    house = House(config if listens_for_tone else replace(config, tone=None), tmp_path)
    voice = spoken(sorted((recordings / "speech" / "commands").rglob("*.wav"))[0])
    nothing = (Heard("", 0.0),) * 2
    house.stream(*frames(SILENCE, 10_000), *utterance(), *voice, said=nothing)
    assert ending(house) == ("transferred", "no_match")
    noted = [event.kind for event in house.records.events(CALL_ID)]
    assert noted.count("unread") == 1 and "heard" not in noted  # a pure tone came first


def test_no_session_leaves_its_place_taken(house: House) -> None:
    house.stream(*frames(SILENCE, 100), STOP)
    assert house.streams.running() == 0


class HeldBusiness:
    """Asks the real business for an invoice only when ``let_go`` is called."""

    def __init__(self, business: Business) -> None:
        self._business = business
        self.held: list[tuple[tuple[str, Mapping[str, str], str], Future[Result]]] = []

    def start(self, action: str, values: Mapping[str, str], key: str) -> "Future[Result]":
        if action != "invoice_copy":
            return self._business.start(action, values, key)
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        self.held.append(((action, values, key), future))
        return future

    def let_go(self) -> None:
        for asked, future in self.held:
            future.set_result(self._business.start(*asked).result(10))


def test_a_change_the_caller_agreed_to_is_made_once_although_they_hang_up(house: House) -> None:
    business = HeldBusiness(house.parts.business)
    house.streams = Streams(replace(house.parts, business=business))  # type: ignore[arg-type]
    said = (Heard("send me a copy of my invoice", 1.0), Heard("four two seven one nine", 1.0), Heard("yes", 1.0))
    house.stream(*utterance(), *utterance(), *utterance(), STOP, said=said)
    assert ending(house) == ("hung_up", None) and len(business.held) == 1
    stored = house.records.call(CALL_ID)
    assert stored is not None and stored.card and stored.card["pending"] == {"request": "invoice", "how": "sent"}

    business.let_go()
    house.settle()
    results = [event.data for event in house.records.events(CALL_ID) if event.kind == "change_result"]
    assert results == [{"outcome": "sent"}]
    with house.records.engine.connect() as connection:
        assert len(connection.execute(select(outbox)).all()) == 1


def test_audio_that_came_together_is_one_message_and_everything_keeps_its_order() -> None:
    texts = [text.encode() for text in (*frames(TALK, 60), key("1"), *frames(SILENCE, 40), STOP)]
    assert list(media.messages(texts)) == [
        media.Media(TALK * 3),
        media.Key("1"),
        media.Media(SILENCE * 2),
        media.Stop(),
    ]


def test_what_came_before_a_bad_message_is_not_lost() -> None:
    messages = media.messages([*(text.encode() for text in frames(TALK, 40)), b"not json"])
    assert next(messages) == media.Media(TALK * 2)
    with pytest.raises(media.BadMessage):
        next(messages)


@pytest.mark.parametrize("name", ["streamSid", "callSid"])
@pytest.mark.parametrize("given", ["MZ1\n2026-12-01 WARNING forged", "M Z", "M" * 65, "MZ\u0661", "MZ/../1", "\ud800"])
def test_what_is_no_identifier_begins_no_stream(name: str, given: str) -> None:
    start = {"streamSid": STREAM_ID, "callSid": CALL_ID} | {name: given}
    with pytest.raises(media.BadMessage, match=f"^start: {name} is not an identifier$"):
        media.decode(json.dumps({"event": "start", "start": start}))
