"""Telephone audio -> one row of numbers every 10 ms: level, pitch, harmonicity, where in the band the energy lies.

Everything is computed for many frames at once, on the power spectrum of 40 ms of audio between 250 and 3,450 Hz (what
a telephone line carries: the fundamental of a low voice is not in it, and is found from the harmonics).  All numbers
but ``LEVEL`` are the same at any gain.
"""

import math
from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.recogniser import RATE_HZ, Samples

HOP = 80  # 10 ms: short enough to follow a glottal change, long enough to be cheap
WINDOW = 320  # 40 ms: three periods of the lowest voice (75 Hz)
_SIZE = 512
_LOWEST_HZ, _HIGHEST_HZ = 75, 500  # a low man's voice, a shout of a child

Floats = NDArray[np.float64]


class Column(IntEnum):
    """What a row of ``analyse`` holds, followed by ``BANDS`` band levels (dB relative to the frame's mean)."""

    LEVEL = 0  # dB of the band's energy
    PITCH = 1  # semitones above 100 Hz
    HARMONICITY = 2  # log of periodic over aperiodic energy
    STRENGTH = 3  # height of the pitch peak, 0 to 1
    PEAKEDNESS = 4  # log kurtosis of the waveform
    CENTRE = 5  # log2 of the spectrum's centre of gravity in Hz
    CENTRE_LOW = 6  # the same below 1,100 Hz: follows the first formant
    CENTRE_HIGH = 7  # the same above 1,100 Hz: follows the second
    ALPHA = 8  # dB, above 1,000 Hz over below


COLUMNS = len(Column)
EDGES_HZ = (250, 350, 450, 550, 680, 820, 980, 1150, 1350, 1580, 1850, 2150, 2500, 2900, 3450)
BANDS = len(EDGES_HZ) - 1
MIDDLES_HZ = (np.array(EDGES_HZ[1:]) + np.array(EDGES_HZ[:-1])) / 2
_BAND_DEPTH_DB = 35.0  # below the frame's strongest band: there is only line noise and coding noise

