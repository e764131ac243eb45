"""Does silence that is not decoded cost words?  The same recordings between silences, heard with and without it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ivr.call.events import Heard
from ivr.call.turns import TurnTiming
from ivr.grammar import Grammar
from ivr.phone.mix import Sentence
from ivr.speech.codec import read_wav
from ivr.speech.ear import LOOK_BACK_MS, Ear, Speech
from ivr.speech.recogniser import RATE_HZ, RecognitionModel, Samples

BEFORE_S, AFTER_S = 3.0, 2.0  # silence around a recording: a caller who thinks, and the end of any utterance
ALL_S = 60  # a look-back that leaves no silence out
_LINE_NOISE = 5.0  # of 32,768: what a quiet line carries


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was understood, of how much audio, with how much processor time."""

    text: str
    decoded_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One recording.  ``spoken``: heard as a call does; ``all``: with the silence before it."""

    wanted: str
    spoken: Hearing
    all: Hearing


def compare(
    model: RecognitionModel,
    grammar: Grammar,
    timing: TurnTiming,
    sentences: Sequence[Sentence],
    progress: Callable[[], None] = lambda: None,
) -> list[Compared]:
    """Hear every recording both ways; ``progress`` is called after each.  Raises ValueError: no WAV."""
    compared = []
    for index, sentence in enumerate(sentences):
        sound = between_silences(read_wav(sentence.path), seed=index)
        spoken = hear(Ear(model, grammar, timing, LOOK_BACK_MS), sound)
        everything = hear(Ear(model, grammar, timing, ALL_S * 1000), sound)
        compared.append(Compared(sentence.text, spoken, everything))
        progress()
    return compared


def between_silences(samples: Samples, seed: int) -> Samples:
    """A recording on a quiet line, with nothing said before and after it."""
    before, after = (np.zeros(int(seconds * RATE_HZ), np.int16) for seconds in (BEFORE_S, AFTER_S))
    sound = np.concatenate([before, samples, after])
    noise = np.random.default_rng(seed).standard_normal(len(sound)) * _LINE_NOISE
    return np.clip(sound + noise, -32768, 32767).astype(np.int16)


def hear(ear: Ear, sound: Samples) -> Hearing:
    """All that an ear understands of it."""
    began_s = time.process_time()
    events = [event for at in range(0, len(sound), RATE_HZ // 50) for event in ear.hear(sound[at : at + RATE_HZ // 50])]
    text = " ".join(event.text for event in events if isinstance(event, Heard) and event.text)
    decoded = sum(len(event.samples) for event in events if isinstance(event, Speech))
    return Hearing(text, decoded / RATE_HZ, time.process_time() - began_s)


def table(compared: Sequence[Compared]) -> dict[str, float | int]:
    """How often the words are the same, how often right each way, and what each way costs."""
    different = [each for each in compared if each.spoken.text != each.all.text]
    lasts_s = sum(each.all.decoded_s for each in compared)
    return {
        "recordings": len(compared),
        "same_words": len(compared) - len(different),
        "lost_without_silence": sum(each.all.text == each.wanted for each in different),
        "right_without_silence": sum(each.spoken.text == each.wanted for each in compared),
        "right_with_silence": sum(each.all.text == each.wanted for each in compared),
        "decoded_s_without_silence": round(sum(each.spoken.decoded_s for each in compared), 1),
        "decoded_s_with_silence": round(lasts_s, 1),
        "cpu_s_without_silence": round(sum(each.spoken.cpu_s for each in compared), 2),
        "cpu_s_with_silence": round(sum(each.all.cpu_s for each in compared), 2),
    }
