"""Speech that carries its own text: what goes in comes out, whole words at a time, and no other sound is understood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.config import ConfigError, Settings
from ivr.grammar import Vocabulary, normalise
from ivr.speech.codec import FRAME_BYTES, decode_mulaw, encode_mulaw
from ivr.speech.simulated import CONFIDENCE, SimulatedModel, write


def noise(ms: int) -> bytes:
    return encode_mulaw(np.random.default_rng(7).normal(0, 3000, ms * 8).astype(np.int16))


def heard(mulaw: bytes, step: int = FRAME_BYTES) -> list[str]:
    """What is understood after each stretch of the sound, and at its end."""
    recogniser = SimulatedModel().listen(Vocabulary("fr", ()))
    partials = [recogniser.accept(decode_mulaw(mulaw[at : at + step]), 0) for at in range(0, len(mulaw), step)]
    final = recogniser.finish()
    assert final.confidence == (CONFIDENCE if final.text else 0.0)
    return [*partials, final.text]


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=80), st.sampled_from([160, 100, 800]))
def test_a_text_comes_through_whatever_the_frames_are(text: str, step: int) -> None:
    assert heard(write(text, noise(3000), 3000), step)[-1] == normalise(text)


def test_words_come_one_after_the_other_once_they_have_been_said() -> None:
    partials = heard(write("où est ma commande", noise(2000), 1800))
    assert list(dict.fromkeys(partials)) == ["", "où", "où est", "où est ma", "où est ma commande"]
    assert partials.index("où est ma commande") > 70


def test_the_first_word_survives_when_the_beginning_is_not_heard() -> None:
    assert heard(write("kde je moje objednávka", noise(2000), 1800)[400 * 8 + 37 :])[-1] == "kde je moje objednávka"


def test_the_text_is_not_to_be_heard() -> None:
    sound = noise(2000)
    before, after = decode_mulaw(sound).astype(float), decode_mulaw(write("bonjour", sound, 2000)).astype(float)
    assert 10 * np.log10((before**2).mean() / ((after - before) ** 2).mean()) > 25


@pytest.mark.parametrize("sound", [noise(1500), b"\xff" * 8000, b"\xa5\x3c" * 800])
def test_sound_without_text_is_not_understood(sound: bytes) -> None:
    assert heard(sound)[-1] == ""


def test_a_real_server_refuses_to_simulate() -> None:
    environ = {"IVR_PUBLIC_URL": "https://ivr.example.com", "IVR_TWILIO_AUTH_TOKEN": "x"}
    assert not Settings.from_environment(environ).simulated_recognition
    with pytest.raises(ConfigError, match="real callers would not be heard"):
        Settings.from_environment({**environ, "IVR_SIMULATED_RECOGNITION": "1"})
    here = {**environ, "IVR_PUBLIC_URL": "http://127.0.0.1:8000", "IVR_SIMULATED_RECOGNITION": "1"}
    assert Settings.from_environment(here).simulated_recognition
