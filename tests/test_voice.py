"""The voice, with the real eSpeak NG."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import espeakng_loader
import numpy as np
import psutil
import pytest

from ivr.speech.codec import decode_mulaw, duration_ms
from ivr.speech.recogniser import RATE_HZ
from ivr.speech.voice import EspeakVoice, VoiceFailed, telephone_sound

SENTENCES = {
    "en-us": "Your parcel left our warehouse this morning.",
    "en-gb": "Your parcel left our warehouse this morning.",
    "fr": "Votre colis est parti de notre entrepôt ce matin.",
    "cs": "Vaše zásilka dnes ráno opustila náš sklad.",
    "ko": "고객님의 소포가 오늘 아침에 출발했습니다.",
}


@pytest.fixture
def voice() -> Iterator[EspeakVoice]:
    voice = EspeakVoice()
    yield voice
    voice.close()


def speaking_processes(of: int | None = None) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(of).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(part.endswith("voice_process.py") for part in child.cmdline()):
                found.append(child)
    return found


def gone(pid: int, within_s: float = 15) -> bool:
    end = time.monotonic() + within_s
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("name", SENTENCES)
def test_every_language_is_spoken(voice: EspeakVoice, name: str) -> None:
    assert 2000 < duration_ms(voice.speak(SENTENCES[name], name, 160)) < 6000


def test_a_voice_may_have_a_variant(voice: EspeakVoice) -> None:
    assert voice.speak("Hello there", "en-us+f3", 160) != voice.speak("Hello there", "en-us", 160)


def test_the_rate_is_obeyed_each_time(voice: EspeakVoice) -> None:
    durations = [duration_ms(voice.speak(SENTENCES["en-us"], "en-us", rate)) for rate in (80, 160, 320, 160, 80)]
    assert durations[0] > durations[1] > durations[2] < durations[3] < durations[4]
    assert durations[1] == pytest.approx(durations[3], rel=0.03)
    assert durations[0] == pytest.approx(durations[4], rel=0.03)


def test_silence_around_speech_is_cut_and_speech_is_equally_loud(voice: EspeakVoice) -> None:
    for name, text in SENTENCES.items():
        sound = decode_mulaw(voice.speak(text, name, 160)).astype(float)
        audible = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * 0.02)
        assert audible[0] <= RATE_HZ * 0.02
        assert len(sound) - audible[-1] <= RATE_HZ * 0.2
        assert np.abs(sound).max() < 32000
        loud = sound.reshape(-1, 40).std(axis=1)
        assert 20 * np.log10(loud[loud > loud.max() * 0.1].mean() / 32768) == pytest.approx(-22, abs=2)


@pytest.mark.parametrize("text", ["", "   ", "...", "\n\t", "\0", "!?"])
def test_nothing_to_say_is_no_audio(voice: EspeakVoice, text: str) -> None:
    assert voice.speak(text, "en-us", 160) == b""
    assert not speaking_processes()


@pytest.mark.parametrize(
    "text", ["a\0b and more words", "\ud800 broken", "<speak>one & two</speak>", "[[h@l'oU]] 🙂 ok"]
)
def test_strange_text_is_spoken(voice: EspeakVoice, text: str) -> None:
    assert duration_ms(voice.speak(text, "en-us", 160)) > 300


def test_what_cannot_be_spoken_says_why(voice: EspeakVoice) -> None:
    with pytest.raises(VoiceFailed, match="no voice 'martian'"):
        voice.speak("greetings", "martian", 160)
    with pytest.raises(VoiceFailed, match="20 words a minute"):
        voice.speak("hello", "en-us", 20)
    with pytest.raises(VoiceFailed, match="too long"):
        voice.speak("word " * 401, "en-us", 160)
    assert voice.speak("hello", "en-us", 160), "and the voice still works"


def test_the_longest_text_is_spoken_whole(voice: EspeakVoice) -> None:
    assert duration_ms(voice.speak(("word " * 400).strip(), "en-us", 160)) > 60_000


@pytest.mark.parametrize("processes", [1, 2])
def test_callers_at_the_same_time_each_get_their_own_text(processes: int) -> None:
    texts = ["one", "one two three four", "one two three four five six seven eight nine ten eleven"]
    jobs = [(text, name) for text in texts for name in ("en-us", "fr")] * 10
    voice = EspeakVoice(processes=processes)
    with contextlib.closing(voice), ThreadPoolExecutor(20) as threads:
        expected = {job: duration_ms(voice.speak(*job, 160)) for job in jobs[:6]}
        assert len({round(ms, -2) for ms in expected.values()}) >= 3
        audios = threads.map(lambda job: voice.speak(*job, 160), jobs)
        for job, audio in zip(jobs, audios, strict=True):
            assert duration_ms(audio) == pytest.approx(expected[job], abs=60), job
        assert len(speaking_processes()) == processes


def test_nothing_runs_before_the_first_word() -> None:
    with contextlib.closing(EspeakVoice()) as voice:
        assert not speaking_processes()
        voice.speak("hello", "en-us", 160)
        assert len(speaking_processes()) == 1
    assert not speaking_processes()
    with pytest.raises(VoiceFailed, match="closed"):
        voice.speak("hello", "en-us", 160)


def test_closing_ends_what_is_under_way() -> None:
    voice = EspeakVoice(processes=2)
    voice.speak("hello", "en-us", 160)
    with ThreadPoolExecutor(10) as threads:
        answers = [threads.submit(voice.speak, SENTENCES["fr"], "fr", 160) for _ in range(100)]
        answers[3].result()
        voice.close()
        assert not speaking_processes()
        failures = [answer.exception() for answer in answers]
    assert all(failure is None or "closed" in str(failure) for failure in failures)
    assert any(failures)
    voice.close()


def test_a_killed_process_is_replaced(voice: EspeakVoice) -> None:
    voice.speak("hello", "en-us", 160)
    with ThreadPoolExecutor(5) as threads:
        audios = [threads.submit(voice.speak, SENTENCES["fr"], "fr", 160) for _ in range(40)]
        for _ in range(2):
            audios[0].result()
            for process in speaking_processes():
                process.kill()
            audios = audios[10:]
        assert all(duration_ms(audio.result()) > 2000 for audio in audios)
    assert len(speaking_processes()) == 1


def test_a_hanging_process_is_replaced() -> None:
    with contextlib.closing(EspeakVoice(timeout_s=3)) as voice:
        voice.speak("hello", "en-us", 160)
        (hanging,) = speaking_processes()
        hanging.suspend()
        assert duration_ms(voice.speak(SENTENCES["cs"], "cs", 160)) > 2000
        assert gone(hanging.pid)


def test_a_process_that_cannot_answer_in_time_is_an_error_not_a_wait() -> None:
    no_time = EspeakVoice(timeout_s=-2)  # a text of 2,000 characters gets two seconds more
    with contextlib.closing(no_time) as voice, pytest.raises(VoiceFailed, match="3 attempts"):
        voice.speak("words" * 400, "en-us", 160)


def test_signals_for_the_service_do_not_end_the_voice(voice: EspeakVoice) -> None:
    voice.speak("hello", "en-us", 160)
    (process,) = speaking_processes()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)
    assert voice.speak("hello", "en-us", 160)
    assert speaking_processes() == [process]


@pytest.mark.parametrize("used_before", [False, True])
def test_a_fork_speaks_with_a_process_of_its_own(voice: EspeakVoice, used_before: bool) -> None:
    if used_before:
        voice.speak("hello", "en-us", 160)
    mine = {process.pid for process in speaking_processes()}
    child = os.fork()
    if child == 0:
        try:
            spoken = voice.speak("hello from the child", "en-us", 160)
            own = {process.pid for process in speaking_processes(os.getpid())}
            os._exit(0 if spoken and len(own) == 1 and not own & mine else 1)
        finally:
            os._exit(2)
    assert voice.speak("hello from the parent", "en-us", 160)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert voice.speak("hello again", "en-us", 160)


def test_the_process_ends_with_its_parent_however_that_ends() -> None:
    program = (
        "import os, signal, psutil\n"
        "from ivr.speech.voice import EspeakVoice\n"
        "voice = EspeakVoice()\n"
        "voice.speak('hello', 'en-us', 160)\n"
        "child = psutil.Process().children()[0]\n"
        "if os.fork() == 0:\n"  # a fork keeps the pipe open: closing it is then no sign
        "    signal.pause()\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout is not None
    speaking = int(parent.stdout.readline())
    parent.wait()
    try:
        assert gone(speaking)
    finally:
        os.killpg(parent.pid, signal.SIGKILL)


def test_the_library_comes_from_the_wheel_and_nothing_is_written(voice: EspeakVoice) -> None:
    voice.speak("hello", "en-us", 160)
    (process,) = speaking_processes()
    libraries = {part for part in Path(f"/proc/{process.pid}/maps").read_text().split() if "libespeak" in part}
    assert libraries and all("espeakng_loader" in path for path in libraries)
    assert all("memfd" in file.path or file.path == os.devnull for file in process.open_files())


def test_rumble_goes_speech_stays() -> None:
    seconds = np.arange(RATE_HZ) / RATE_HZ
    both = (8000 * np.sin(2 * np.pi * 60 * seconds) + 8000 * np.sin(2 * np.pi * 1000 * seconds)).astype(np.int16)
    spectrum = np.abs(np.fft.rfft(telephone_sound(both)[: RATE_HZ // 2]))
    assert spectrum[30] < spectrum[500] / 100


def test_silence_stays_silence() -> None:
    for silence in (np.zeros(0, np.int16), np.zeros(8000, np.int16)):
        assert len(telephone_sound(silence)) == len(silence)
    hiss = np.random.default_rng(1).integers(-3, 4, 8000).astype(np.int16)
    assert np.abs(telephone_sound(hiss)).max() <= 50


def test_a_deep_installation_speaks(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30) / ("deeper" * 20)  # eSpeak itself gives up beyond 160 characters
    deep.mkdir(parents=True)
    (deep / "espeakng_loader").symlink_to(Path(espeakng_loader.__file__).parent)
    program = (
        "import espeakng_loader\n"
        "from ivr.speech.voice import EspeakVoice\n"
        "print(espeakng_loader.__file__, len(EspeakVoice().speak('hello', 'en-us', 160)))\n"
    )
    spoken = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(deep)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert spoken.stdout.startswith(str(deep))
    assert int(spoken.stdout.split()[-1]) > 2000
