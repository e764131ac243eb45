"""From 8 to 16 kHz: what is in the band stays, what a telephone leaves out is filled."""

from itertools import pairwise

import numpy as np
import pytest

from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.vosk_settings import kernels
from ivr.speech.widening import Widening


def level(wide: Samples, from_hz: float, to_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(wide * np.hanning(len(wide)))) ** 2
    hz = np.fft.rfftfreq(len(wide), 1 / (2 * RATE_HZ))
    return float(10 * np.log10(spectrum[(hz >= from_hz) & (hz < to_hz)].mean() + 1e-9))


def voice(pitch_hz: float) -> Samples:
    """Harmonics of a pitch from 300 Hz on, as a telephone lets them through."""
    time = np.arange(RATE_HZ) / RATE_HZ
    tones = [np.sin(2 * np.pi * pitch_hz * n * time) for n in range(1, 30) if 300 < pitch_hz * n < 3400]
    return (800 * np.sum(tones, axis=0)).astype(np.int16)


def hiss() -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(2).normal(0, 3000, RATE_HZ))
    hz = np.fft.rfftfreq(RATE_HZ, 1 / RATE_HZ)
    return np.fft.irfft(spectrum * ((hz > 2000) & (hz < 3400))).astype(np.int16)


def test_audio_in_parts_gives_the_same_as_audio_in_one() -> None:
    sound = voice(120)
    whole, parts = Widening().widen(sound), Widening()
    ends = [0, 1, 160, 160, 1000, len(sound)]
    pieces = [parts.widen(sound[start:end]) for start, end in pairwise(ends)]
    assert np.abs(whole.astype(int) - np.concatenate(pieces)).max() <= 1


def test_the_pitch_that_a_telephone_leaves_out_comes_back() -> None:
    wide = Widening().widen(voice(120))
    assert level(wide, 115, 125) > level(wide, 150, 200) + 15


def test_a_sharp_sound_is_sharp_above_the_telephone_band_too_and_a_dull_one_is_not() -> None:
    sharp, dull = Widening().widen(hiss()), Widening().widen(voice(120)[:RATE_HZ] // 8)
    assert level(sharp, 4500, 7500) > level(sharp, 500, 1500)
    assert level(sharp, 4500, 7500) > level(dull, 4500, 7500) + 15


def test_silence_becomes_faint_noise_and_the_loudest_sound_is_not_turned_over() -> None:
    assert 10 < Widening().widen(np.zeros(RATE_HZ, np.int16)).std() < 50
    loud = np.full(RATE_HZ, 32767, np.int16)
    assert Widening().widen(loud)[RATE_HZ:].min() > 30000


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ("fpu sse2 avx2 fma", "Haswell"),
        ("fpu avx2 fma avx512f avx512dq avx512bw avx512vl", "SkylakeX"),
        ("fpu sse2 avx", None),
    ],
)
def test_the_arithmetic_is_that_of_the_processor(flags: str, name: str | None) -> None:
    assert kernels(f"processor\t: 0\nflags\t\t: {flags}\n") == name


def test_an_unknown_processor_is_left_to_the_library() -> None:
    assert kernels("Features\t: fp asimd\n") is None
