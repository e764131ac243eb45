"""Prompts as audio: recordings, the cache on disk, memory, the voice."""

import errno
import logging
import os
import tempfile
import threading
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.speech.codec import decode_mulaw, duration_ms, encode_mulaw
from ivr.speech.prompts import Prompts, SpokenText
from ivr.speech.voice import EspeakVoice, VoiceFailed

GREETING = SpokenText("greeting", "Hello, this is an automated assistant.", "en", "en-us", 160, fixed=True)
ORDER = SpokenText("order_found", "Your order 4711 arrives today, Jane.", "en", "en-us", 160, fixed=False)


class CountingVoice:
    """Says the text as its own bytes, and remembers what it was asked for."""

    def __init__(self, failing: str = "") -> None:
        self.said: list[str] = []
        self.failing = failing
        self.gate = threading.Event()
        self.gate.set()

    def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
        assert self.gate.wait(10)
        self.said.append(text)
        if self.failing and self.failing in text:
            raise VoiceFailed("no breath left")
        return f"{text}|{voice}|{rate_wpm}".encode() * 10


@pytest.fixture
def voice() -> CountingVoice:
    return CountingVoice()


def prompts(voice: CountingVoice, folder: Path, memory_bytes: int = 1 << 20) -> Prompts:
    return Prompts(voice, folder / "cache", folder / "recordings", memory_bytes)


def record(folder: Path, samples: np.ndarray, rate_hz: int = 8000, channels: int = 1, name: str = "greeting") -> Path:
    path = folder / "recordings" / "en" / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(samples.astype("<i2").tobytes())
    return path


def tone(rate_hz: int, level: int = 5000, seconds: float = 1.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)


def cache_files(folder: Path) -> list[Path]:
    return sorted((folder / "cache").glob("*"))


def test_a_text_is_spoken_once_and_kept_for_the_next_process(voice: CountingVoice, tmp_path: Path) -> None:
    first = prompts(voice, tmp_path).audio(GREETING)
    assert prompts(voice, tmp_path).audio(GREETING) == first
    assert voice.said == [GREETING.text]


@pytest.mark.parametrize("change", [{"text": "Hi."}, {"voice": "en-gb"}, {"rate_wpm": 161}])
def test_another_text_voice_or_rate_is_another_sound(
    voice: CountingVoice, tmp_path: Path, change: dict[str, str]
) -> None:
    parts = prompts(voice, tmp_path)
    assert parts.audio(GREETING) != parts.audio(replace(GREETING, **change))
    assert len(cache_files(tmp_path)) == 2


def test_what_belongs_to_a_caller_is_never_written(voice: CountingVoice, tmp_path: Path) -> None:
    parts = prompts(voice, tmp_path)
    assert parts.audio(ORDER) == parts.audio(ORDER)
    assert voice.said == [ORDER.text], "but remembered"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_memory_is_bounded_and_forgets_the_least_used(voice: CountingVoice, tmp_path: Path) -> None:
    texts = [replace(ORDER, text=f"order number {number}") for number in range(100, 200)]
    parts = prompts(voice, tmp_path, memory_bytes=1000)  # three of them
    for text in texts:
        parts.audio(texts[0])
        parts.audio(text)
    assert voice.said.count(texts[0].text) == 1
    parts.audio(texts[1])
    assert voice.said.count(texts[1].text) == 2


def test_audio_larger_than_the_memory_is_still_given(voice: CountingVoice, tmp_path: Path) -> None:
    parts = prompts(voice, tmp_path, memory_bytes=10)
    assert parts.audio(ORDER) == parts.audio(ORDER) != b""


def test_many_callers_of_one_text_make_it_once(voice: CountingVoice, tmp_path: Path) -> None:
    parts = prompts(voice, tmp_path)
    voice.gate.clear()
    with ThreadPoolExecutor(30) as threads:
        answers = [threads.submit(parts.audio, spoken) for spoken in (GREETING, ORDER) * 15]
        voice.gate.set()
        assert len({answer.result() for answer in answers}) == 2
    assert sorted(voice.said) == sorted([GREETING.text, ORDER.text])


