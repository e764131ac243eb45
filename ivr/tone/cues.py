"""What one utterance sounds like: a few numbers that say how it was spoken, not what was said nor by whom."""

import math
from dataclasses import dataclass, field, fields
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.tone.frames import BANDS, COLUMNS, HOP, MIDDLES_HZ, WINDOW, Column, Floats, analyse

_BATCH = RATE_HZ  # samples analysed at once: for a second numpy takes two thirds of what it takes for four tenths
# Samples that wait before any is analysed: who asks for a person is put through in mid-sentence or right after it, and
# nobody needs to know how that sounded.  In a longer pause it is done while we wait for what else the caller says.
_WAITING, _WAITING_IN_PAUSE = 3 * RATE_HZ, RATE_HZ // 4
_PAUSE_MS = 240
_LONGEST_FRAMES = 2_000  # 20 s: the longest utterance a call listens to; what follows is not looked at
_STEP = 4  # frames: 40 ms, so that two windows share nothing
_ACTIVE_DB = 25.0  # below the utterance's loudest: pauses, breath and line noise
_CLEAREST_DB = 45.0  # above the line's noise: better lines, and those that are cut off in pauses, say nothing more
_DEAD_DB = 30.0  # below the faintest sound of a telephone codec: nothing is sent, and the line's noise is not known
_MIN_ACTIVE, _MIN_VOICED = 10, 6  # frames of 10 ms: less is a click, a cough or a consonant, and says nothing
_LEAST_HARMONICITY, _LEAST_STRENGTH = -0.62, 0.15  # white noise has -0.9 and 0.14 in one frame of a hundred
_STEADY_FLUX, _STEADY_PITCH = 1.2, 0.02  # dB in 40 ms, semitones in 10 ms: fax and music hold still, voices cannot
_PURE_DB = -31.0  # the fifth strongest of the bands, below the strongest: whistles and sirens have no more than four
_KEYS_DB, _KEYS_PITCH = -24.0, 0.04  # keys pressed by a machine, too short to hold still: few bands, and hardly moving
_MODEM_DB, _MODEM_JUMPS = -20.0, 0.38  # few bands, and a pitch that jumps by a semitone in so many of its frames
_QUIETEST = 100  # largest sample: below it there is only the noise of the line
_CLIPPED, _MAX_CLIPPED = 32_000, 0.25  # share of samples at the rails: above it the line is broken, not the voice loud


@dataclass(frozen=True, slots=True)
class Sound:
    """How an utterance was spoken.  All but ``level`` and the last two are the same at any gain.

    Semitones are above 100 Hz, ``_spread`` is a standard deviation, levels are dB.
    """

    pitch: float  # median, semitones
    pitch_spread: float
    pitch_drift: float  # semitones in 40 ms, upwards
    brightness: float  # log2 Hz, centre of gravity, median of speech
    brightness_spread: float
    dullness: float  # dB, energy above 1 kHz over that below, in the dullest tenth
    tilt_spread: float  # dB per kHz over the telephone band
    ripple_low: float  # dB, third cosine of the band levels
    ripple: float  # dB, fourth cosine, lowest tenth
    timbre_motion: float  # dB by which the second cosine changes in 40 ms
    opening: float  # log2 Hz in 40 ms, upwards: centre of gravity below 1,100 Hz, which follows the first formant
    fronting: float  # the same above, which follows the second
    harmonicity: float  # log of periodic over aperiodic energy
    peakedness: float  # log kurtosis of the waveform in the louder part of the voice
    peakedness_drift: float  # in 40 ms
    decay: float  # dB in 10 ms, steepest falls inside voiced stretches
    above_noise: float  # dB, loudest over the pauses around it: what a louder voice does at any gain
    active_share: float  # speech against pauses
    syllables: float  # level peaks a second
    level: float  # dB, loudest: only comparable within one call
    overlap: float  # share of the utterance spoken over our prompt
    voiced_ms: int


class NoVoice(Enum):
    """Instead of a Sound: nobody spoke."""

    NO_VOICE = auto()
    """Tones: music, a fax, keys, a siren: a recogniser finds words in them all the same."""


