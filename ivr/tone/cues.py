"""What one utterance sounds like: a few numbers that say how it was spoken, not what was said nor by whom."""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.tone.frames import BANDS, COLUMNS, HOP, MIDDLES_HZ, Column, Floats, analyse

_BATCH = 3200  # samples analysed at once: many frames in one call of numpy cost a third of the same frames one by one
_LONGEST_FRAMES = 2_000  # 20 s: the longest utterance a call listens to; what follows is not looked at
_ACTIVE_DB = 25.0  # below the utterance's loudest: pauses, breath and line noise
_MIN_ACTIVE, _MIN_VOICED = 10, 6  # frames of 10 ms: less is a click, a cough or a consonant, and says nothing
_LEAST_HARMONICITY, _LEAST_STRENGTH = -0.62, 0.15  # white noise has -0.9 and 0.14 in one frame of a hundred
_STEADY_PITCH, _STEADY_FLUX = (
    0.02,
    1.2,
)  # semitones in 10 ms, dB in 40 ms: keys, fax and music hold still, voices cannot
_QUIETEST = 100  # largest sample: below it there is only the noise of the line
_CLIPPED, _MAX_CLIPPED = 32_000, 0.25  # share of samples at the rails: above it the line is broken, not the voice loud


@dataclass(frozen=True, slots=True)
class Sound:
    """How an utterance was spoken.  All but ``level`` and the last two are the same at any gain.

    Semitones are above 100 Hz, ``_spread`` is a standard deviation, levels are dB.
    """

    pitch: float  # median, semitones
    pitch_spread: float
    pitch_motion: float  # semitones between neighbouring frames of 10 ms
    pitch_glide: float  # semitones in 40 ms, up or down
    flux: float  # dB by which the bands change in 40 ms: how fast and far the mouth moves
    brightness: float  # log2 Hz, centre of gravity of voiced frames
    brightness_peak: float  # log2 Hz, the brightest tenth
    brightness_spread: float
    tilt: float  # dB per kHz over the telephone band, voiced frames
    tilt_spread: float
    balance_spread: float  # of the energy above 1 kHz over that below
    low_balance: float  # dB, 600 to 1,000 Hz over 250 to 600 Hz, in the dullest tenth
    first_formant: float  # log2 Hz, centre of gravity below 1,100 Hz
    second_formant: float  # log2 Hz, above
    ripple: float  # dB, fourth cosine of the band levels, lowest tenth
    ripple_low: float  # dB, third cosine
    harmonicity: float  # log of periodic over aperiodic energy, median
    harmonicity_low: float  # the most aperiodic tenth
    peakedness: float  # log kurtosis of the waveform
    shimmer: float  # dB, second difference of the level
    decay: float  # dB in 10 ms, steepest falls inside voiced stretches
    rise: float  # dB in 40 ms, steepest
    soft_depth: float  # dB between the median and the softest tenth
    breath_tilt: float  # dB per kHz below 1 kHz in unvoiced speech
    active_share: float  # speech against pauses
    voiced_share: float
    syllables: float  # level peaks a second
    above_noise: float  # dB, loudest over the softest of all frames, 50 at most
    level: float  # dB, loudest: only comparable within one call
    overlap: float  # share of the utterance spoken over our prompt
    voiced_ms: int


NAMES = tuple(each.name for each in fields(Sound))[:-3]
"""The cues that are the same at any gain, in the order of ``Sound.numbers``."""


def numbers(sound: Sound) -> Floats:
    """The gain-free cues as an array, in the order of NAMES.  NaN where an utterance has none."""
    return np.array([getattr(sound, name) for name in NAMES], dtype=float)


@dataclass(slots=True)
class _Utterance:
    """What has been heard of the utterance in progress."""

    waiting: list[Samples] = field(default_factory=list)  # not analysed yet
    waiting_samples: int = 0
    rows: list[Floats] = field(default_factory=list)
    frames: int = 0
    heard: int = 0  # samples
    over_prompt: int = 0
    peak: int = 0
    clipped: int = 0


