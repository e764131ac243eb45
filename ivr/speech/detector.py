"""Is somebody talking?  Cheap, for every 20 ms of every call."""

import numpy as np
from numpy.typing import NDArray

from ivr.speech.recogniser import RATE_HZ, Samples

STRETCH = RATE_HZ // 50  # 20 ms
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
        return bool(len(samples)) and self._stands_out(float(_levels(samples[np.newaxis])[0]))

    def stretches(self, samples: Samples) -> list[bool]:
        """The same for each 20 ms of longer audio, the last of which may be shorter."""
        whole = len(samples) // STRETCH
        levels = _levels(samples[: whole * STRETCH].reshape(whole, STRETCH)).tolist() if whole else []
        rest = samples[whole * STRETCH :]
        return [*map(self._stands_out, levels), *([self.is_speech(rest)] if len(rest) else [])]

    def _stands_out(self, level: float) -> bool:
        floor = self._floor
        if level > floor:
            self._floor = min(floor * _RISE, level, _LOUDEST_FLOOR)
        else:
            self._floor = max(1.0, floor * _FALL + level * (1 - _FALL))
        return level > max(_QUIETEST, floor * _ABOVE_FLOOR)


def _levels(rows: NDArray[np.int16]) -> NDArray[np.float32]:
    """The standard deviation of each row: a direct current is no sound."""
    numbers = rows.astype(np.float32)
    length = numbers.shape[1]
    square, mean = np.einsum("ij,ij->i", numbers, numbers) / length, numbers.sum(axis=1) / length
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)))
