"""End of speech, the speech detector, paced playing and the audio codec: all in audio time."""

import json
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call.turns import TurnDetector, TurnTiming
from ivr.grammar import Completeness, Expecting
from ivr.speech.codec import decode_mulaw, encode_mulaw, read_wav
from ivr.speech.detector import SpeechDetector
from ivr.telephony.playout import AHEAD_MS, Playout
from tests.wav import write_wav

REQUEST, NUMBER = Expecting("request"), Expecting("digits", (5,))


def silence_until_end(expecting: Expecting, completeness: Completeness) -> int:
    turn = TurnDetector(TurnTiming())
    for _ in range(30):
        turn.hear(20, speech=True)
    while not turn.ended(expecting, completeness):
        turn.hear(20, speech=False)
    return turn.quiet_ms


def test_half_a_second_of_silence_ends_a_sentence_and_a_number_may_pause_longer() -> None:
    assert silence_until_end(REQUEST, Completeness.OPEN) == 500
    assert silence_until_end(NUMBER, Completeness.OPEN) == 1100


def test_a_sentence_that_nothing_can_extend_ends_at_once() -> None:
    assert silence_until_end(REQUEST, Completeness.FINAL) == 160
    assert silence_until_end(REQUEST, Completeness.COMPLETE) == 340
    assert silence_until_end(NUMBER, Completeness.FINAL) == 160


def test_a_click_is_not_an_utterance() -> None:
    turn = TurnDetector(TurnTiming())
    turn.hear(20, speech=True)
    for _ in range(200):
        assert not turn.hear(20, speech=False)
    assert not turn.began


def test_an_utterance_that_never_pauses_ends_all_the_same() -> None:
    turn = TurnDetector(TurnTiming())
    for _ in range(1010):
        turn.hear(20, speech=True)
    assert turn.ended(REQUEST, Completeness.OPEN)


def noise(level: float, ms: int, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(ms * 8) * level).astype(np.int16)


def share_of_speech(samples: np.ndarray, detector: SpeechDetector) -> float:
    found = [detector.is_speech(samples[at : at + 160]) for at in range(0, len(samples) - 159, 160)]
    return sum(found) / len(found)


@pytest.mark.parametrize("level", [0, 5, 30, 300])
def test_steady_noise_is_not_speech_for_long(level: float) -> None:
    detector = SpeechDetector()
    share_of_speech(noise(level, 6000), detector)
    assert share_of_speech(noise(level, 4000, seed=2), detector) == 0


def test_a_dc_offset_is_silence() -> None:
    assert share_of_speech(np.full(16_000, 3000, dtype=np.int16), SpeechDetector()) == 0


def test_recorded_words_are_speech(recordings: Path) -> None:
    for path in sorted((recordings / "speech" / "digits_en").glob("*.wav"))[:30]:
        detector = SpeechDetector()
        share_of_speech(noise(5, 400), detector)
        assert share_of_speech(read_wav(path), detector) > 0.4, path.name


def test_mulaw_is_its_own_inverse() -> None:
    everything = bytes(range(256))
    again = encode_mulaw(decode_mulaw(everything))
    assert [a for a, b in zip(everything, again, strict=True) if a != b] == [0x7F]  # negative zero becomes zero


@given(st.integers(-32768, 32767))
def test_mulaw_keeps_a_sample_to_within_its_step(sample: int) -> None:
    back = int(decode_mulaw(encode_mulaw(np.array([sample], dtype=np.int16)))[0])
    assert abs(back - max(-32124, min(32124, sample))) <= max(8, abs(sample) // 16)


def test_a_wav_file_comes_back(tmp_path: Path) -> None:
    samples = noise(1000, 500)
    write_wav(tmp_path / "x.wav", samples)
    assert np.array_equal(read_wav(tmp_path / "x.wav"), samples)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF0000WAVE", b"RIFF0000WAVEdata\x04\x00\x00\x00abcd", b"\x00" * 100]
)
def test_a_file_that_is_no_wav_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.wav"):
        read_wav(tmp_path / "x.wav")


class Exchange:
    """What was sent, and how much of it has not been played."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.playout = Playout("MZ1", lambda text: self.sent.append(json.loads(text)))

    def audio_ms(self) -> int:
        return sum(len(b64decode(each["media"]["payload"])) for each in self.sent if each["event"] == "media") // 8  # type: ignore[index]

    def marks(self) -> list[str]:
        return [each["mark"]["name"] for each in self.sent if each["event"] == "mark"]  # type: ignore[index]


def test_audio_is_never_more_than_400_ms_ahead() -> None:
    exchange = Exchange()
    exchange.playout.say("greeting", b"\x10" * 80_000)
    for played in range(0, 9000, 20):
        assert exchange.audio_ms() - played <= AHEAD_MS
        exchange.playout.advance(20)
    assert exchange.marks() == []


def test_the_end_of_the_last_prompt_is_noticed_once() -> None:
    exchange = Exchange()
    exchange.playout.say("one", b"\x10" * 800)
    exchange.playout.say("two", b"\x10" * 800)
    assert exchange.marks()[-1] == "2 two"
    assert not exchange.playout.played("1 one")
    assert exchange.playout.played("2 two")
    assert not exchange.playout.played("2 two")


def test_a_mark_that_never_comes_back_does_not_trap_the_caller() -> None:
    exchange = Exchange()
    exchange.playout.say("one", b"\x10" * 800)
    assert sum(exchange.playout.advance(20) for _ in range(500)) == 1


def test_hush_clears_and_forgets_the_mark() -> None:
    exchange = Exchange()
    exchange.playout.say("one", b"\x10" * 800)
    exchange.playout.hush()
    assert exchange.sent[-1]["event"] == "clear"
    assert not exchange.playout.played("1 one")
