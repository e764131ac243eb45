"""The telephone's pure parts: what the ear gets, what the caller does when, what is measured, what is understood."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone.caller import (
    BARGE_IN_MS,
    FRAME_MS,
    LISTENING_MS,
    QUIET,
    Caller,
    Frame,
    HangUp,
    Item,
    Pause,
    Press,
    Utterance,
)
from ivr.phone.messages import Audio, BadMessage, Clear, Mark, Writer, decode
from ivr.phone.natural_voice import natural_voice
from ivr.phone.playback import Playback
from ivr.phone.sound import Synthesis, recording, speech_ends_ms, telephone_band
from ivr.phone.timings import Timings
from ivr.phone.twiml import BadTwiml, parse
from tests.wav import write_wav


def beep(ms: int = 200, silence_ms: int = 0, text: str = "beep") -> Utterance:
    return Utterance(text, b"\x20" * (8 * ms) + QUIET[:1] * (8 * silence_ms), ms)


# Playback ------------------------------------------------------------------------------------------------------------


def test_a_mark_comes_back_when_the_audio_before_it_has_been_played() -> None:
    ear = Playback()
    ear.add_audio(0, 100)
    ear.add_mark(0, "one")
    ear.add_audio(10, 100)
    ear.add_mark(10, "two")
    assert ear.played(99) == []
    assert ear.played(100) == ["one"]
    assert ear.played(199) == []
    assert ear.played(250) == ["two"]


def test_a_mark_on_an_empty_buffer_comes_back_at_once() -> None:
    ear = Playback()
    ear.add_mark(5, "now")
    assert ear.played(5) == ["now"]
    ear.add_audio(10, 20)
    ear.add_mark(500, "later")
    assert ear.played(500) == ["later"]


def test_clear_empties_the_buffer_and_gives_back_every_mark_in_order() -> None:
    ear = Playback()
    ear.add_audio(0, 1000)
    ear.add_mark(0, "one")
    ear.add_audio(0, 1000)
    ear.add_mark(0, "two")
    assert ear.clear(300) == ["one", "two"]
    assert ear.quiet_ms(400) == 100
    assert ear.played(5000) == []
    assert ear.clear(400) == []


def test_audio_is_played_in_real_time_however_fast_it_arrives() -> None:
    ear = Playback()
    for at in range(10):
        ear.add_audio(at, 20)
    assert (ear.quiet_ms(199), ear.quiet_ms(201)) == (0, 1)


def test_audio_after_a_mark_or_a_pause_begins_a_new_prompt_and_a_late_frame_does_not() -> None:
    ear = Playback()
    assert ear.add_audio(0, 100) is None
    assert ear.add_audio(50, 20) == 0  # in time
    assert ear.add_audio(150, 20) == 30  # the ear had nothing for 30 ms
    assert ear.began_ms == 0
    ear.add_mark(160, "end")
    assert ear.add_audio(165, 20) == 0  # still playing: the two run together
    ear.add_mark(170, "end")
    assert ear.add_audio(200, 20) is None
    assert ear.began_ms == 200
    assert ear.add_audio(400, 20) is None  # nobody said so, but 180 ms of nothing is a pause
    ear.clear(405)
    assert ear.add_audio(410, 20) is None


@given(st.lists(st.tuples(st.sampled_from(["audio", "mark", "clear", "time"]), st.integers(0, 300)), max_size=60))
def test_every_mark_comes_back_exactly_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    ear, now, sent, back = Playback(), 0, [], []
    for kind, amount in steps:
        match kind:
            case "audio":
                ear.add_audio(now, amount)
            case "mark":
                sent.append(str(len(sent)))
                ear.add_mark(now, sent[-1])
            case "clear":
                back += ear.clear(now)
                assert ear.quiet_ms(now + 1) >= 1
            case "time":
                now += amount
        back += ear.played(now)
    assert back + ear.played(now + 1_000_000) == sent


# The caller ----------------------------------------------------------------------------------------------------------


class Room:
    """A caller and an ear, 20 ms at a time."""

    def __init__(self, *script: Item, barge_in: bool = False) -> None:
        self.caller, self.ear, self.now = Caller(script, barge_in), Playback(), 0
        self.did: list[tuple[int, Item | str]] = []

    def prompt(self, ms: int) -> None:
        self.ear.add_audio(self.now, ms)
        self.ear.add_mark(self.now, "end")

    def wait(self, ms: int) -> list[Frame]:
        frames = []
        for _ in range(ms // FRAME_MS):
            frame = self.caller.frame(self.now, self.ear)
            if frame.begins is not None:
                self.did.append((self.now, frame.begins))
            if frame.hangs_up:
                self.did.append((self.now, "hangs up"))
            frames.append(frame)
            self.now += FRAME_MS
        return frames

    def begun(self) -> list[Item | str]:
        return [item for _, item in self.did]


def test_nobody_speaks_before_something_was_said() -> None:
    room = Room(beep())
    room.wait(5000)
    assert room.begun() == []


def test_the_caller_speaks_when_the_prompt_has_been_over_for_a_moment() -> None:
    room = Room(beep())
    room.prompt(1000)
    room.wait(3000)
    assert room.did == [(1000 + LISTENING_MS + 10, beep())]  # the next frame after the moment


def test_one_prompt_invites_one_item_and_the_order_is_kept() -> None:
    items: list[Item] = [beep(text="one"), Press("12"), beep(text="two"), HangUp()]
    room = Room(*items)
    for count, expected in enumerate([items[0], items[1], items[2], "hangs up"], 1):
        room.prompt(300)
        room.wait(4000)
        assert len(room.did) == count
        assert room.begun()[-1] == expected
    assert room.caller.finished


def test_barge_in_speaks_a_second_into_each_prompt() -> None:
    room = Room(beep(text="one"), beep(text="two"), barge_in=True)
    room.prompt(5000)
    room.wait(3000)
    assert room.did == [(BARGE_IN_MS, beep(text="one"))]
    room.ear.clear(room.now)
    began = room.now
    room.prompt(5000)
    room.wait(3000)
    assert room.did[1] == (began + BARGE_IN_MS, beep(text="two"))


def test_barge_in_waits_for_a_new_prompt_when_the_old_one_is_not_stopped() -> None:
    room = Room(beep(text="one"), beep(text="two"), barge_in=True)
    room.prompt(20_000)
    room.wait(19_000)
    assert room.begun() == [beep(text="one")]


def test_an_answer_that_begins_just_before_the_caller_has_finished_invites_the_next_item() -> None:
    room = Room(beep(1000, text="one"), beep(text="two"))
    room.prompt(100)
    while not room.did:
        room.wait(20)
    room.wait(900)
    room.prompt(300)
    room.wait(3000)
    assert room.begun() == [beep(1000, text="one"), beep(text="two")]


def test_an_answer_during_the_silence_at_the_end_of_a_recording_invites_the_next_item() -> None:
    room = Room(beep(200, silence_ms=2000, text="one"), beep(text="two"))
    room.prompt(100)
    while not room.did:
        room.wait(20)
    room.wait(600)
    room.prompt(300)
    room.wait(4000)
    assert [item.text for item in room.begun() if isinstance(item, Utterance)] == ["one", "two"]


def test_a_pause_is_not_waited_for_by_anybody() -> None:
    room = Room(Pause(500), beep(text="one"), Pause(300), beep(text="two"), HangUp())
    room.wait(3000)
    (first, _), (second, _) = room.did
    assert first == 500
    assert second == 500 + 200 + 300
    assert "hangs up" not in room.begun()


def test_keys_are_pressed_one_after_the_other() -> None:
    room = Room(Pause(0), Press("4#0"))
    keys = [(frame.key, at * FRAME_MS) for at, frame in enumerate(room.wait(2000)) if frame.key]
    assert [key for key, _ in keys] == ["4", "#", "0"]
    assert {later - earlier for (_, earlier), (_, later) in pairwise(keys)} == {200}


def test_an_utterance_is_sent_whole_and_its_end_is_where_the_speech_ends() -> None:
    said = Utterance("odd", b"\x20" * 1000 + QUIET[:1] * 555, 125)
    frames = Room(Pause(0), said).wait(1000)
    spoken = frames[1:11]
    assert b"".join(frame.mulaw for frame in spoken) == said.mulaw + QUIET[:1] * 45
    assert [frame.speech_ended for frame in spoken].index(True) == 6  # 125 ms end in the seventh frame
    assert sum(frame.speech_ended for frame in frames) == 1


def test_outside_a_stream_the_script_gives_keys_speech_and_the_end() -> None:
    caller = Caller([Press("12#34"), Press("5"), beep(text="a"), Pause(10), beep(text="b"), HangUp()])
    assert caller.take_keys(None, "#") == "12#"
    assert caller.take_keys(1, "#") == "3"
    assert caller.take_keys(None, "#") == "45"
    assert caller.take_keys() == ""
    assert not caller.hangs_up_now()
    assert [said.text for said in caller.take_speech()] == ["a", "b"]
    assert caller.hangs_up_now()


# Timings -------------------------------------------------------------------------------------------------------------


def test_a_reply_runs_from_the_end_of_speech_to_the_first_frame_of_the_answer() -> None:
    timings = Timings()
    timings.audio(50, None)
    timings.audio(70, 0.0)
    timings.item_begins(is_speech=True)
    timings.item_ended(3000)
    timings.audio(3400, None)
    timings.audio(3420, 0.0)
    timings.item_begins(is_speech=True)
    timings.item_ended(6000)
    timings.closed(6200, by_server=True)
    assert timings.first_audio_ms == 50
    assert timings.replies_ms == [400]
    assert timings.close_after_ms == 200
    assert timings.closed_ms == 6200


def test_the_rest_of_the_old_prompt_is_no_answer() -> None:
    timings = Timings()
    timings.audio(0, None)
    timings.item_begins(is_speech=True)  # while it plays
    timings.audio(1000, 0.0)
    timings.item_ended(1500)
    timings.audio(1600, 0.0)  # still the old one
    timings.cleared()
    timings.audio(1900, None)
    timings.closed(2000, by_server=False)
    assert timings.replies_ms == [400]
    assert timings.close_after_ms is None


def test_a_prompt_that_talks_over_the_caller_is_no_answer() -> None:
    timings = Timings()
    timings.item_begins(is_speech=True)
    timings.audio(500, None)
    timings.cleared()  # the server notices
    timings.item_ended(2000)
    timings.audio(2300, None)
    timings.item_begins(is_speech=True)
    timings.audio(3000, None)
    timings.item_ended(5000)  # two seconds later: that was no answer either
    timings.audio(5250, None)
    timings.closed(6000, by_server=True)
    assert timings.replies_ms == [300, 250]


def test_an_answer_just_before_the_end_counts_as_at_once() -> None:
    timings = Timings()
    timings.item_begins(is_speech=True)
    timings.audio(900, None)
    timings.item_ended(1000)
    timings.closed(2000, by_server=True)
    assert timings.replies_ms == [0]


def test_keys_have_no_reply_but_a_close_counts_from_the_last_one() -> None:
    timings = Timings()
    timings.item_begins(is_speech=False)
    timings.item_ended(1000)
    timings.item_ended(1200)
    timings.audio(1300, None)
    timings.closed(1350, by_server=True)
    assert timings.replies_ms == []
    assert timings.close_after_ms == 150


def test_a_close_while_the_caller_still_speaks_comes_after_no_time() -> None:
    timings = Timings()
    timings.item_begins(is_speech=True)
    timings.closed(700, by_server=True)
    assert timings.close_after_ms == 0
    assert timings.replies_ms == []


def test_late_frames_are_those_the_ear_had_to_wait_for() -> None:
    timings = Timings()
    for late_ms in (None, 0.0, 12.5, None, 0.0):
        timings.audio(1, late_ms)
    assert timings.late_ms == [0.0, 12.5, 0.0]


# Messages ------------------------------------------------------------------------------------------------------------


def test_the_exchange_writes_what_twilio_writes() -> None:
    writer = Writer("MZ1", "AC1", "CA1")
    start, media, dtmf, mark, stop = (
        json.loads(text)
        for text in (
            writer.start({"token": "t"}),
            writer.media(QUIET, 0),
            writer.dtmf("5"),
            writer.mark('3 "greeting"'),
            writer.stop(),
        )
    )
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "streamSid": "MZ1",
            "accountSid": "AC1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "customParameters": {"token": "t"},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        },
    }
    assert media["sequenceNumber"] == "2"
    assert media["media"] == {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": "/" * 213 + "w=="}
    assert dtmf["dtmf"] == {"track": "inbound_track", "digit": "5"}
    assert mark["mark"] == {"name": '3 "greeting"'}
    assert stop["stop"] == {"accountSid": "AC1", "callSid": "CA1"}
    assert [each["sequenceNumber"] for each in (dtmf, mark, stop)] == ["3", "4", "5"]


def test_the_three_messages_of_a_server_are_understood() -> None:
    assert decode('{"event":"media","streamSid":"MZ1","media":{"payload":"AAEC"}}', "MZ1") == Audio(b"\x00\x01\x02")
    assert decode('{"event":"mark","streamSid":"MZ1","mark":{"name":"1 greeting"}}', "MZ1") == Mark("1 greeting")
    assert decode('{"event":"clear","streamSid":"MZ1"}', "MZ1") == Clear()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"event":"clear"}', "streamSid"),
        ('{"event":"clear","streamSid":"MZ2"}', "streamSid"),
        ('{"event":"stop","streamSid":"MZ1"}', "unknown event"),
        ('{"event":"media","streamSid":"MZ1"}', "no payload"),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":7}}', "no payload"),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"*"}}', "base64"),
        ('{"event":"mark","streamSid":"MZ1","mark":{}}', "no name"),
    ],
)
def test_what_twilio_would_ignore_is_named(text: str, why: str) -> None:
    with pytest.raises(BadMessage, match=why):
        decode(text, "MZ1")


# TwiML ---------------------------------------------------------------------------------------------------------------


def test_a_document_is_read_with_its_nouns_and_its_relative_urls() -> None:
    document = parse(
        '<?xml version="1.0" encoding="UTF-8"?><Response><Dial timeout="20" action="/next?a=1&amp;b=2">'
        '<Number url="whisper">\n +15550111 </Number></Dial></Response>',
        "http://host/voice/x",
    )
    (dial,) = document.verbs
    assert (dial.name, dial.seconds("timeout", 30), dial.seconds("other", 7)) == ("Dial", 20, 7)
    assert document.absolute(dial.attributes["action"]) == "http://host/next?a=1&b=2"
    assert dial.nouns[0].text == "+15550111"
    assert document.absolute(dial.nouns[0].attributes["url"]) == "http://host/voice/whisper"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "<Response>",
        "<html></html>",
        '<!DOCTYPE x [<!ENTITY a "b">]><Response>&a;</Response>',
        "<Response>" + " " * 70_000 + "</Response>",
        "\x00\xff",
    ],
)
def test_what_is_no_twiml_is_refused(text: str) -> None:
    with pytest.raises(BadTwiml):
        parse(text, "http://host/voice")


def test_plain_text_is_read_aloud_and_sound_is_played() -> None:
    (said,) = parse("Hello there", "http://h/", "text/plain; charset=utf-8").verbs
    assert (said.name, said.text) == ("Say", "Hello there")
    (played,) = parse("", "http://h/a.mp3", "audio/mpeg").verbs
    assert (played.name, played.text) == ("Play", "http://h/a.mp3")
    (hangup,) = parse("<Response><Hangup/></Response>", "http://h/", "text/plain").verbs
    assert hangup.name == "Hangup"


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1e9"])
def test_a_time_that_is_none_is_refused(value: str) -> None:
    (pause,) = parse(f'<Response><Pause length="{value}"/></Response>', "http://h/").verbs
    with pytest.raises(BadTwiml, match="Pause length"):
        pause.seconds("length", 1)


# Sound ---------------------------------------------------------------------------------------------------------------


def _tone(hz: float, ms: int, amplitude: float = 8000) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(8 * ms) / 8000)).astype(np.int16)


@pytest.mark.parametrize(("hz", "passes"), [(50, False), (140, False), (500, True), (3000, True), (3700, False)])
def test_a_line_passes_the_telephone_band_only(hz: float, passes: bool) -> None:
    loudness = np.abs(telephone_band(_tone(hz, 1000))[1000:-1000]).max()
    assert loudness > 7000 if passes else loudness < 400


def test_speech_ends_where_the_noise_of_the_line_begins() -> None:
    generator = np.random.default_rng(7)
    noise = generator.normal(0, 20, 8 * 700).astype(np.int16)
    assert speech_ends_ms(np.concatenate([_tone(500, 400), noise])) == 400
    assert speech_ends_ms(np.zeros(800, dtype=np.int16)) == FRAME_MS


def test_a_recording_becomes_an_utterance(tmp_path) -> None:
    path = tmp_path / "hello.wav"
    write_wav(path, np.concatenate([_tone(500, 300), np.zeros(8 * 300, dtype=np.int16)]))
    said = recording(path)
    assert said.text == "hello.wav"
    assert 300 <= said.ends_ms <= 340  # the filter rings a little
    assert len(said.mulaw) == 8 * 600
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(ValueError, match=r"text\.wav"):
        recording(tmp_path / "text.wav")


def test_an_english_caller_has_a_natural_voice_where_one_is_installed() -> None:
    pytest.importorskip("hibari")
    assert natural_voice() is natural_voice()  # loaded once
    with Synthesis() as synthesis:
        said = synthesis.say("where is my order", "en")
        assert 500 < said.ends_ms <= len(said.mulaw) / 8 < 2000
        assert synthesis.say("where is my order", "en") == said
        with pytest.raises(ValueError, match="nothing to be said"):
            synthesis.say("...", "en")


def test_a_sentence_is_spoken_in_the_voice_of_its_language() -> None:
    class Voice:
        def __init__(self) -> None:
            self.asked: list[tuple[str, str]] = []

        def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
            self.asked.append((text, voice))
            return b"\x20" * 1600 if text != "..." else b""

    voice = Voice()
    with Synthesis(voice) as synthesis:
        assert len(synthesis.say("상담원 연결", "ko").mulaw) == 1600
        synthesis.say("bonjour", "fr")
        synthesis.say("hello", "en")
        with pytest.raises(ValueError, match="nothing to be said"):
            synthesis.say("...", "en")
    assert voice.asked[:3] == [("상담원 연결", "ko+f4"), ("bonjour", "fr"), ("hello", "en-gb")]
