"""What Whisper sees of the sound: the logarithm of the energy in 80 mel bands, every 10 ms.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), section 2.2: 16 kHz, windows of
25 ms every 10 ms, 80 bands on the mel scale, scaled to about -1 to 1.
"""

from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from ivr.speech.recogniser import RATE_HZ, Samples

WHISPER_HZ = 16_000
FRAME_SAMPLES = 160  # at 16 kHz: 10 ms
BANDS = 80
_WINDOW_SAMPLES = 400  # 25 ms
_LINEAR_UP_TO_HZ = 1000.0  # Slaney's mel scale: 3 mel for each 200 Hz up to here, logarithmic above
_MEL_PER_HZ = 3.0 / 200.0
_LOG_STEP = np.log(6.4) / 27.0  # 27 mel from 1,000 to 6,400 Hz
_DYNAMIC_RANGE = 8.0  # tenfold steps (80 dB) below the loudest: what is quieter counts as equal


def log_mel(samples: Samples, frames: int) -> NDArray[np.float32]:
    """Telephone samples -> an array of shape (80, ``frames``): the beginning of the audio, then silence.

    One frame is 10 ms.  Audio beyond ``frames`` is left out.
    """
    wide = soxr.resample(samples.astype(np.float32) / 32768.0, RATE_HZ, WHISPER_HZ)
    padded = np.zeros(frames * FRAME_SAMPLES, dtype=np.float32)
    padded[: len(wide)] = wide[: len(padded)]
    # Windows are centred on their frame, so half a window is mirrored at both ends.
    mirrored = np.pad(padded, _WINDOW_SAMPLES // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(mirrored, _WINDOW_SAMPLES)[::FRAME_SAMPLES][:frames]
    # Silence gives the same for every window: only those that reach into the audio are transformed.
    heard = min(frames, len(wide) // FRAME_SAMPLES + 3)
    energy = np.zeros((frames, _WINDOW_SAMPLES // 2 + 1), dtype=np.float32)
    energy[:heard] = np.abs(np.fft.rfft(windows[:heard] * _window())) ** 2
    level = np.log10(np.maximum(_filter_bank() @ energy.T, 1e-10))
    level = np.maximum(level, level.max() - _DYNAMIC_RANGE)
    features: NDArray[np.float32] = ((level + 4.0) / 4.0).astype(np.float32)
    return features


@cache
def _window() -> NDArray[np.float32]:
    """Hann's, periodic."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW_SAMPLES) / _WINDOW_SAMPLES)).astype(np.float32)


@cache
def _filter_bank() -> NDArray[np.float32]:
    """Triangular filters of equal area, evenly spaced on the mel scale: shape (80, 201).

    M. Slaney, "Auditory Toolbox" (1998); what librosa's ``filters.mel`` gives for 16 kHz and 400 points.
    """
    top = _hz_to_mel(WHISPER_HZ / 2)
    corners = _mel_to_hz(np.linspace(0.0, top, BANDS + 2))
    bins = np.linspace(0.0, WHISPER_HZ / 2, _WINDOW_SAMPLES // 2 + 1)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    return (np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))).astype(np.float32)


def _hz_to_mel(hz: float) -> float:
    if hz < _LINEAR_UP_TO_HZ:
        return hz * _MEL_PER_HZ
    return float(_LINEAR_UP_TO_HZ * _MEL_PER_HZ + np.log(hz / _LINEAR_UP_TO_HZ) / _LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    bend = _LINEAR_UP_TO_HZ * _MEL_PER_HZ
    return np.where(mel < bend, mel / _MEL_PER_HZ, _LINEAR_UP_TO_HZ * np.exp(_LOG_STEP * (mel - bend)))
