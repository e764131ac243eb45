"""Whisper's view of the sound, against properties of the definition."""

import numpy as np
import pytest

from ivr.speech.recogniser import RATE_HZ
from ivr.speech.whisper_features import BANDS, log_mel


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.int16)


@pytest.mark.parametrize("frames", [100, 600, 3000])
def test_the_shape_is_bands_by_frames(frames: int) -> None:
    features = log_mel(tone(440), frames)
    assert features.shape == (BANDS, frames)
    assert features.dtype == np.float32


def test_a_tone_stands_in_its_band_and_only_while_it_sounds() -> None:
    # 3 mel for 200 Hz up to 1,000 Hz, 81 steps up to 45.25 mel: 1,000 Hz is nearest to the centre of band 26.
    features = log_mel(tone(1000, 1.0), 300)
    assert features[:, 50].argmax() == 26
    assert features[26, 50] > features[26, 250] + 1.9
    assert np.ptp(features[:, 150:]) == pytest.approx(0, abs=1e-6)


def test_levels_span_eighty_decibels_and_no_more() -> None:
    features = log_mel(tone(700), 200)
    assert np.ptp(features) == pytest.approx(2.0, abs=1e-5)


def test_loudness_shifts_everything_alike() -> None:
    loud, quiet = log_mel(tone(500), 100), log_mel(tone(500) // 10, 100)
    assert (loud - quiet)[8:12, 20:80] == pytest.approx(0.5, abs=0.01)  # 20 dB are a quarter of 80, of a span of 2


def test_silence_and_nothing_are_the_same() -> None:
    assert np.array_equal(log_mel(np.zeros(RATE_HZ, np.int16), 100), log_mel(np.zeros(0, np.int16), 100))


def test_audio_beyond_the_frames_is_left_out() -> None:
    assert log_mel(tone(300, 5), 100).shape == (BANDS, 100)