def test_a_failure_reaches_all_who_wait_and_is_not_remembered(tmp_path: Path) -> None:
    voice = CountingVoice(failing="4711")
    parts = prompts(voice, tmp_path)
    voice.gate.clear()
    with ThreadPoolExecutor(5) as threads:
        answers = [threads.submit(parts.audio, ORDER) for _ in range(5)]
        voice.gate.set()
        assert all(isinstance(answer.exception(), VoiceFailed) for answer in answers)
    voice.failing = ""
    assert parts.audio(ORDER)


@pytest.mark.parametrize("damage", [b"", b"short", None, b"ivr prompt 1\n" + bytes(500)])
def test_a_damaged_file_of_the_cache_is_made_again(
    voice: CountingVoice, tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    whole = prompts(voice, tmp_path).audio(GREETING)
    (path,) = cache_files(tmp_path)
    good = path.read_bytes()
    path.write_bytes(good[:-1] if damage is None else damage)
    assert prompts(voice, tmp_path).audio(GREETING) == whole
    assert path.read_bytes() == good
    assert "spoken again" in caplog.text


@pytest.mark.parametrize("obstacle", ["a file is there", "a file above", "a directory in the place of the prompt"])
def test_a_cache_that_cannot_be_written_costs_one_warning(
    voice: CountingVoice, tmp_path: Path, obstacle: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = tmp_path / "cache"
    if obstacle == "a file above":
        cache = cache / "below"
    if obstacle.startswith("a directory"):
        prompts(voice, tmp_path).audio(GREETING)
        (path,) = cache_files(tmp_path)
        path.unlink()
        (path / "x").mkdir(parents=True)
    else:
        (tmp_path / "cache").write_text("in the way")
    parts = Prompts(voice, cache, tmp_path, memory_bytes=0)
    with caplog.at_level(logging.WARNING):
        assert parts.audio(GREETING) and parts.audio(GREETING) and parts.audio(GREETING)
    assert caplog.text.count("cannot be written") == 1
    assert not list(tmp_path.rglob("*.part"))


def test_a_cache_on_a_full_disk_is_still_read(
    voice: CountingVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(**_: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "no space left on device")

    prompts(voice, tmp_path).audio(GREETING)
    monkeypatch.setattr(tempfile, "mkstemp", no_room)
    parts = prompts(voice, tmp_path)
    assert parts.audio(GREETING) and parts.audio(replace(GREETING, text="Good day."))
    assert voice.said == [GREETING.text, "Good day."]


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (44100, 2), (16000, 1)])
def test_a_recording_replaces_the_voice(voice: CountingVoice, tmp_path: Path, rate_hz: int, channels: int) -> None:
    record(tmp_path, np.repeat(tone(rate_hz), channels), rate_hz, channels)
    audio = prompts(voice, tmp_path).audio(GREETING)
    assert duration_ms(audio) == pytest.approx(1000, abs=70)
    spectrum = np.abs(np.fft.rfft(decode_mulaw(audio[:7600])))
    assert np.argmax(spectrum) * 8000 / 7600 == pytest.approx(440, abs=2)
    assert voice.said == []


def test_recordings_may_be_mulaw(voice: CountingVoice, tmp_path: Path) -> None:
    path = record(tmp_path, tone(8000))
    sound = encode_mulaw(tone(8000).astype(np.int16))
    form = b"fmt " + (18).to_bytes(4, "little") + bytes.fromhex("0700 0100 401f0000 401f0000 0100 0800 0000")
    body = b"WAVE" + form + b"data" + len(sound).to_bytes(4, "little") + sound
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    assert duration_ms(prompts(voice, tmp_path).audio(GREETING)) == pytest.approx(1000, abs=70)
    assert voice.said == []


def test_recordings_and_the_voice_are_equally_loud(tmp_path: Path) -> None:
    voice = EspeakVoice()
    parts = Prompts(voice, tmp_path / "cache", tmp_path / "recordings")
    levels = []
    for level in (0, 3000, 20000):
        if level:
            record(tmp_path, tone(8000, level, seconds=1 + level / 1e5))
        loud = decode_mulaw(parts.audio(GREETING)).astype(float)
        loud = loud[: len(loud) // 40 * 40].reshape(-1, 40).std(axis=1)
        levels.append(20 * np.log10(np.sqrt((loud[loud > loud.max() * 0.1] ** 2).mean())))
    voice.close()
    assert max(levels) - min(levels) < 2


def test_a_recording_counts_from_the_moment_it_is_there_until_it_goes(voice: CountingVoice, tmp_path: Path) -> None:
    parts = prompts(voice, tmp_path)
    spoken = parts.audio(GREETING)
    path = record(tmp_path, tone(8000))
    recorded = parts.audio(GREETING)
    record(tmp_path, tone(8000, seconds=2))
    recorded_again = parts.audio(GREETING)
    path.unlink()
    assert len({spoken, recorded, recorded_again}) == 3
    assert parts.audio(GREETING) == spoken


def test_text_of_a_caller_is_never_replaced_by_a_recording(voice: CountingVoice, tmp_path: Path) -> None:
    record(tmp_path, tone(8000), name=ORDER.name)
    assert prompts(voice, tmp_path).audio(ORDER) == voice.speak(ORDER.text, ORDER.voice, ORDER.rate_wpm)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a recording",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0data\x04\0\0\0\1\2\3\4",  # 0 Hz, 0 channels
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\0\0\0\0\0\0\0\0\0\0\x10\0data\x02\0\0\0\1\2",  # half a frame
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\x10\0data\x04\0\0\0\1\2\3\4",  # 0 Hz
    ],
)
def test_a_recording_that_cannot_be_read_is_spoken_and_reported_once(
    voice: CountingVoice, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    record(tmp_path, tone(8000)).write_bytes(content)
    parts = prompts(voice, tmp_path)
    assert parts.audio(GREETING) == parts.audio(GREETING) != b""
    assert voice.said == [GREETING.text]
    assert caplog.text.count("greeting.wav is not played") == 1


@pytest.mark.parametrize("name", ["../en/greeting", "/etc/greeting", "..", ""])
def test_names_cannot_leave_the_folder(voice: CountingVoice, tmp_path: Path, name: str) -> None:
    record(tmp_path, tone(8000)).rename(tmp_path / "greeting.wav")
    parts = prompts(voice, tmp_path)
    parts.audio(replace(GREETING, name=name))
    parts.audio(replace(GREETING, language=name))
    assert voice.said == [GREETING.text]


def test_rendering_prepares_what_is_fixed_and_shows_how_far_it_is(voice: CountingVoice, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    parts = prompts(voice, tmp_path)
    goodbye = replace(GREETING, name="goodbye", text="Goodbye.")
    parts.render([GREETING, ORDER, goodbye], lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]
    assert voice.said == [GREETING.text, goodbye.text]
    parts.render(iter([GREETING]))
    assert len(voice.said) == 2


def test_rendering_names_every_prompt_that_failed_and_makes_the_others(tmp_path: Path) -> None:
    voice = CountingVoice(failing="!")
    failing = [replace(GREETING, name=name, text=f"{name}!") for name in ("first", "second")]
    with pytest.raises(VoiceFailed, match=r"en/first.*en/second"):
        prompts(voice, tmp_path).render([failing[0], GREETING, failing[1]])
    assert len(cache_files(tmp_path)) == 1


def test_many_processes_share_one_cache(tmp_path: Path) -> None:
    texts = [replace(GREETING, text=f"sentence number {number}") for number in range(50)]
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                parts = prompts(CountingVoice(), tmp_path)
                right = all(parts.audio(text).startswith(text.text.encode()) for text in texts)
                os._exit(0 if right else 1)
            finally:
                os._exit(2)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert len(cache_files(tmp_path)) == 50
    voice = CountingVoice()
    prompts(voice, tmp_path).render(texts)
    assert voice.said == []