class Cues:
    """Listens to one utterance at a time.  Holds at most 0.4 s of audio, and nothing of it after ``finish``."""

    def __init__(self) -> None:
        self._now = _Utterance()

    def hear(self, samples: Samples, over_prompt: bool = False) -> None:
        """Take audio of the utterance as it comes; ``over_prompt``: our prompt is still being played."""
        if not len(samples):
            return
        now = self._now
        loudness = np.abs(samples.astype(np.int32))
        now.heard += len(samples)
        now.over_prompt += len(samples) * over_prompt
        now.peak = max(now.peak, int(loudness.max()))
        now.clipped += int(np.count_nonzero(loudness >= _CLIPPED))
        if now.frames >= _LONGEST_FRAMES:
            return
        now.waiting.append(samples)
        now.waiting_samples += len(samples)
        if now.waiting_samples >= _BATCH:
            _take(now)

    def finish(self) -> Sound | None:
        """The utterance is over: how it was spoken, or None when that cannot be said.  Ready for the next one."""
        now, self._now = self._now, _Utterance()
        _take(now)
        if now.peak < _QUIETEST or now.clipped > _MAX_CLIPPED * now.heard or not now.rows:
            return None
        return describe(np.concatenate(now.rows), now.over_prompt / now.heard)


def _take(now: _Utterance) -> None:
    """Analyse what waits, but for the end of it that the next window needs."""
    samples = np.concatenate(now.waiting) if now.waiting else np.zeros(0, np.int16)
    rows = analyse(samples)
    if len(rows):
        now.rows.append(rows)
        now.frames += len(rows)
    left = samples[len(rows) * HOP :]
    now.waiting, now.waiting_samples = [left], 0


def describe(rows: Floats, overlap: float = 0.0) -> Sound | None:
    """The cues of one utterance from its frames (``frames.analyse``), or None when it is not speech we can judge."""
    if len(rows) < _MIN_ACTIVE:
        return None
    level = rows[:, Column.LEVEL]
    loudest = float(np.percentile(level, 97))
    active = level > loudest - _ACTIVE_DB
    voiced = active & (rows[:, Column.HARMONICITY] > _LEAST_HARMONICITY) & (rows[:, Column.STRENGTH] > _LEAST_STRENGTH)
    voiced[1:-1] &= voiced[:-2] | voiced[2:]  # a lone voiced frame is chance
    if active.sum() < _MIN_ACTIVE or voiced.sum() < _MIN_VOICED:
        return None
    bands = _bands(rows, active, voiced)
    if _machine(rows, voiced, bands["flux"]):
        return None
    first, last = np.flatnonzero(active)[[0, -1]]
    speech_ms = int(last - first + 1) * HOP * 1000 // RATE_HZ
    return Sound(
        **_pitch(rows, voiced),
        **_timbre(rows, active, voiced),
        **bands,
        **_dynamics(level, active, voiced, loudest),
        active_share=float(active[first : last + 1].mean()),
        voiced_share=float(voiced[active].mean()),
        syllables=_syllables(level[first : last + 1], float(np.median(level[voiced]))) * 1000 / speech_ms,
        above_noise=min(loudest - float(np.percentile(level, 3)), 50.0),
        level=loudest,
        overlap=overlap,
        voiced_ms=int(voiced.sum()) * HOP * 1000 // RATE_HZ,
    )


def _machine(rows: Floats, voiced: NDArray[np.bool_], flux: float) -> bool:
    """True for tones that hold still as no voice does."""
    steps = np.abs(np.diff(rows[:, Column.PITCH]))[voiced[1:] & voiced[:-1]]
    return flux < _STEADY_FLUX or _percentile(steps, 50) < _STEADY_PITCH


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _percentile(values: Floats, share: float) -> float:
    return float(np.percentile(values, share)) if len(values) else 0.0


def _pitch(rows: Floats, voiced: NDArray[np.bool_]) -> dict[str, Any]:
    """Steps above 1.5 semitones in 10 ms are mistakes of the octave, not of the voice, and are left out."""
    pitch = rows[:, Column.PITCH]
    step = np.abs(np.diff(pitch))[voiced[1:] & voiced[:-1]]
    glide = np.abs(pitch[4:] - pitch[:-4])[voiced[4:] & voiced[:-4] & voiced[2:-2]]
    return {
        "pitch": float(np.median(pitch[voiced])),
        "pitch_spread": float(pitch[voiced].std()),
        "pitch_motion": _mean(step[step < 1.5]),
        "pitch_glide": _mean(glide[glide < 4.0]),
    }