NO_VOICE = NoVoice.NO_VOICE

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
    """Listens to one utterance at a time.  Holds at most three seconds of audio, and nothing of it after ``finish``."""

    def __init__(self) -> None:
        self._now = _Utterance()

    def hear(self, samples: Samples, quiet_ms: int = 0, over_prompt: bool = False) -> None:
        """Take audio of the utterance as it comes.

        ``quiet_ms``: for how long nobody has talked; ``over_prompt``: our prompt is still being played.
        """
        if not len(samples):
            return
        now = self._now
        if now.frames >= _LONGEST_FRAMES:
            return
        now.heard += len(samples)
        now.over_prompt += len(samples) * over_prompt
        now.waiting.append(samples)
        now.waiting_samples += len(samples)
        if now.waiting_samples >= (_WAITING if quiet_ms < _PAUSE_MS else _WAITING_IN_PAUSE):
            _take(now)

    def drop(self) -> None:
        """Nobody asks how the utterance was spoken."""
        self._now = _Utterance()

    def finish(self) -> Sound | NoVoice | None:
        """The utterance is over: how it was spoken, or None when that cannot be said.  Ready for the next one."""
        now, self._now = self._now, _Utterance()
        _take(now)
        if now.peak < _QUIETEST or now.clipped > _MAX_CLIPPED * now.heard or not now.rows:
            return None
        return describe(np.concatenate(now.rows), now.over_prompt / now.heard)


def _take(now: _Utterance) -> None:
    """Analyse what waits, but for the end of it that the next window needs."""
    samples = np.concatenate(now.waiting) if now.waiting else np.zeros(0, np.int16)
    done = 0
    for begin in range(0, len(samples), _BATCH):
        rows = analyse(samples[begin : begin + _BATCH + WINDOW - HOP])
        now.rows.append(rows)
        done += len(rows) * HOP
    loudness = np.abs(samples[:done].astype(np.int32))
    now.frames += done // HOP
    now.peak = max(now.peak, int(loudness.max(initial=0)))
    now.clipped += int(np.count_nonzero(loudness >= _CLIPPED))
    now.waiting, now.waiting_samples = [samples[done:]], 0


def describe(rows: Floats, overlap: float = 0.0) -> Sound | NoVoice | None:
    """The cues of one utterance from its frames (``frames.analyse``), or None when there is too little voice in it."""
    if len(rows) < _MIN_ACTIVE:
        return None
    level = rows[:, Column.LEVEL]
    loudest = _percentile(level[level > level.max() - _ACTIVE_DB], 90)  # however much silence is around it
    active = level > loudest - _ACTIVE_DB
    voiced = active & (rows[:, Column.HARMONICITY] > _LEAST_HARMONICITY) & (rows[:, Column.STRENGTH] > _LEAST_STRENGTH)
    voiced[1:-1] &= voiced[:-2] | voiced[2:]  # a lone voiced frame is chance
    if active.sum() < _MIN_ACTIVE or voiced.sum() < _MIN_VOICED:
        return None
    if _machine(rows, voiced):
        return NO_VOICE
    first, last = np.flatnonzero(active)[[0, -1]]
    speech_ms = int(last - first + 1) * HOP * 1000 // RATE_HZ
    return Sound(
        **_pitch(rows, voiced),
        **_timbre(rows, active, voiced),
        **_voice(rows, voiced),
        above_noise=min(loudest - _percentile(level[level > _DEAD_DB], 5), _CLEAREST_DB),
        decay=_percentile(np.diff(level)[voiced[1:] & voiced[:-1]], 5),
        active_share=float(active[first : last + 1].mean()),
        syllables=_syllables(level[first : last + 1], _percentile(level[voiced], 50)) * 1000 / speech_ms,
        level=loudest,
        overlap=overlap,
        voiced_ms=int(voiced.sum()) * HOP * 1000 // RATE_HZ,
    )


