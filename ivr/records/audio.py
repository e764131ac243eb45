"""The caller's sound, kept when the supervisor chose so.  Files only the server's own user can read."""

import contextlib
import io
import logging
import os
import wave
from pathlib import Path
from typing import BinaryIO

from ivr.records.identifiers import is_identifier

BYTES_A_SECOND = 8000  # of μ-law, as it comes from the telephone network
_log = logging.getLogger(__name__)


class CallAudio:
    """Takes a call's frames.  A disk that cannot take them ends the recording, never the call."""

    def __init__(self, folder: Path, call_id: str) -> None:
        self._file: BinaryIO | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path_of(folder, call_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "wb")
        except OSError as error:
            _log.error("call %s is not recorded: %s", call_id, error)

    def hear(self, mulaw: bytes) -> None:
        """The next frame."""
        if self._file is None:
            return
        try:
            self._file.write(mulaw)
        except OSError as error:
            _log.error("a recording breaks off: %s", error)
            self.close()

    def close(self) -> None:
        """The call is over."""
        file, self._file = self._file, None
        if file:
            with contextlib.suppress(OSError):
                file.close()


def path_of(folder: Path, call_id: str) -> Path:
    """Where a call's sound is, if it is kept.  Raises ValueError for what is no call's id."""
    if not is_identifier(call_id):
        raise ValueError(call_id)
    return folder / f"{call_id}.ulaw"


def as_wave(samples: bytes) -> bytes:
    """16-bit samples at 8 kHz as a WAV file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)
    return made.getvalue()
