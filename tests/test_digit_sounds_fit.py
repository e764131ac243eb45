"""The fit of the layer that hears digits, on strings made of numbers instead of voices."""

import itertools

import numpy as np
import pytest

from ivr.accuracy.digit_sounds_fit import fit, temporal_classification
from ivr.speech.digit_sounds import WORDS


def test_the_loss_is_that_of_all_ways_to_say_the_words() -> None:
    random = np.random.default_rng(1)
    values = random.normal(0, 1, (1, 5, 4))
    logs = values - np.log(np.exp(values).sum(axis=2, keepdims=True))
    said = [2, 2]

    def heard(path: tuple[int, ...]) -> list[int]:
        return [word for word, _ in itertools.groupby(path) if word]

    ways = [path for path in itertools.product(range(4), repeat=5) if heard(path) == said]
    chance = sum(np.exp(sum(logs[0, at, word] for at, word in enumerate(path))) for path in ways)
    loss, shares = temporal_classification(logs, np.array([5]), [said])
    assert loss[0] == pytest.approx(-np.log(chance))
    assert shares.sum(axis=2) == pytest.approx(1.0)


def test_what_the_layer_hears_is_what_it_was_shown() -> None:
    random = np.random.default_rng(2)
    sounds = random.normal(0, 1, (len(WORDS) + 1, 12))
    strings, labels = [], []
    for _ in range(64):
        words = random.integers(0, 10, 3).tolist()
        steps = [0, 0, *(step for word in words for step in (word + 1, word + 1, 0))]
        strings.append((sounds[steps] + random.normal(0, 0.1, (len(steps), 12))).astype(np.float16))
        labels.append(words)
    lost: list[str] = []
    weights = fit(strings, labels, lost.append)
    assert weights.shape == (13, len(WORDS) + 1)
    losses = [float(line.rpartition(" ")[2]) for line in lost]
    assert losses == sorted(losses, reverse=True)
