"""Is somebody talking?  Cheap, for every 20 ms of every call."""

import numpy as np

from ivr.speech.recogniser import Samples

_ABOVE_FLOOR = 3.2  # 10 dB: speech on a telephone line stands 15 to 40 dB above its noise
_QUIETEST = 60.0  # -55 dB of full scale: below it is line hum and coding noise, even when the line is otherwise silent
_LOUDEST_FLOOR = 1500.0  # -27 dB: a floor above this would swallow speech
_RISE = 1.012  # per 20 ms: a steady noise becomes the floor within about two seconds
_FALL = 0.7


class SpeechDetector:
    """Follows the noise floor of one line and says whether a stretch of audio stands out of it."""

    def __init__(self) -> None:
        self._floor = _QUIETEST / _ABOVE_FLOOR

    def is_speech(self, samples: Samples) -> bool:
        """True when somebody seems to talk.  ``samples``: about 20 ms; an empty stretch is silence."""
        if not len(samples):
            return False
        centred = samples.astype(np.float32)
        level = float(np.sqrt(np.mean((centred - centred.mean()) ** 2)))
        speech = level > max(_QUIETEST, self._floor * _ABOVE_FLOOR)
        self._floor = min(self._floor * _RISE, level, _LOUDEST_FLOOR) if level > self._floor else self._fall(level)
        return speech

    def _fall(self, level: float) -> float:
        return max(1.0, self._floor * _FALL + level * (1 - _FALL))
