"""Digits in the sound: a layer of ours on Whisper's encoder, which hears what is there and guesses no words.

Whisper's decoder writes what is probable as text; a string of digits is not, so it drops, doubles and exchanges them.
For each 20 ms of the encoded sound this layer gives the probability of each digit word and of none (connectionist
temporal classification: A. Graves et al., 2006).  Its weights come from synthetic voices only, see docs/accuracy.md.
"""

import math
import re
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

_PLAIN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = (*_PLAIN, "oh", "double", "triple")
_TRIPLE = WORDS.index("triple") + 1  # two words for three digits; "double" is two for two
_BEAM = 8
_FAINT = -7.0  # log probability of a word in one step below which it is not followed
_EACH = -12.0  # for each word: without it a word with a dip in it is heard as two
_RARE = -12.0  # more for "oh", "double" and "triple": an "oh" is much like the end of "zero" and "four"
_ELSE = -60.0  # for a string of another length than was asked for
_CHANGED = 2  # of the likeliest strings: in these, each word is tried as every other, and as none
_SILENT = -1e-3  # log probability of no word from which a step tells nothing more than the one before
_COSTS = (0.0, *(_EACH if word in _PLAIN else _EACH + _RARE for word in WORDS))
_NEVER = -math.inf

Logs = NDArray[np.float64]


def digit_strings(
    encoded: NDArray[np.float32], allowed: tuple[str, ...], lengths: tuple[int, ...], most: int
) -> list[tuple[str, float]]:
    """The likeliest strings of the ``allowed`` words in (positions, 384), each with its log probability, best first.

    ``lengths``: how many digits are expected, empty when any number may be.
    """
    plain = tuple(word for word in allowed if word in _PLAIN)
    found = _found(encoded, allowed, lengths)
    found = {string: likely for string, likely in found.items() if max(string) > len(_PLAIN)}
    found |= _found(encoded, plain, lengths)  # as if nobody said "oh": what sounds like it is a zero or a four
    ranked = sorted(found.items(), key=lambda each: -each[1])[:most]
    return [(" ".join(WORDS[word - 1] for word in string), likely) for string, likely in ranked]


def digits_in(text: str) -> str:
    """The same for strings of the same digits: "oh" is zero, "double two" two twos."""
    text = re.sub(r"triple (\w+)", r"\1 \1 \1", re.sub(r"double (\w+)", r"\1 \1", text))
    return re.sub(r"\boh\b", "zero", text)


def _found(
    encoded: NDArray[np.float32], allowed: tuple[str, ...], lengths: tuple[int, ...]
) -> dict[tuple[int, ...], float]:
    """Strings of words (numbered from 1), each with its log probability."""
    logs = _logs(encoded, allowed)
    silent = logs[:, 0] > _SILENT
    logs = logs[~silent | ~np.roll(silent, 1)]
    known = [(), *((at + 1,) for at, word in enumerate(WORDS) if word in allowed)]

    def expected(string: tuple[int, ...]) -> float:
        return _ELSE if lengths and len(string) + string.count(_TRIPLE) not in lengths else 0.0

    found = {string: likely + expected(string) for string, likely in _search(logs).items() if string}
    best = sorted(found, key=found.__getitem__, reverse=True)[:_CHANGED]
    changed = {(*s[:at], *word, *s[at + 1 :]) for s in best for at in range(len(s)) for word in known} - {*found, ()}
    for length in {len(string) for string in changed}:
        some = [string for string in changed if len(string) == length]
        found |= {s: likely + expected(s) for s, likely in zip(some, _likelihoods(logs, some), strict=True)}
    return found


def _search(logs: Logs) -> dict[tuple[int, ...], float]:
    """Strings of words (numbered from 1) that the steps make likely, by prefix beam search."""
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}  # ending in no word, in the last word
    for step in logs:
        heard = [int(word) for word in np.nonzero(step[1:] > _FAINT)[0] + 1]
        found: dict[tuple[int, ...], tuple[float, float]] = {}
        for string, (apart, within) in beams.items():
            whole = _add(apart, within)
            _put(found, string, whole + step[0], within + step[string[-1]] if string else _NEVER)
            for word in heard:
                before = apart if string and string[-1] == word else whole
                _put(found, (*string, word), _NEVER, before + step[word] + _COSTS[word])
        beams = dict(sorted(found.items(), key=lambda beam: -_add(*beam[1]))[:_BEAM])
    return {string: _add(*ends) for string, ends in beams.items()}


def _likelihoods(logs: Logs, strings: list[tuple[int, ...]]) -> list[float]:
    """The log probability of each of these strings, all of one length: the sum over all ways to say it."""
    words = np.array(strings)
    path = np.zeros((len(words), 2 * words.shape[1] + 1), dtype=np.intp)  # no word between and around the words
    path[:, 1::2] = words
    follows = np.zeros(path.shape, dtype=np.bool_)  # at once upon the word before: not upon itself
    follows[:, 3::2] = path[:, 3::2] != path[:, 1:-2:2]
    reached = np.full((len(words), path.shape[1] + 2), -1e9)
    reached[:, 2:4] = 0.0
    for at, step in enumerate(logs):
        if at:
            skipping = np.where(follows, reached[:, :-2], -1e9)
            reached[:, 2:] = np.logaddexp(np.logaddexp(reached[:, 2:], reached[:, 1:-1]), skipping)
        reached[:, 2:] += step[path]
        if not at:
            reached[:, 4:] = -1e9
    likely = np.logaddexp(reached[:, -1], reached[:, -2]) + np.array(_COSTS)[words].sum(axis=1)
    return [float(each) for each in likely]


def _logs(encoded: NDArray[np.float32], allowed: tuple[str, ...]) -> Logs:
    weights = _weights()
    values = (encoded @ weights[:-1] + weights[-1]).astype(np.float64)
    values[:, [at + 1 for at, word in enumerate(WORDS) if word not in allowed]] = -1e9
    values -= values.max(axis=1, keepdims=True)
    logs: Logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return logs


@cache
def _weights() -> NDArray[np.float32]:
    """Shape (385, 14): for no word and each of ``WORDS`` the weights of an encoded position, and a constant."""
    with (files("ivr.speech") / "digit_sounds.npy").open("rb") as file:
        return np.asarray(np.load(file), dtype=np.float32)


def _put(
    found: dict[tuple[int, ...], tuple[float, float]], string: tuple[int, ...], apart: float, within: float
) -> None:
    known = found.get(string, (_NEVER, _NEVER))
    found[string] = (_add(known[0], apart), _add(known[1], within))


def _add(one: float, other: float) -> float:
    """The logarithm of the sum of two probabilities."""
    high, low = (one, other) if one > other else (other, one)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
