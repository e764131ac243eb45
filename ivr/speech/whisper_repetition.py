"""Where what was said ends in what Whisper wrote: after the end of speech it writes the same again.

A repetition that was spoken has sound of its own.  When the text is aligned with the sound, the words of one that was
not spoken all lie at the same moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ivr.grammar import normalise
from ivr.speech.recogniser import RATE_HZ, Samples

_FASTEST_S = 0.02  # for a letter of a repetition: people take 0.04 to 0.08
_SHORTEST_S = 0.25  # for a word that is said again and again
_STEP = RATE_HZ // 20
_LOUD, _FAINT = 10**-1.2, 10**-2.0  # of the energy of the loudest step: the middle of words, their ends


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it is compared, the first of its tokens, and where the sound of that token begins."""

    text: str
    token: int
    begins_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Sound:
    """``lasts_s``: seconds from the first to the last loud sound.  ``ends_s``: where the last faint one ends."""

    lasts_s: float
    ends_s: float


def words_of(pieces: Sequence[str], begins_s: Sequence[float] = ()) -> list[SpokenWord]:
    """The words of a text.  ``pieces``: its tokens, decoded; a word begins with a space.  ``begins_s``: of each."""
    firsts = [at for at, piece in enumerate(pieces) if at == 0 or piece.startswith(" ")]
    found = []
    for first, end in pairwise([*firsts, len(pieces)]):
        text = normalise("".join(pieces[first:end]))
        if text:
            found.append(SpokenWord(text, first, begins_s[first] if begins_s else 0.0))
    return found


def repeats(words: Sequence[SpokenWord]) -> bool:
    """Whether anything is said again."""
    return any(_again(words, at) for at in range(1, len(words)))


def without_repetition(words: Sequence[SpokenWord], sound: Sound) -> int | None:
    """The token with which a repetition begins that has no sound of its own, or None."""
    for at in range(1, len(words)):
        length = _again(words, at)
        if length and not _is_spoken(words, at, length, sound):
            return words[at].token
    return None


def sound_of(samples: Samples) -> Sound:
    """Where the sound of an utterance is, by its level."""
    energy = (samples[: len(samples) // _STEP * _STEP].astype(np.float32).reshape(-1, _STEP) ** 2).mean(axis=1)
    loud, faint = (np.nonzero(energy > energy.max(initial=0.0) * share)[0] for share in (_LOUD, _FAINT))
    if not len(loud):
        return Sound(0.0, 0.0)
    return Sound(float(loud[-1] - loud[0] + 1) * _STEP / RATE_HZ, float(faint[-1] + 1) * _STEP / RATE_HZ)


def _again(words: Sequence[SpokenWord], at: int) -> int:
    """How many words from here on were said before: two or more, one that was said just before, or the last one."""
    longest = 0
    for before in range(at):
        length = 0
        while at + length < len(words) and words[before + length].text == words[at + length].text:
            length += 1
        if length > 1 or before == at - 1 or at == len(words) - 1:
            longest = max(longest, min(length, at - before))
    return longest


def _is_spoken(words: Sequence[SpokenWord], at: int, length: int, sound: Sound) -> bool:
    again = words[at : at + length]
    if again[0].begins_s >= sound.ends_s:
        return False
    if length > 1:
        letters = sum(len(word.text) for word in again[:-1])
        return again[-1].begins_s - again[0].begins_s >= _FASTEST_S * letters
    nothing_else = {word.text for word in words[at - 1 :]} == {again[0].text}
    return not nothing_else or sound.lasts_s / len(words) >= _SHORTEST_S
