"""The natural English voice of the simulator's callers: hibari-tts, where it is installed (extra ``voices``)."""

import importlib.util
import threading
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.codec import encode_mulaw, resample
from ivr.speech.recogniser import RATE_HZ
from ivr.speech.voice import LONGEST_TEXT, VoiceFailed, telephone_sound

LANGUAGE = "en"
USUAL_WPM = 170  # of the voice at its own speed
_NATURAL_HZ = 24_000
_SEED = 1  # of the breath in the voice: the same text always gives the same sound


class NaturalVoice:
    """Speaks English.  Its model takes 0.4 s to load; ``natural_voice`` loads it once for a process."""

    def __init__(self) -> None:
        from hibari import Hibari

        self._hibari: Any = Hibari()
        self._speaking = threading.Lock()  # its dictionaries are filled while it speaks

    def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
        """See ``ivr.speech.voice.Voice``.  There is one ``voice`` only."""
        if not any(map(str.isalnum, text)):
            return b""
        return encode_mulaw(telephone_sound(self.samples(text, rate_wpm / USUAL_WPM)))

    def samples(self, text: str, speed: float = 1.0, pitch: float = 1.0) -> NDArray[np.int16]:
        """``text`` at 8,000 samples a second, without the telephone's band.  Raises VoiceFailed.

        ``speed`` 0.5 to 2.0; ``pitch`` 1.2 is a voice a fifth higher, with a throat a fifth shorter.
        """
        if len(text) > LONGEST_TEXT:
            raise VoiceFailed(f"a text of {len(text)} characters is too long to be spoken; {LONGEST_TEXT} is the most")
        with self._speaking:
            sound = self._hibari(text, speed=speed / pitch, seed=_SEED)
        whole = np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16)
        return resample(whole, round(_NATURAL_HZ * pitch), RATE_HZ)


@cache
def natural_voice() -> NaturalVoice | None:
    """The voice, loaded when it is first wanted; None where it is not installed."""
    return NaturalVoice() if importlib.util.find_spec("hibari") else None
