"""Strings of digits as a telephone line brings them: pauses, clipped edges, another throat, echo, noise, μ-law."""

from collections.abc import Iterator, Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from ivr.accuracy.digit_voices import Labels, Sound, Speaker, some_words
from ivr.speech.codec import decode_mulaw, encode_mulaw
from ivr.speech.recogniser import RATE_HZ, Samples

_MS = RATE_HZ // 1000
_LONGEST = 9 * RATE_HZ
_APART = 6  # strings of single words from one speaker

Floats = NDArray[np.float64]


def strings(
    speaker: Speaker, chance: np.random.Generator, fewest: int = 3, most: int = 7
) -> Iterator[tuple[Labels, Samples]]:
    """Some put together from words said alone, ``fewest`` to ``most`` of them, then those said in one go."""
    for _ in range(_APART):
        labels = some_words(chance, int(chance.integers(fewest, most + 1)), 0.04, 0.05)
        if any(not speaker.words[word] for word in labels):
            continue
        parts = [speaker.words[word][int(chance.integers(len(speaker.words[word])))] for word in labels]
        samples = _line(_apart(parts, chance, _throat(chance)), chance)
        if len(samples) <= _LONGEST:
            yield labels, samples
    for labels, sound in speaker.whole:
        samples = spoken(sound, chance)
        if len(samples) <= _LONGEST:
            yield labels, samples


def spoken(sound: Sound, chance: np.random.Generator) -> Samples:
    """What was said in one go, as a line brings it."""
    return _line(_whole(sound, chance, _throat(chance)), chance)


def _throat(chance: np.random.Generator) -> float:
    """Above 1: a smaller speaker, higher and faster."""
    return float(np.exp(chance.uniform(-0.16, 0.16)))


def _apart(parts: Sequence[Sound], chance: np.random.Generator, throat: float) -> Floats:
    joined: list[NDArray[np.floating]] = [_silence(chance.uniform(150, 450))]
    drop_db, around = chance.uniform(14, 40), int(chance.uniform(0, 400))
    pause_ms = chance.uniform(50, 350)
    for part in parts:
        word = _warped(part, throat * np.exp(chance.normal(0, 0.02)))
        word = _trimmed(word, drop_db + chance.normal(0, 2), int(around * chance.uniform(0.3, 1.5)))
        if chance.random() < 0.15:
            lost = int(chance.uniform(40, 240))
            word = word[lost:] if chance.random() < 0.5 else word[:-lost]
        joined += [word * 10 ** (chance.normal(0, 2.5) / 20), _silence(pause_ms * np.exp(chance.normal(0, 0.4)))]
    joined.append(_silence(chance.uniform(100, 300)))
    return np.concatenate(joined)


def _whole(sound: Sound, chance: np.random.Generator, throat: float) -> Floats:
    said = _trimmed(_warped(sound, throat), 35, 300)
    return np.concatenate([_silence(chance.uniform(150, 450)), said, _silence(chance.uniform(150, 500))])


def _line(sound: Floats, chance: np.random.Generator) -> Samples:
    sound = _band(sound, chance)
    if chance.random() < 0.25:
        later = int(chance.uniform(8, 300))
        echo = sound[:-later] * chance.uniform(0.1, 0.4)
        sound = sound + np.concatenate([np.zeros(later), echo])
    sound = sound / (np.sqrt((sound**2).mean()) + 1e-9)
    if chance.random() < 0.5:
        noise = chance.normal(0, 1, len(sound))
        noise = _band(noise, chance) if chance.random() < 0.5 else noise
        sound = sound + noise / noise.std() * 10 ** (-chance.uniform(12, 45) / 20)
    sound = sound * 10 ** (chance.uniform(-30, -14) / 20)
    if chance.random() < 0.1:
        sound = np.clip(sound, -0.25, 0.25)
    return decode_mulaw(encode_mulaw((np.clip(sound, -1, 1) * 32767).astype(np.int16)))


def _band(sound: Floats, chance: np.random.Generator) -> Floats:
    """About 300 to 3,400 Hz, and a tilt of up to 4 dB an octave."""
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    low, high = chance.uniform(180, 330), chance.uniform(3200, 3700)
    passed = 1 / (1 + (low / np.maximum(hz, 1)) ** 8) * 1 / (1 + (hz / high) ** 16)
    passed = passed * 10 ** (chance.uniform(-4, 4) * np.log2(np.maximum(hz, 100) / 1000) / 20)
    return np.fft.irfft(np.fft.rfft(sound) * passed, len(sound))


def _warped(sound: Sound, throat: float) -> Sound:
    return np.asarray(soxr.resample(sound.astype(np.float32), RATE_HZ * throat, RATE_HZ))


def _trimmed(sound: Sound, drop_db: float, around: int) -> Sound:
    """From where it is this much below its loudest to where it is again, and ``around`` samples more."""
    level = np.convolve(np.abs(sound), np.ones(80) / 80, "same")
    loud = np.nonzero(level > level.max() * 10 ** (-drop_db / 20))[0]
    return sound[max(0, loud[0] - around) : loud[-1] + around]


def _silence(ms: float) -> Floats:
    return np.zeros(int(ms) * _MS)
