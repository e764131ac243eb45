"""The voice: text -> telephone audio, with eSpeak NG in a process of its own."""

import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.speech import voice_process
from ivr.speech.codec import encode_mulaw, resample
from ivr.speech.recogniser import RATE_HZ, Samples

SLOWEST_WPM, FASTEST_WPM = 80, 450  # what eSpeak NG accepts
LONGEST_TEXT = 2000  # characters: two minutes of speech, longer than anybody listens
_ESPEAK_HZ = 22050
_ATTEMPTS = 3
_START_TIMEOUT_S = 10.0  # 0.1 s on an idle machine; a server starting all its workers at once is not idle
_PATIENCE_S_PER_CHARACTER = 0.001  # eSpeak needs a tenth of it; the rest is for a loaded machine
_SHORTEST_MS_PER_LETTER = 10  # at 450 words a minute a letter lasts over 20 ms; less means that audio is missing


class VoiceFailed(Exception):
    """There is no audio for this text; the message says why."""


class Voice(Protocol):
    """Turns text into telephone audio.  Called by many threads at once."""

    def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
        """``text`` as μ-law audio, 8,000 bytes a second, without silence around it; b"" if there is nothing to say.

        ``voice`` is one of the implementation's own names.  Raises VoiceFailed.
        """
        ...


class EspeakVoice:
    """eSpeak NG through pyttsx3.  ``voice`` is a language (en-us, en-gb, fr, ...), with a variant if wanted (fr+f3).

    Nothing is started before the first ``speak``, and a process that was forked from another starts its own, so it is
    safe to construct one before a server forks its workers.  An utterance that takes longer than ``timeout_s`` (plus
    1 ms for each character) ends the speaking process; a new one tries again, three times in all.

    ``processes``: how many speak at the same time.  One makes 60 to 80 sentences a second; a second one, 10 MB more,
    nearly doubles that, since half of the time goes into pyttsx3's own pauses.
    """

    def __init__(self, timeout_s: float = 2.0, processes: int = 1) -> None:
        self._timeout_s = timeout_s
        self._processes = processes
        self._crews: dict[int, _Crew] = {}  # by process id: a fork inherits its parent's crew and must not use it

    def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
        text = "".join(character if character.isprintable() else " " for character in text).strip()
        letters = sum(character.isalnum() for character in text)
        if not letters:
            return b""
        if len(text) > LONGEST_TEXT:
            raise VoiceFailed(f"a text of {len(text)} characters is too long to be spoken; {LONGEST_TEXT} is the most")
        if not SLOWEST_WPM <= rate_wpm <= FASTEST_WPM:
            raise VoiceFailed(f"{rate_wpm} words a minute: eSpeak NG speaks {SLOWEST_WPM} to {FASTEST_WPM}")
        request = json.dumps({"text": text, "voice": voice, "rate_wpm": rate_wpm}).encode()
        limit_s = self._timeout_s + _PATIENCE_S_PER_CHARACTER * len(text)
        samples = self._crew().speak(request, limit_s, letters * _SHORTEST_MS_PER_LETTER)
        return encode_mulaw(telephone_sound(resample(samples, _ESPEAK_HZ, RATE_HZ)))

    def close(self) -> None:
        """End the speaking processes.  ``speak`` fails from now on, in this process; forks of it are not affected."""
        self._crew().close()

    def _crew(self) -> "_Crew":
        crew = self._crews.get(os.getpid())
        return crew or self._crews.setdefault(os.getpid(), _Crew(self._processes))


class _Crew:
    """The speaking processes of one process, each used by one thread at a time."""

    def __init__(self, processes: int) -> None:
        self._speakers = [_Speaker() for _ in range(processes)]
        # Last in, first out: the second process is started only when the first is busy.
        self._idle: queue.LifoQueue[_Speaker] = queue.LifoQueue()
        for speaker in self._speakers:
            self._idle.put(speaker)

    def speak(self, request: bytes, limit_s: float, shortest_ms: float) -> NDArray[np.int16]:
        """The samples eSpeak made of ``request``.  Raises VoiceFailed."""
        try:
            speaker = self._idle.get(timeout=_ATTEMPTS * limit_s)
        except queue.Empty:
            raise VoiceFailed(f"the voice was busy for {_ATTEMPTS * limit_s:.0f} s") from None
        why = ""
        try:
            for _ in range(_ATTEMPTS):
                try:
                    samples = speaker.speak(request, limit_s)
                except _TryAgain as error:
                    why = str(error)
                    continue
                if len(samples) * 1000 >= shortest_ms * _ESPEAK_HZ:
                    return samples
                why = "eSpeak left out a part of the text"
        finally:
            self._idle.put(speaker)
        raise VoiceFailed(f"{why} ({_ATTEMPTS} attempts)")

    def close(self) -> None:
        for speaker in self._speakers:
            speaker.forbid()
        back: list[_Speaker] = []
        with contextlib.suppress(queue.Empty):
            while len(back) < len(self._speakers):  # they come at once: the threads that had them lost their process
                back.append(self._idle.get(timeout=_START_TIMEOUT_S))
        for speaker in back:
            speaker.end()
            self._idle.put(speaker)


class _TryAgain(Exception):
    """The speaking process failed; another attempt may succeed."""


class _Ended(_TryAgain):
    """There is no speaking process any more."""


