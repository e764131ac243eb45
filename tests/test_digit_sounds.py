"""Digits in the sound, without any recording: encoded positions made so that the layer hears what is wanted."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.speech.digit_sounds import WORDS, _weights, digit_strings, digits_in


def sounding(*words: str, also: str = "") -> NDArray[np.float32]:
    """300 ms of each word and 100 ms of nothing after it; ``also`` sounds with the first, nearly as much."""
    steps = [0] * 5
    for word in words:
        steps += [WORDS.index(word) + 1] * 15 + [0] * 5
    values = np.zeros((len(steps), len(WORDS) + 1))
    values[np.arange(len(steps)), steps] = 8.0
    if also:
        values[5:20, WORDS.index(also) + 1] = 7.5
    weights = _weights().astype(np.float64)
    return np.asarray((values - weights[-1]) @ np.linalg.pinv(weights[:-1]), dtype=np.float32)


@pytest.mark.parametrize("said", ["four", "four two seven one nine", "three three three", "double seven oh six"])
def test_the_words_that_sound_are_heard_once_each(said: str) -> None:
    assert digit_strings(sounding(*said.split()), WORDS, (), 3)[0][0] == said


def test_words_that_may_not_be_said_are_not_heard() -> None:
    assert {
        word for text, _ in digit_strings(sounding("oh", "one"), WORDS[:10], (), 8) for word in text.split()
    } <= set(WORDS[:10])


def test_what_sounds_nearly_as_much_is_the_next_best() -> None:
    texts = [text for text, _ in digit_strings(sounding("nine", "two", also="five"), WORDS, (2,), 2)]
    assert texts == ["nine two", "five two"]


def test_silence_is_no_string_at_all() -> None:
    assert digit_strings(sounding(), WORDS, (6,), 3) == []


def test_triple_is_one_of_two_words_for_three_digits() -> None:
    heard = sounding("triple", "seven", "two")
    as_four, as_three = (dict(digit_strings(heard, WORDS, (length,), 200)) for length in (4, 3))
    assert as_four["triple seven two"] > as_three["triple seven two"]


def test_a_word_too_many_may_have_been_no_word() -> None:
    texts = [text for text, _ in digit_strings(sounding("nine", "two", "five"), WORDS, (2,), 200)]
    assert "nine two" in texts
    assert "two five" in texts


def test_strings_of_the_same_digits_are_no_rivals() -> None:
    assert digits_in("triple seven oh double two") == "seven seven seven zero two two"
