"""Fits the layer that hears digits (``ivr/speech/digit_sounds.npy``) to synthetic voices: nobody's recordings.

    python -m ivr.accuracy.digit_sounds_fit digit_sounds.npy

Needs the programs espeak-ng, flite and festival (Debian: the packages of these names, festvox-kallpc16k,
festvox-kdlpc16k, festvox-us-slt-hts, festvox-italp16k, festvox-itapc16k, festvox-czech-dita, festvox-czech-machac,
festvox-czech-ph) and Whisper.  Some ten minutes on two cores; the same programs give the same file.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.accuracy.digit_strings import strings
from ivr.accuracy.digit_voices import Labels, missing_programs, speaker
from ivr.speech import models
from ivr.speech.digit_sounds import WORDS
from ivr.speech.whisper_reading import Reader

SEEDS = range(100, 108)  # of the speakers, so many to a seed:
SPEAKERS = 40
ROUNDS = 8
BATCH = 32
RATE = 4e-3  # of Adam, falling to nothing along a cosine
DECAY = 1e-2
DROPPED = 0.15  # of the encoder's values, another choice for each string
NOISE = 0.3  # spreads, added to half of the strings
NEVER = -1e9

Encoded = NDArray[np.float16]
"""Shape (positions of 20 ms, 384)."""
Floats = NDArray[np.float32]
Logs = NDArray[np.float64]


def main(output: Path) -> None:
    """Make the voices, let Whisper encode them, fit, and write the weights."""
    place = models.whisper_model()
    if place is None:
        sys.exit("there is no Whisper: pip install 'call-us-ivr[demo]'")
    if missing := missing_programs():
        sys.exit(f"not found: {', '.join(missing)}; see the head of ivr/accuracy/digit_sounds_fit.py")
    reader = Reader(place, workers=1)
    heard = [each for seed in SEEDS for each in encoded(reader, seed, SPEAKERS)]
    np.save(output, fit([sound for sound, _ in heard], [labels for _, labels in heard]).astype(np.float16))


def encoded(reader: Reader, seed: int, speakers: int) -> Iterator[tuple[Encoded, Labels]]:
    """Some 300 strings by 40 voices as Whisper encodes them, with the words in each (numbered from 0)."""
    chance = np.random.default_rng(seed)
    voices = [speaker(chance) for _ in range(speakers)]
    chance = np.random.default_rng(seed + 5000)
    for voice in voices:
        for labels, samples in strings(voice, chance):
            sound = reader.sounding(samples).astype(np.float16)
            if len(sound) > 2 * len(labels):
                yield sound, labels
    print(f"voices of seed {seed}: done", file=sys.stderr)


def fit(sounds: Sequence[Encoded], labels: Sequence[Labels], log: Callable[[str], object] = print) -> Floats:
    """Weights for each of 384 values and a constant, shape (385, 14): no word, then ``WORDS``."""
    chance = np.random.default_rng(0)
    some = np.concatenate([sounds[at] for at in chance.permutation(len(sounds))[:300]]).astype(np.float32)
    mean, spread = some.mean(axis=0), some.std(axis=0) + 1e-3
    weights = np.zeros((some.shape[1] + 1, len(WORDS) + 1), dtype=np.float32)
    slope, square = np.zeros_like(weights), np.zeros_like(weights)
    steps = ROUNDS * (len(sounds) // BATCH)
    done = 0
    for round_number in range(ROUNDS):
        total = 0.0
        for batch in _batches([len(sound) for sound in sounds], chance):
            rows = [_varied((sounds[at].astype(np.float32) - mean) / spread, chance) for at in batch]
            loss, gradient = _gradient(weights, rows, [labels[at] for at in batch])
            total += loss
            done += 1
            slope = 0.9 * slope + 0.1 * gradient
            square = 0.999 * square + 0.001 * gradient**2
            step = slope / (1 - 0.9**done) / (np.sqrt(square / (1 - 0.999**done)) + 1e-8)
            step[:-1] += DECAY * weights[:-1]
            weights -= RATE * min(1.0, done / 50) * (0.5 + 0.5 * np.cos(np.pi * done / steps)) * step
        log(f"round {round_number + 1}: {total * ROUNDS / steps:.2f}")
    weights[:-1] /= spread[:, None]
    weights[-1] -= mean @ weights[:-1]
    return weights


def _batches(lengths: Sequence[int], chance: np.random.Generator) -> list[NDArray[np.intp]]:
    """Strings of about the same length together, in another order each time."""
    order = np.argsort(np.array(lengths) + chance.uniform(0, 40, len(lengths)), kind="stable")
    batches = [order[at * BATCH : (at + 1) * BATCH] for at in range(len(order) // BATCH)]
    chance.shuffle(batches)
    return batches


def _varied(rows: Floats, chance: np.random.Generator) -> Floats:
    """So that the layer leans on no single value."""
    varied: NDArray[np.floating] = rows * (chance.random(rows.shape[1]) > DROPPED) / (1 - DROPPED)
    if chance.random() < 0.5:
        varied = varied + chance.normal(0, NOISE, rows.shape)
    return varied.astype(np.float32)


def _gradient(weights: Floats, rows: Sequence[Floats], labels: Sequence[Labels]) -> tuple[float, Floats]:
    """The mean loss of some strings, and what would raise it."""
    lengths = [len(each) for each in rows]
    together = np.concatenate(rows)
    together = np.c_[together, np.ones(len(together), dtype=np.float32)]
    values = (together @ weights).astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    padded = np.zeros((len(rows), max(lengths), logs.shape[1]))
    ends = np.cumsum(lengths)
    for at, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        padded[at, :length] = logs[end - length : end]
    losses, shares = temporal_classification(
        padded, np.array(lengths), [[word + 1 for word in each] for each in labels]
    )
    wanted = np.concatenate([shares[at, :length] for at, length in enumerate(lengths)])
    excess = ((np.exp(logs) - wanted) / len(rows)).astype(np.float32)
    return float(losses.mean()), together.T @ excess


def temporal_classification(
    logs: Logs, lengths: NDArray[np.intp], labels: Sequence[Sequence[int]]
) -> tuple[Logs, Logs]:
    """Connectionist temporal classification (A. Graves et al., 2006): the loss of each string, and how much of each
    step belongs to each word.  ``logs``: log probabilities, shape (strings, steps, words); word 0 is none.
    """
    count, steps, _ = logs.shape
    sizes = np.array([2 * len(each) + 1 for each in labels])
    path = np.zeros((count, sizes.max()), dtype=np.intp)  # no word between and around the words
    for at, each in enumerate(labels):
        path[at, 1 : 2 * len(each) : 2] = each
    follows = np.zeros(path.shape, dtype=np.bool_)
    follows[:, 3::2] = path[:, 3::2] != path[:, 1:-2:2]
    here = np.take_along_axis(logs, np.broadcast_to(path[:, None], (count, steps, path.shape[1])), axis=2)
    here = np.where((np.arange(path.shape[1]) < sizes[:, None])[:, None], here, NEVER)
    every = np.arange(count)
    before = np.full((steps, *path.shape), NEVER)
    before[0, :, :2] = here[:, 0, :2]
    for step in range(1, steps):
        one = before[step - 1]
        reached = np.logaddexp(one, _moved(one, 1))
        reached = np.logaddexp(reached, np.where(follows, _moved(one, 2), NEVER)) + here[:, step]
        before[step] = np.where((step < lengths)[:, None], reached, one)
    likely = np.logaddexp(before[-1][every, sizes - 1], before[-1][every, sizes - 2])
    after = np.full(path.shape, NEVER)
    after[every, sizes - 1] = after[every, sizes - 2] = 0.0
    shares = np.zeros_like(logs)
    for step in range(steps - 1, -1, -1):
        live = (step < lengths)[:, None]
        share = np.where(live, np.exp(np.clip(before[step] + after - likely[:, None], -60, 1)), 0.0)
        np.add.at(shares[:, step], (every[:, None], path), share)
        one = after + here[:, step]
        reached = np.logaddexp(one, _moved(one, -1))
        reached = np.logaddexp(reached, _moved(np.where(follows, one, NEVER), -2))
        after = np.where(live, reached, after)
    return -likely, shares


def _moved(values: Logs, by: int) -> Logs:
    """Each value at the place ``by`` further on; nothing comes in from outside."""
    moved = np.full_like(values, NEVER)
    if by > 0:
        moved[:, by:] = values[:, :-by]
    else:
        moved[:, :by] = values[:, -by:]
    return moved


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "digit_sounds.npy"))