class _Speaker:
    """One speaking process, started when it is needed.

    A plain child with two pipes, not ``multiprocessing``: that imports the parent's ``__main__`` again in the child,
    and here this may be gunicorn, pytest or ``python -c``.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()  # or forbidding it; anything else is done by the one thread that has it
        self._closed = False

    def speak(self, request: bytes, limit_s: float) -> NDArray[np.int16]:
        """The samples of one utterance.  Raises _TryAgain (the process may have been ended) or VoiceFailed."""
        process = self._running()
        try:
            kind, body = _ask(process, request, time.monotonic() + limit_s)
        except _TryAgain:
            self.end()
            raise
        if kind == voice_process.AUDIO:
            return np.frombuffer(body, dtype="<i2")
        if kind == voice_process.TRY_AGAIN:
            raise _TryAgain(body.decode())
        raise VoiceFailed(body.decode())

    def forbid(self) -> None:
        """Fail what is under way and all that comes.  For any thread; the pipes are left to the one that reads them."""
        with self._starting:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and process.poll() is None:
            return process
        with self._starting:
            if self._closed:
                raise VoiceFailed("the voice is closed")
            self.end()
            process = self._process = _started()
        try:
            kind, body = _receive(process, time.monotonic() + _START_TIMEOUT_S)
        except _Ended:
            self.end()
            raise
        except _TryAgain as error:  # a machine that needs so long to start it will not do better next time
            self.end()
            raise VoiceFailed(f"the voice did not start: {error}") from error
        if kind != voice_process.READY:
            self.end()
            raise VoiceFailed(body.decode())
        return process


def _started() -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            # As a file and without a search path of its own: works whatever the parent's directory and modules are.
            [sys.executable, "-P", str(Path(voice_process.__file__)), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which lets its callers finish
        )
    except OSError as error:  # no memory, no more processes or files
        raise VoiceFailed(f"the voice did not start: {error}") from error


def _ask(process: subprocess.Popen[bytes], request: bytes, deadline_s: float) -> tuple[bytes, bytes]:
    assert process.stdin is not None  # noqa: S101
    try:
        # Never blocks: one request is under way at a time, and LONGEST_TEXT keeps it below a pipe's 64 KiB.
        process.stdin.write(voice_process.LENGTH.pack(len(request)) + request)
    except (OSError, ValueError) as error:
        raise _Ended("the speaking process has ended") from error
    return _receive(process, deadline_s)


def _receive(process: subprocess.Popen[bytes], deadline_s: float) -> tuple[bytes, bytes]:
    """One reply of the speaking process: its letter and its body."""
    length = voice_process.LENGTH.unpack(_read(process, voice_process.LENGTH.size, deadline_s))[0]
    reply = _read(process, length, deadline_s)
    return reply[:1], reply[1:]


def _read(process: subprocess.Popen[bytes], size: int, deadline_s: float) -> bytes:
    """Exactly ``size`` bytes, before ``deadline_s`` of the monotonic clock."""
    assert process.stdout is not None  # noqa: S101
    data = bytearray()
    try:
        ready = select.poll()
        ready.register(process.stdout, select.POLLIN)
        while len(data) < size:
            if not ready.poll(max(0.0, deadline_s - time.monotonic()) * 1000):
                raise _TryAgain("eSpeak did not answer in time")
            part = process.stdout.read(size - len(data))
            if not part:
                raise _Ended("the speaking process has ended")
            data += part
    except (OSError, ValueError) as error:  # closed meanwhile by another thread
        raise _Ended("the speaking process has ended") from error
    return bytes(data)


_LEVEL = 10 ** (-20 / 20) * 32768  # of the speech itself: loud and clear, with 14 dB left for its peaks
_PEAK = 30000
_MOST_GAIN = 10.0  # 20 dB: a recording that is nearly silent stays so instead of becoming noise
_STEP = RATE_HZ // 200  # 5 ms
_QUIET = 0.01  # of the loudest: 40 dB below it nothing is heard on a telephone
_LEAD_STEPS, _TAIL_STEPS = 3, 10  # 15 ms before the first sound (every one delays an answer), 50 ms after the last


def telephone_sound(samples: Samples) -> Samples:
    """Speech as a telephone carries it: without rumble, equally loud, without silence around it."""
    if not samples.any():
        return samples
    sound = _without_rumble(samples)
    steps = np.concatenate([sound, np.zeros(-len(sound) % _STEP)]).reshape(-1, _STEP)
    loudness = np.sqrt((steps**2).mean(axis=1))
    heard = np.flatnonzero(loudness > loudness.max() * _QUIET)
    speech = loudness[loudness > loudness.max() * 0.1]
    gain = min(_LEVEL / float(np.sqrt((speech**2).mean())), _MOST_GAIN, _PEAK / float(np.abs(sound).max()))
    first, last = max(0, heard[0] - _LEAD_STEPS), heard[-1] + 1 + _TAIL_STEPS
    return np.asarray(np.rint(sound[first * _STEP : last * _STEP] * gain), dtype=np.int16)


def _without_rumble(samples: Samples) -> NDArray[np.float64]:
    """Fades out what lies between 200 and 100 Hz: a telephone does not carry it, but it would count as loudness."""
    # 0.1 s more, or the filter's end would wrap round to the beginning; a multiple of 4096 transforms quickly.
    padded = -(-(len(samples) + RATE_HZ // 10) // 4096) * 4096
    spectrum = np.fft.rfft(samples, padded)
    hertz = np.fft.rfftfreq(padded, 1 / RATE_HZ)
    spectrum *= np.clip((hertz - 100) / 100, 0, 1)
    return np.fft.irfft(spectrum, padded)[: len(samples)]