def _timbre(rows: Floats, active: NDArray[np.bool_], voiced: NDArray[np.bool_]) -> dict[str, Any]:
    harmonicity = rows[voiced, Column.HARMONICITY]
    return {
        "brightness": float(rows[voiced, Column.CENTRE].mean()),
        "brightness_peak": _percentile(rows[voiced, Column.CENTRE_EVEN], 90),
        "brightness_spread": float(rows[active, Column.CENTRE].std()),
        "balance_spread": float(rows[active, Column.ALPHA].std()),
        "low_balance": _percentile(rows[voiced, Column.LOW], 10),
        "first_formant": float(rows[voiced, Column.CENTRE_LOW].mean()),
        "second_formant": float(rows[voiced, Column.CENTRE_HIGH].mean()),
        "harmonicity": float(np.median(harmonicity)),
        "harmonicity_low": _percentile(harmonicity, 10),
        "peakedness": float(rows[voiced, Column.PEAKEDNESS].mean()),
    }


def _slope_weights(chosen: NDArray[np.bool_]) -> Floats:
    """Weights that give a least-squares slope, dB per kHz, over the chosen bands."""
    kilohertz = np.where(chosen, MIDDLES_HZ / 1000, 0.0)
    centred = np.where(chosen, kilohertz - kilohertz[chosen].mean(), 0.0)
    return np.asarray(centred / (centred**2).sum())


_TILT = _slope_weights(np.ones(BANDS, dtype=bool))
_LOW_TILT = _slope_weights(MIDDLES_HZ < 1000)
_COSINES = np.cos(np.pi * np.outer(np.arange(BANDS) + 0.5, np.arange(5)) / BANDS) / BANDS


def _bands(rows: Floats, active: NDArray[np.bool_], voiced: NDArray[np.bool_]) -> dict[str, Any]:
    """From the band levels.  Flux: S. Scheirer and M. Slaney, 1997; cosines as in mel cepstra (Davis and Mermelstein,
    1980).
    """
    bands = rows[:, COLUMNS:]
    change = np.abs(bands[4:] - bands[:-4]).mean(axis=1)[voiced[4:]]
    unvoiced = active & ~voiced
    ripples = bands[voiced] @ _COSINES
    return {
        "flux": _percentile(change, 50),
        "tilt": float((bands[voiced] @ _TILT).mean()),
        "tilt_spread": float((bands[active] @ _TILT).std()),
        "ripple": _percentile(ripples[:, 4], 10),
        "ripple_low": float(ripples[:, 3].mean()),
        "breath_tilt": float((bands[unvoiced] @ _LOW_TILT).mean()) if unvoiced.sum() >= 3 else float("nan"),
    }


def _dynamics(level: Floats, active: NDArray[np.bool_], voiced: NDArray[np.bool_], loudest: float) -> dict[str, Any]:
    pairs = voiced[1:] & voiced[:-1]
    audible = np.maximum(level, loudest - _ACTIVE_DB)
    return {
        "shimmer": _percentile(np.abs(np.diff(level, 2))[pairs[1:] & pairs[:-1]], 50),
        "decay": _percentile(np.diff(level)[pairs], 5),
        "rise": _percentile(audible[4:] - audible[:-4], 97),
        "soft_depth": _percentile(level[active], 50) - _percentile(level[active], 10),
    }


def _syllables(level: Floats, middle: float) -> float:
    """Peaks of the level with a dip of 2 dB between them (after N. de Jong and T. Wempe, 2009)."""
    smooth = np.convolve(level, np.ones(5) / 5, "same")
    count, high, low = 0, -np.inf, np.inf
    for value in smooth:
        if value > low + 2 and value > middle - 6:
            count += high == -np.inf
            high, low = max(high, value), np.inf
        elif high > -np.inf and value < high - 2:
            high, low = -np.inf, value
        else:
            low = min(low, value) if high == -np.inf else low
    return float(count)
