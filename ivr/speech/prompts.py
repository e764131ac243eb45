"""What is said to callers, as audio: recordings first, then what was spoken before, then the voice."""

import hashlib
import logging
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from ivr.cache_folder import remove_unused, used
from ivr.speech.codec import encode_mulaw, read_wav
from ivr.speech.voice import Voice, VoiceFailed, telephone_sound

_LOG = logging.getLogger(__name__)

_FORMAT = b"ivr prompt 1\n"  # raise it when the sound of the same text changes: old files are then spoken again
_DIGEST_BYTES = 32
_MEMORY_BYTES = 16 * 1024 * 1024  # 35 minutes: every prompt of four languages, and the last answers


@dataclass(frozen=True, slots=True)
class SpokenText:
    """Something to be said.

    ``fixed``: the text is the same for every caller, so a recording may replace it and it may be kept on disk.  Text
    with anything of a caller in it is not fixed: it stays in memory.
    """

    name: str
    text: str
    language: str
    voice: str
    rate_wpm: int
    fixed: bool


class Prompts:
    """Audio for everything that is said.  Safe for many threads; many processes may share one ``cache_dir``.

    A recording ``recordings_dir/<language>/<name>.wav`` (16-bit PCM or μ-law, any rate) replaces a fixed prompt, from
    the moment it is there.  A recording that cannot be read, a damaged file in the cache and a cache that cannot be
    written are logged; the text is then spoken.
    """

    def __init__(self, voice: Voice, cache_dir: Path, recordings_dir: Path, memory_bytes: int = _MEMORY_BYTES) -> None:
        self._voice = voice
        self._cache_dir = cache_dir
        self._recordings_dir = recordings_dir
        self._memory = _Memory(memory_bytes)
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[bytes]] = {}
        self._complained: set[str] = set()

    def audio(self, spoken: SpokenText) -> bytes:
        """``spoken`` as μ-law, 8,000 bytes a second.  Raises VoiceFailed when it can neither be found nor spoken."""
        if spoken.fixed and (recorded := self._recording(spoken)) is not None:
            return recorded
        return self._once(self._key(spoken), lambda: self._kept(spoken) if spoken.fixed else self._speak(spoken))

    def render(
        self, prompts: Iterable[SpokenText], progress: Callable[[int, int], None] = lambda done, total: None
    ) -> None:
        """Make the audio of every fixed prompt ready, so that no caller waits for it; the others are passed over.

        ``progress`` is called with (done, total) after each.  Raises VoiceFailed at the end, with the name of every
        prompt that failed.
        """
        fixed = [spoken for spoken in prompts if spoken.fixed]
        failed: dict[str, VoiceFailed] = {}
        for done, spoken in enumerate(fixed, start=1):
            try:
                self.audio(spoken)
            except VoiceFailed as error:
                failed[f"{spoken.language}/{spoken.name}"] = error
            progress(done, len(fixed))
        remove_unused(self._cache_dir, "*.prompt", "*.part")
        if failed:
            raise VoiceFailed("; ".join(f"prompt {name}: {why}" for name, why in failed.items()))

    def _key(self, spoken: SpokenText) -> str:
        # The kind of voice belongs to it: two voices may give different sounds the same name.
        parts = (type(self._voice).__qualname__, spoken.voice, str(spoken.rate_wpm), spoken.text)
        return hashlib.sha256(b"\0".join([_FORMAT, *(part.encode("utf-8", "replace") for part in parts)])).hexdigest()

    def _once(self, key: str, make: Callable[[], bytes]) -> bytes:
        """From memory, or made; when several callers need the same at the same time, one makes it and all wait."""
        with self._lock:
            audio = self._memory.get(key)
            if audio is not None:
                return audio
            made = self._under_way.get(key)
            mine = made is None
            if made is None:
                made = self._under_way[key] = Future()
        if not mine:
            return made.result()
        try:
            audio = make()
        except BaseException as error:
            made.set_exception(error)
            raise
        else:
            made.set_result(audio)
            with self._lock:
                self._memory.put(key, audio)
            return audio
        finally:
            with self._lock:
                del self._under_way[key]

    def _speak(self, spoken: SpokenText) -> bytes:
        return self._voice.speak(spoken.text, spoken.voice, spoken.rate_wpm)

    def _recording(self, spoken: SpokenText) -> bytes | None:
        if any(Path(part).name != part or part.startswith(".") for part in (spoken.name, spoken.language)):
            return None  # ../x is no file of this folder
        path = self._recordings_dir / spoken.language / f"{spoken.name}.wav"
        try:
            state = path.stat()
            return self._once(f"{path} {state.st_mtime_ns} {state.st_size}", lambda: _recorded(path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._complain(f"{path}", "the recording %s is not played, its text is spoken instead: %s", path, error)
            return None

    def _kept(self, spoken: SpokenText) -> bytes:
        """From the cache on disk, or spoken and put there."""
        path = self._cache_dir / f"{self._key(spoken)}.prompt"
        try:
            kept = _unpacked(path.read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            _LOG.warning("the kept prompt %s cannot be used and is spoken again: %s", path, error)
        else:
            used(path)
            return kept
        audio = self._speak(spoken)
        try:
            _write(path, _FORMAT + hashlib.sha256(audio).digest() + audio)
        except OSError as error:
            self._complain(
                "cache", "prompts are spoken anew at each start, %s cannot be written: %s", path.parent, error
            )
        return audio

    def _complain(self, about: str, message: str, *details: object) -> None:
        """One warning, not one for each call."""
        with self._lock:
            if about in self._complained:
                return
            self._complained.add(about)
        _LOG.warning(message, *details)


class _Memory:
    """Audio in memory; what was not used for longest goes first.  Not safe for threads: Prompts holds the lock."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        audio = self._kept.get(key)
        if audio is not None:
            self._kept.move_to_end(key)
        return audio

    def put(self, key: str, audio: bytes) -> None:
        self._bytes += len(audio) - len(self._kept.pop(key, b""))
        self._kept[key] = audio
        while self._bytes > self._most_bytes:
            self._bytes -= len(self._kept.popitem(last=False)[1])


def _recorded(path: Path) -> bytes:
    """A recording, as loud as everything else.  Raises OSError or ValueError."""
    try:
        return encode_mulaw(telephone_sound(read_wav(path)))
    except (ArithmeticError, RuntimeError) as error:  # a header with zero channels or an impossible rate
        raise ValueError(f"{path}: a damaged WAV file") from error


def _unpacked(data: bytes) -> bytes:
    """The audio of a file of the cache.  Raises ValueError if it is not exactly what was written."""
    start = len(_FORMAT) + _DIGEST_BYTES
    audio = data[start:]
    if data[:start] != _FORMAT + hashlib.sha256(audio).digest():
        raise ValueError("the file is damaged")
    return audio


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, whoever else writes the same file.  Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
