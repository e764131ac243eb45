"""Calls put together from labelled recordings: is an upset caller put through in time, and a calm one left alone?"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ivr.tone import NAMES, Labelled, Sound, Tone, UpsetWords, Weights

_CALLS = 100  # of each speaker and kind
_COMPLAINT = "this is ridiculous"
_WORDS = UpsetWords({"complaint": [_COMPLAINT]})
_LEVEL_DB = 90.0  # recordings are levelled, so that loudness says nothing here


def calls(weights: Weights, labelled: Labelled) -> dict[str, float]:
    """The share of simulated calls that tone puts through, by kind; empty where speakers are not known.

    ``upset``: something calm, then two angry utterances; ``upset_with_words``: the last one holds a complaint;
    ``upset_at_once``: two angry utterances and nothing before; ``calm``: six of them; ``happy``: calm, then two happy;
    ``_never_understood``: every utterance is another try, and the third the last.
    """
    angry, happy = labelled.judged & labelled.angry, labelled.judged & labelled.happy
    calm = labelled.judged & ~angry & ~happy
    shapes = {
        "upset": ([calm, angry, angry], "", False),
        "upset_with_words": ([calm, angry, angry], _COMPLAINT, False),
        "upset_never_understood": ([calm, angry, angry], "", True),
        "upset_at_once": ([angry, angry], "", False),
        "calm": ([calm] * 6, "", False),
        "calm_never_understood": ([calm] * 3, "", True),
        "happy": ([calm, happy, happy], "", False),
    }
    found = {}
    for name, (kinds, words, again) in shapes.items():
        chance = np.random.default_rng(1)  # the same calls each time
        ends = [
            _transferred(Tone(weights, _WORDS), labelled, call, words, again)
            for speaker in _speakers(labelled)
            for call in _draw(chance, [np.flatnonzero(kind & speaker) for kind in kinds])
        ]
        if ends:
            found[name] = round(float(np.mean(ends)), 4)
    return found


def _speakers(labelled: Labelled) -> Iterator[NDArray[np.bool_]]:
    """Whose utterances are whose.  One name for a whole set is no speaker."""
    for group in np.unique(labelled.group):
        names = np.unique(labelled.speaker[labelled.group == group])
        if len(names) > 1:
            yield from ((labelled.group == group) & (labelled.speaker == name) for name in names)


def _draw(chance: np.random.Generator, choices: Sequence[NDArray[np.intp]]) -> Iterator[list[int]]:
    """Calls in which no utterance is heard twice, where there are enough."""
    if all(len(each) for each in choices):
        for _ in range(_CALLS):
            call: list[int] = []
            for each in choices:
                fresh = np.setdiff1d(each, call)
                call.append(int(chance.choice(fresh if len(fresh) else each)))
            yield call


def _transferred(tone: Tone, labelled: Labelled, call: Sequence[int], last_words: str, again: bool) -> bool:
    for place in call:
        cues = dict(zip(NAMES, labelled.values[place].tolist(), strict=True))
        sound = Sound(**cues, level=_LEVEL_DB, overlap=0.0, voiced_ms=int(labelled.voiced_ms[place]))
        tone.hear(sound, last_words if place == call[-1] else "", again and place != call[0])
        if tone.transfer:
            return True
    return False
