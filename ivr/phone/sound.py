"""A text or a recording as it arrives over a telephone line: 300 to 3,400 Hz, μ-law, with its end of speech known."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ivr.phone.caller import FRAME_MS, Utterance
from ivr.phone.natural_voice import LANGUAGE as NATURAL_LANGUAGE
from ivr.phone.natural_voice import USUAL_WPM, natural_voice
from ivr.speech import simulated
from ivr.speech.codec import decode_mulaw, encode_mulaw, read_wav
from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.voice import EspeakVoice, Voice, VoiceFailed

LOW_HZ, HIGH_HZ = 300, 3400  # the telephone band: nothing between these is lost
# The edges are slopes, as on real lines: ITU-T G.712 asks for hard attenuation at mains hum and above 4 kHz only.
SILENT_BELOW_HZ, SILENT_ABOVE_HZ = 150, 3600
QUIETER_THAN_PEAK = 0.02  # a frame 34 dB below the loudest one is no speech any more
NOISE_FLOOR = 30.0  # RMS of a line without a voice, in steps of 16-bit sound
# Callers are other people than the system, so theirs are other voices; this Korean one is heard best by Vosk.
VOICES = {"en": "en-gb", "fr": "fr", "cs": "cs", "ko": "ko+f4"}

RATE_WPM = {"en": 125}  # of eSpeak: unhurried; what the recognisers here understand best of these voices
USUAL_RATE_WPM = 150


class Synthesis:
    """Callers' voices.  ``voice`` is anything that speaks, every language.

    Without one: the natural voice for English where it is installed, eSpeak NG for all else, until the block ends.
    """

    def __init__(self, voice: Voice | None = None) -> None:
        self._voice = voice or EspeakVoice()
        self._only = voice is not None

    def __enter__(self) -> "Synthesis":
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._voice, EspeakVoice):
            self._voice.close()

    def say(self, text: str, language: str, readable: bool = False) -> Utterance:
        """A sentence as a caller says it over the telephone.  Raises ValueError when the voice gives no sound.

        ``readable``: its sound carries the text, for a server that cannot recognise the language.
        """
        natural = natural_voice() if language == NATURAL_LANGUAGE and not self._only else None
        voice = VOICES.get(language, language)
        try:
            if natural:
                mulaw = natural.speak(text, voice, USUAL_WPM)
            else:
                mulaw = self._voice.speak(text, voice, RATE_WPM.get(language, USUAL_RATE_WPM))
        except VoiceFailed as failed:
            raise ValueError(str(failed)) from None
        if not mulaw:
            raise ValueError(f"there is nothing to be said in {text!r}")
        said = utterance(text, telephone_band(decode_mulaw(mulaw)))
        return replace(said, mulaw=simulated.write(text, said.mulaw, said.ends_ms)) if readable else said


def recording(path: Path, text: str | None = None) -> Utterance:
    """A recording.  Raises ValueError or OSError with the file's name."""
    samples = read_wav(path)
    if not len(samples):
        raise ValueError(f"{path}: holds no sound")
    return utterance(text if text is not None else path.name, telephone_band(samples))


def utterance(text: str, samples: Samples) -> Utterance:
    """Samples as something to be said."""
    return Utterance(text, encode_mulaw(samples), speech_ends_ms(samples))


def telephone_band(samples: Samples) -> Samples:
    """The same sound as a telephone line passes it on."""
    if not len(samples):
        return samples
    length = len(samples) + RATE_HZ // 10  # the transform is a circle: the filter must not ring into the beginning
    spectrum = np.fft.rfft(samples.astype(np.float64), length)
    hz = np.fft.rfftfreq(length, 1 / RATE_HZ)
    rises = np.clip((hz - SILENT_BELOW_HZ) / (LOW_HZ - SILENT_BELOW_HZ), 0, 1)
    falls = np.clip((SILENT_ABOVE_HZ - hz) / (SILENT_ABOVE_HZ - HIGH_HZ), 0, 1)
    filtered = np.fft.irfft(spectrum * rises * falls, length)[: len(samples)]
    return np.clip(np.round(filtered), -32768, 32767).astype(np.int16)


def speech_ends_ms(samples: Samples) -> int:
    """Where the speech ends and only silence or the noise of the line follows; at least one frame."""
    size = RATE_HZ * FRAME_MS // 1000
    count = -(-len(samples) // size)
    padded = np.zeros(count * size, dtype=np.float64)
    padded[: len(samples)] = samples
    loudness = np.sqrt((padded.reshape(count, size) ** 2).mean(axis=1))
    speech = np.flatnonzero(loudness > max(NOISE_FLOOR, QUIETER_THAN_PEAK * float(loudness.max())))
    return (int(speech[-1]) + 1 if len(speech) else 1) * FRAME_MS
