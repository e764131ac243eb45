"""Numbers said by synthetic voices that the layer for digits never heard, for the fit of the confidence in them.

    python -m ivr.accuracy.digit_recordings FOLDER
    ivr evaluate recognition FOLDER/digits.csv --slot digits --join 6 --fit

Six digits, and the requests of the shipped grammar for those who do not say a number.  Needs the programs of
``ivr/accuracy/digit_sounds_fit.py``; the same programs make the same recordings.
"""

import csv
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ivr.accuracy.digit_strings import spoken, strings
from ivr.accuracy.digit_voices import missing_programs, speaker
from ivr.config import home, load
from ivr.grammar import Grammar
from ivr.speech.digit_sounds import WORDS
from ivr.speech.recogniser import RATE_HZ, Samples

SEED = 300  # those of the layer are 100 to 107
SPEAKERS = 40
DIGITS = 6
OTHERS = 4  # requests of each speaker


def main(folder: Path) -> None:
    """Make the recordings, and the list of them."""
    if missing := missing_programs():
        sys.exit(f"not found: {', '.join(missing)}; see the head of ivr/accuracy/digit_sounds_fit.py")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "digits.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "speaker", "transcript"))
        for at, (name, text, samples) in enumerate(recordings(load(home()).grammars["en"])):
            path = f"{at:03}.wav"
            with wave.open(str(folder / path), "wb") as sound:
                sound.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
                sound.writeframes(samples.astype("<i2").tobytes())
            rows.writerow((path, name, text))


def recordings(grammar: Grammar) -> Iterator[tuple[str, str, Samples]]:
    """Speaker, text and sound."""
    chance = np.random.default_rng(SEED)
    requests = sorted(text for text in grammar.sentences if not grammar.digit_words.read(text)[0])
    for number in range(SPEAKERS):
        voice = speaker(chance, [requests[at] for at in chance.integers(len(requests), size=OTHERS)])
        for labels, samples in strings(voice, chance, DIGITS, DIGITS):
            text = " ".join(WORDS[label] for label in labels)
            if len(grammar.digit_words.read(text)[0]) == DIGITS:
                yield f"voice {number}", text, samples
        for text, sound in voice.others:
            yield f"voice {number}", text, spoken(sound, chance)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "digit-recordings"))
