"""Telephone audio: G.711 μ-law to 16-bit samples and back, and rates of sampling."""

from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from ivr.speech.recogniser import RATE_HZ, Samples

SILENCE = 0xFF  # μ-law for zero
FRAME_BYTES = 160  # 20 ms: the frame length seen on real Twilio calls; any other is decoded as well
_BIAS = 0x84  # ITU-T G.711: added before the logarithm so that small samples keep their resolution
_CLIP = 32635


def _decode_table() -> NDArray[np.int16]:
    """The 256 values of ITU-T G.711 μ-law."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = ((code >> 4) & 0x07).astype(np.int32)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + _BIAS) << exponent) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> NDArray[np.uint8]:
    """μ-law for every 16-bit sample, indexed by the sample read as unsigned."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(samples), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    return np.asarray(~(sign | (exponent << 4) | mantissa) & 0xFF, dtype=np.uint8)


_DECODE = _decode_table()
_ENCODE = _encode_table()


def decode_mulaw(data: bytes) -> Samples:
    """μ-law bytes -> samples, one for each byte."""
    return _DECODE[np.frombuffer(data, dtype=np.uint8)]


def encode_mulaw(samples: Samples) -> bytes:
    """Samples -> μ-law bytes, one for each sample."""
    return _ENCODE[samples.view(np.uint16)].tobytes()


def resample(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate, low-pass filtered."""
    if from_hz == to_hz:
        return samples
    return np.asarray(soxr.resample(samples, from_hz, to_hz), dtype=np.int16)


def duration_ms(mulaw: bytes) -> int:
    """How long μ-law audio lasts."""
    return len(mulaw) * 1000 // RATE_HZ


_WAV_PCM, _WAV_MULAW = 1, 7


def read_wav(path: Path) -> Samples:
    """A WAV file (16-bit PCM or μ-law, any rate, channels averaged) as telephone samples.

    Raises ValueError with the file's name when it is neither.
    """
    rate_hz, channels, samples = _parse_wav(path)
    if channels > 1:
        whole = samples[: len(samples) // channels * channels]  # a recording that was cut off ends anywhere
        samples = whole.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return resample(samples, rate_hz, RATE_HZ)


def _parse_wav(path: Path) -> tuple[int, int, Samples]:
    """(rate, channels, interleaved samples).  Python's ``wave`` refuses μ-law, so the chunks are walked here."""
    data = path.read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"{path}: not a WAV file")
    position, form = 12, None
    while position + 8 <= len(data):
        name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt ":
            form = [int.from_bytes(body[at : at + width], "little") for at, width in ((0, 2), (2, 2), (4, 4), (14, 2))]
        elif name == b"data" and form is not None:
            kind, channels, rate_hz, bits = form
            if kind == _WAV_MULAW:
                return rate_hz, channels, decode_mulaw(body)
            if kind in (_WAV_PCM, 0xFFFE) and bits == 16:
                return rate_hz, channels, np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2").astype(np.int16)
            raise ValueError(f"{path}: only 16-bit PCM and μ-law are read; convert it with sox or ffmpeg")
        position += 8 + size + size % 2
    raise ValueError(f"{path}: a WAV file without audio")