def _machine(rows: Floats, voiced: NDArray[np.bool_]) -> bool:
    """True for tones that hold still, are purer or jump more than voices do (flux: E. Scheirer and M. Slaney, 1997).

    Nine of a thousand recorded utterances are lost to it, most of them single digits.
    """
    bands = rows[:, COLUMNS:]
    flux = _percentile(np.abs(bands[_STEP:] - bands[:-_STEP]).mean(axis=1)[voiced[_STEP:]], 50)
    steps = np.abs(np.diff(rows[:, Column.PITCH]))[voiced[1:] & voiced[:-1]]
    step, jumps = _percentile(steps, 50), float((steps > 1).mean()) if len(steps) else 0.0
    ranked = np.sort(bands[voiced], axis=1)
    fifth = _percentile(ranked[:, -5] - ranked[:, -1], 50)
    return (
        flux < _STEADY_FLUX
        or step < _STEADY_PITCH
        or fifth < _PURE_DB
        or (fifth < _KEYS_DB and step < _KEYS_PITCH)
        or (fifth < _MODEM_DB and jumps > _MODEM_JUMPS)
    )


def _percentile(values: Floats, share: float) -> float:
    """Between the nearest two, as numpy's, which takes longer for so few; 0.0 of nothing."""
    if not len(values):
        return 0.0
    ranked, at = np.sort(values), (len(values) - 1) * share / 100
    low = ranked[int(at)]
    return float(low + (ranked[math.ceil(at)] - low) * (at % 1))


def _changes(values: Floats, voiced: NDArray[np.bool_]) -> Floats:
    """By how much a column changes in 40 ms, wherever there is voice at both ends; at least one number."""
    change = (values[_STEP:] - values[:-_STEP])[voiced[_STEP:] & voiced[:-_STEP]]
    return change if len(change) else np.zeros(1)


def _pitch(rows: Floats, voiced: NDArray[np.bool_]) -> dict[str, Any]:
    pitch = rows[:, Column.PITCH]
    return {
        "pitch": _percentile(pitch[voiced], 50),
        "pitch_spread": float(pitch[voiced].std()),
        "pitch_drift": float(_changes(pitch, voiced).mean()),
    }


def _voice(rows: Floats, voiced: NDArray[np.bool_]) -> dict[str, Any]:
    level = rows[voiced, Column.LEVEL]
    peakedness = rows[:, Column.PEAKEDNESS]
    return {
        "harmonicity": float(rows[voiced, Column.HARMONICITY].mean()),
        "peakedness": float(peakedness[voiced][level >= _percentile(level, 60)].mean()),
        "peakedness_drift": float(_changes(peakedness, voiced).mean()),
    }


def _slope_weights() -> Floats:
    """Weights that give a least-squares slope over the bands, dB per kHz."""
    centred = (MIDDLES_HZ - MIDDLES_HZ.mean()) / 1000
    return np.asarray(centred / (centred**2).sum())


_TILT = _slope_weights()
_COSINES = np.cos(np.pi * np.outer(np.arange(BANDS) + 0.5, np.arange(5)) / BANDS) / BANDS


def _timbre(rows: Floats, active: NDArray[np.bool_], voiced: NDArray[np.bool_]) -> dict[str, Any]:
    """Where the energy lies, and how that moves (cosines as in mel cepstra: S. Davis and P. Mermelstein, 1980)."""
    centre = rows[:, Column.CENTRE]
    ripples = rows[:, COLUMNS:] @ _COSINES
    return {
        "brightness": _percentile(centre[active], 50),
        "brightness_spread": float(centre[active].std()),
        "dullness": _percentile(rows[active, Column.ALPHA], 10),
        "tilt_spread": float((rows[active, COLUMNS:] @ _TILT).std()),
        "ripple_low": float(ripples[active, 3].mean()),
        "ripple": _percentile(ripples[active, 4], 10),
        "timbre_motion": float(np.abs(_changes(ripples[:, 2], voiced)).mean()),
        "opening": float(_changes(rows[:, Column.CENTRE_LOW], voiced).mean()),
        "fronting": float(_changes(rows[:, Column.CENTRE_HIGH], voiced).mean()),
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
