"""The process that speaks: pyttsx3 and eSpeak NG, alone behind two pipes.  Started by ``ivr.speech.voice``; Linux only.

Run as a file, with the parent's process id as its argument::

    request   length (4 bytes, big-endian) + JSON {"text", "voice", "rate_wpm"}
    reply     length (4 bytes, big-endian) + one letter + body:
              R ready (once, first) · A audio: 16-bit mono samples, 22,050 a second · T try again · X impossible

eSpeak ends its whole process when two threads meet in it and hangs after a fork, so it gets a process and one thread.
The audio passes through memory only: what is spoken to a caller never touches a disk.
"""

import ctypes
import json
import os
import signal
import struct
import sys
import threading
import time
import wave
from typing import Any, BinaryIO

READY, AUDIO, TRY_AGAIN, IMPOSSIBLE = b"R", b"A", b"T", b"X"
LENGTH = struct.Struct(">I")
_TICK_S = 0.0005  # eSpeak's own thread takes up a command within about this time
_PARENT_CHECK_S = 1.0


class _TryAgain(Exception):
    """This time it went wrong; the same request may well succeed."""


class _Impossible(Exception):
    """The same request will fail again."""


class _Engine:
    """pyttsx3 made dependable.

    What pyttsx3 2.99 does, and what is done about it here: the first ``runAndWait`` returns before there is audio (one
    empty run comes first); ``runAndWait`` cancels everything, and resets the rate to 200, if eSpeak still works on the
    previous command, even one that only sets the rate (nothing starts before eSpeak is idle); unknown voices are
    reported to an event only (it is listened to); a cancelled utterance counts as finished (its event says so).
    """

    def __init__(self) -> None:
        self._finished = threading.Event()
        self._completed: list[bool] = []
        self._errors: list[Exception] = []
        self._voice = ""
        try:
            import espeakng_loader

            # By its descriptor, because eSpeak cuts a path of more than 160 characters.
            data = os.open(espeakng_loader.get_data_path(), os.O_PATH | os.O_DIRECTORY)
            os.environ["ESPEAK_DATA_PATH"] = f"/proc/self/fd/{data}"
            # pyttsx3 asks for libespeak-ng.so.1: with this one loaded first it gets this one, system copy or not.
            ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
            import pyttsx3
            from pyttsx3.drivers import _espeak

            self._is_playing = _espeak.IsPlaying
            self._engine: Any = pyttsx3.init("espeak")
        except (ImportError, OSError, RuntimeError) as error:
            raise _Impossible(f"eSpeak NG cannot be loaded ({error}); reinstall pyttsx3 and espeakng-loader") from error
        self._engine.connect("finished-utterance", self._on_finished)
        self._engine.connect("error", self._on_error)
        self._engine.runAndWait()

    def _on_finished(self, name: str | None, completed: bool) -> None:
        self._completed.append(completed)
        self._finished.set()

    def _on_error(self, name: str | None, exception: Exception) -> None:
        self._errors.append(exception)

    def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
        """The samples of ``text``.  May hang with eSpeak: the parent's time-out is the limit."""
        self._wait_until_idle()
        self._finished.clear()
        self._completed.clear()
        self._errors.clear()
        self._choose(voice, rate_wpm)
        audio = os.memfd_create("speech")
        try:
            self._engine.save_to_file(text, f"/proc/self/fd/{audio}")
            self._engine.runAndWait()
            self._finished.wait()
            self._wait_until_idle()
            if not all(self._completed) or self._engine.getProperty("rate") != rate_wpm:
                raise _TryAgain("eSpeak cancelled the utterance")
            with os.fdopen(os.dup(audio), "rb") as file:
                return _samples_of(file)
        finally:
            os.close(audio)

    def _choose(self, voice: str, rate_wpm: int) -> None:
        if voice != self._voice:
            self._voice = ""
            if not self._takes(voice) and not self._takes(self._voice_of_language(voice)):
                raise _Impossible(f"eSpeak NG has no voice {voice!r}")
            self._voice = voice
        if self._engine.getProperty("rate") != rate_wpm:
            self._engine.setProperty("rate", rate_wpm)
            while self._engine.getProperty("rate") != rate_wpm:
                time.sleep(_TICK_S)
        self._wait_until_idle()

    def _takes(self, voice: str | None) -> bool:
        self._errors.clear()
        if voice is not None:
            self._engine.setProperty("voice", voice)
        return voice is not None and not self._errors

    def _voice_of_language(self, language: str) -> str | None:
        """``en-gb`` and ``fr-fr`` are languages of the voices ``gmw/en`` and ``roa/fr``; eSpeak knows only names."""
        voices = self._engine.getProperty("voices")
        return next((voice.id for voice in voices if language.lower() in voice.languages), None)

    def _wait_until_idle(self) -> None:
        while self._is_playing():
            time.sleep(_TICK_S)


def _samples_of(file: BinaryIO) -> bytes:
    try:
        with wave.open(file) as audio:
            samples: bytes = audio.readframes(audio.getnframes())
            return samples
    except (wave.Error, EOFError) as error:
        raise _TryAgain("eSpeak wrote no audio") from error


def _reply(replies: BinaryIO, kind: bytes, body: bytes = b"") -> None:
    replies.write(LENGTH.pack(len(kind) + len(body)) + kind + body)
    replies.flush()


def _answer(engine: _Engine, request: dict[str, Any]) -> tuple[bytes, bytes]:
    try:
        return AUDIO, engine.speak(request["text"], request["voice"], request["rate_wpm"])
    except _TryAgain as why:
        return TRY_AGAIN, str(why).encode()
    except _Impossible as why:
        return IMPOSSIBLE, str(why).encode()


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers until the parent closes its end."""
    try:
        engine = _Engine()
    except _Impossible as why:
        _reply(replies, IMPOSSIBLE, str(why).encode())
        return
    _reply(replies, READY)
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        request = json.loads(requests.read(LENGTH.unpack(head)[0]))
        _reply(replies, *_answer(engine, request))


def _leave_with(parent: int) -> None:
    """Ends this process when its parent is gone, even while eSpeak hangs.

    Not PR_SET_PDEATHSIG: that fires when the *thread* that started this process ends, and calls come and go.
    """
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(0)


def main() -> None:
    # A stopping service signals the whole group while callers are still being served: the parent decides, by its pipe.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as replies:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)  # pyttsx3 prints "Audio saved to ..." where the replies go
        threading.Thread(target=_leave_with, args=(int(sys.argv[1]),), daemon=True).start()
        try:
            _serve(requests, replies)
        except BrokenPipeError:
            pass
        finally:
            os._exit(0)  # eSpeak may crash in an orderly end


if __name__ == "__main__":
    main()
