"""Sound in files, for tests that bring their own."""

import wave
from pathlib import Path

from ivr.speech.recogniser import RATE_HZ, Samples


def write_wav(path: Path, samples: Samples) -> None:
    """Telephone samples as a 16-bit WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.tobytes())
