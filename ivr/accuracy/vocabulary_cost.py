"""CPU time that a first hearing with Vosk takes, by the number of phrases in its grammar.

python -m ivr.accuracy.vocabulary_cost RECORDINGS.csv LANGUAGE
"""

import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ivr.accuracy.recognition import FRAME_SAMPLES, Recording, read_recordings
from ivr.grammar import Vocabulary
from ivr.speech import models
from ivr.speech.recogniser import RATE_HZ
from ivr.speech.vosk import VoskModel

SIZES = (140, 500, 1500, 3000, 6000)
_HEARD = 12  # recordings for each size
_WARM = 3  # of them before it counts: a decoder works out its graph where the words lead


def phrases_of(transcripts: Sequence[str], count: int) -> tuple[str, ...]:
    """The transcripts, and as many others of the same lengths made of their words as are missing to ``count``."""
    chance = random.Random(1)  # noqa: S311  the same choice every time
    said = list(dict.fromkeys(transcripts))
    words = [word for each in said for word in each.split()]
    found = dict.fromkeys(said[:count])
    while len(found) < count:
        found[" ".join(chance.choice(words) for _ in chance.choice(said).split())] = None
    return tuple(found)


def cpu_by_size(model: VoskModel, language: str, recordings: Sequence[Recording]) -> dict[int, float]:
    """CPU seconds for each second of sound, with decoders that heard a few callers before."""
    transcripts = [each.transcript for each in recordings]
    cost = {}
    for size in SIZES:
        vocabulary = Vocabulary(language, phrases_of(transcripts, size))
        heard = recordings[: _WARM + _HEARD]
        spent = [_hear_once(model, vocabulary, each) for each in heard]
        cost[size] = sum(spent[_WARM:]) / (sum(len(each.samples) for each in heard[_WARM:]) / RATE_HZ)
    return cost


def _hear_once(model: VoskModel, vocabulary: Vocabulary, recording: Recording) -> float:
    """Without the pause at the end that starts a second hearing."""
    recogniser = model.listen(vocabulary)
    started = time.thread_time()
    for at in range(0, len(recording.samples), FRAME_SAMPLES):
        recogniser.accept(recording.samples[at : at + FRAME_SAMPLES], 0)
    spent = time.thread_time() - started
    recogniser.drop()
    return spent


def main(manifest: str, language: str) -> None:
    """Print the table."""
    place = models.installed(language, Path("models"))
    if place is None:
        sys.exit(f"no Vosk model for {language}")
    recordings = read_recordings(Path(manifest), ())
    random.Random(2).shuffle(recordings)  # noqa: S311  many speakers among the first, the same every time
    for size, cost in cpu_by_size(VoskModel(place), language, recordings).items():
        print(f"{size:6} phrases: {cost:.3f} s of CPU for each second")


if __name__ == "__main__":
    main(*sys.argv[1:])