_IN_BAND = slice(math.ceil(EDGES_HZ[0] * _SIZE / RATE_HZ), EDGES_HZ[-1] * _SIZE // RATE_HZ + 1)  # of the spectrum
_FREQUENCIES = np.fft.rfftfreq(_SIZE, 1 / RATE_HZ)[_IN_BAND]
_TAPER = np.hanning(WINDOW)
_LAGS = np.arange(RATE_HZ // _HIGHEST_HZ, RATE_HZ // _LOWEST_HZ + 1)


def _between(low_hz: float, high_hz: float) -> Floats:
    return ((low_hz <= _FREQUENCIES) & (high_hz > _FREQUENCIES)).astype(float)


_BAND_SUMS = np.stack([_between(a, b) / _between(a, b).sum() for a, b in pairwise(EDGES_HZ)], 1)
_LOW_HALF, _HIGH_HALF = _between(250, 1100), _between(1100, 3450)
_REGIONS = np.stack(
    [
        _FREQUENCIES,
        _LOW_HALF,
        _LOW_HALF * _FREQUENCIES,
        _HIGH_HALF,
        _HIGH_HALF * _FREQUENCIES,
        _between(1000, 3450),
        _between(250, 1000),
    ],
    1,
)


def _taper_correlation() -> Floats:
    correlation = np.fft.irfft(np.abs(np.fft.rfft(_TAPER, _SIZE)) ** 2)
    return np.asarray(np.maximum(correlation[_LAGS] / correlation[0], 0.2))


_TAPER_AT_LAGS = _taper_correlation()
_OCTAVE_COST = 0.06 * np.log2(_LAGS / _LAGS[0])  # an octave down costs a little: Boersma's octave cost
_COSINES = np.cos(2 * np.pi * np.outer(_LAGS, _FREQUENCIES) / RATE_HZ)  # ``irfft`` would take longer: the lags are few


def analyse(samples: Samples) -> Floats:
    """One row for every whole window in ``samples``: shape (frames, COLUMNS + BANDS), never NaN or infinite."""
    count = (len(samples) - WINDOW) // HOP + 1
    rows = np.zeros((max(count, 0), COLUMNS + BANDS))
    if count < 1:
        return rows
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP][:count].astype(float)
    windows -= windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(windows * _TAPER, _SIZE)[:, _IN_BAND]
    power = spectrum.real**2 + spectrum.imag**2
    energy = power.sum(axis=1) + 1.0
    rows[:, Column.LEVEL] = 10 * np.log10(energy)
    rows[:, Column.PEAKEDNESS] = _peakedness(windows)
    rows[:, [Column.PITCH, Column.HARMONICITY, Column.STRENGTH]] = _pitch(power)
    rows[:, Column.CENTRE : Column.ALPHA + 1] = _balance(power, energy)
    rows[:, COLUMNS:] = _bands(power)
    return rows


def _peakedness(windows: Floats) -> Floats:
    """Log kurtosis of the waveform: high when each glottal pulse rings alone, low when a voice is pressed or shouted.

    (Kurtosis of speech: J. P. LeBlanc and P. L. De Leon, ICASSP 1998.)
    """
    square = windows**2
    mean = square.mean(axis=1) + 1.0
    return np.asarray(np.log((square**2).mean(axis=1) / mean**2 + 1e-2))


def _pitch(power: Floats) -> Floats:
    """(semitones above 100 Hz, harmonicity, strength of the peak) for each frame.

    Autocorrelation divided by that of the window: P. Boersma, "Accurate short-term analysis of the fundamental
    frequency and the harmonics-to-noise ratio of a sampled sound", 1993.  The peak is sought on the spectrum to the
    power 0.33 (T. Tolonen and M. Karjalainen, 2000), where a formant cannot pass for the fundamental; harmonicity is
    read from the plain one.
    """
    compressed = power**0.33
    strength = compressed @ _COSINES.T / (compressed.sum(axis=1, keepdims=True) + 1e-9) / _TAPER_AT_LAGS
    ranked = strength - _OCTAVE_COST
    best = np.clip(ranked.argmax(axis=1), 1, len(_LAGS) - 2)
    row = np.arange(len(power))
    before, at, after = ranked[row, best - 1], ranked[row, best], ranked[row, best + 1]
    bend = before - 2 * at + after
    shift = np.clip(0.5 * (before - after) / np.where(np.abs(bend) < 1e-9, 1.0, bend), -0.5, 0.5)
    semitones = 12 * np.log2(RATE_HZ / (_LAGS[best] + shift) / 100)
    at_lag, at_none = np.einsum("ij,ij->i", power, _COSINES[best]), power.sum(axis=1)  # there and nowhere else
    periodic = at_lag / (at_none + 1e-9) / _TAPER_AT_LAGS[best]
    periodic = np.clip(periodic, 0.02, 0.98)
    return np.stack([semitones, np.log(periodic / (1 - periodic)), np.clip(strength[row, best], 0, 1)], 1)


def _balance(power: Floats, energy: Floats) -> Floats:
    """CENTRE to ALPHA: where the energy lies.  A voice under effort has more of it above 1 kHz, and a higher first
    formant (H. Traunmüller and A. Eriksson, 2000; alpha ratio: J. Sundberg and M. Nordenberg, 2006).
    """
    sums = power @ _REGIONS
    return np.stack(
        [
            np.log2(sums[:, 0] / energy + 1),
            np.log2(sums[:, 2] / (sums[:, 1] + 1e-9) + 1),
            np.log2(sums[:, 4] / (sums[:, 3] + 1e-9) + 1),
            _decibels(sums[:, 5], sums[:, 6]),
        ],
        1,
    )


def _decibels(part: Any, other: Any) -> Floats:
    return np.asarray(np.clip(10 * np.log10((part + 1e-1) / (other + 1e-1)), -35, 35))


def _bands(power: Floats) -> Floats:
    level = 10 * np.log10(power @ _BAND_SUMS + 1e-3)
    level = np.maximum(level, level.max(axis=1, keepdims=True) - _BAND_DEPTH_DB)
    return np.asarray(level - 10 * np.log10((10 ** (level / 10)).mean(axis=1, keepdims=True)))
