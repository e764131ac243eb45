"""Accuracy of recognition on labelled recordings: handled, asked back, wrong, rejected, or accepted wrongly."""

import csv
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ivr.accuracy.first_utterances import Label, read_label
from ivr.accuracy.labelled import LabelledDataError
from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.call.policy import decide, understand
from ivr.grammar import DigitWords, Expecting, Grammar, Meaning, Vocabulary, normalise
from ivr.speech.codec import read_wav
from ivr.speech.detector import SpeechDetector
from ivr.speech.recogniser import RATE_HZ, Recogniser, RecognitionModel, Samples
from ivr.speech.vosk import VoskModel
from ivr.speech.vosk_again import Judgement
from ivr.speech.vosk_recogniser import VoskRecogniser
from ivr.speech.whisper import WhisperRecogniser
from ivr.speech.whisper_judging import Reading

FRAME_SAMPLES = RATE_HZ // 50
LEAD_MS, TAIL_MS = 300, 500  # silence around a recording, as a call has it
GAP_MS = 200  # between digits that are joined
AT_ONCE = 2  # recordings recognised at the same time; the libraries release the interpreter
THRESHOLDS = tuple(step / 20 for step in range(1, 20))
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording and what is said in it.  ``wanted``: the phrase or digits it stands for; "" outside the grammar."""

    samples: Samples
    transcript: str
    speaker: str
    wanted: str


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What was made of a recording: ``found`` is the phrase or digits it was taken for ("" for nothing).

    ``confidence``: that it is that; 0.0 for nothing.  ``why``: how it came about, where the recogniser says so.
    """

    recording: Recording
    text: str
    found: str
    confidence: float
    why: Judgement | Reading | None = None

    @property
    def right(self) -> bool:
        """True when it was taken for what it is."""
        return bool(self.found) and self.found == self.recording.wanted


@dataclass(frozen=True, slots=True, eq=False)
class Understood:
    """A recording as a call would understand it: ``confidence`` is the belief that ``meaning`` is meant."""

    heard: Heard
    meaning: Meaning
    confidence: float
    why: Judgement | Reading | None = None


def read_phrases(path: Path) -> tuple[str, ...]:
    """One phrase on each line, normalised.  Raises LabelledDataError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledDataError(f"{path}: {error}") from error
    phrases = tuple(dict.fromkeys(filter(None, map(normalise, lines))))
    if not phrases:
        raise LabelledDataError(f"{path}: has no phrases; write one on each line")
    return phrases


def read_recordings(manifest: Path, phrases: Iterable[str]) -> list[Recording]:
    """The recordings of a CSV (columns path, speaker, transcript; paths relative to it).  Raises LabelledDataError."""
    known = set(phrases)
    recordings = []
    for row in read_rows(manifest):
        text = normalise(row["transcript"])
        samples = _samples(manifest.parent / row["path"])
        recordings.append(Recording(samples, text, row["speaker"], text if text in known else ""))
    return recordings


def read_labelled(manifest: Path, known: frozenset[str]) -> list[tuple[Recording, Label]]:
    """The recordings of a CSV with a column ``intent`` (of the ``known`` ones), too.  Raises LabelledDataError."""
    rows = read_rows(manifest)
    if "intent" not in rows[0]:
        raise LabelledDataError(f"{manifest}: has no column intent; give --phrases FILE for a grammar of its own")
    labels = [read_label(row, known, manifest) for row in rows]
    return list(zip(read_recordings(manifest, ()), labels, strict=True))


def read_digit_strings(manifest: Path, words: DigitWords, length: int) -> list[Recording]:
    """Numbers of ``length`` digits: rows that are one, and single digits of one speaker joined in the order of the CSV.

    Rows without any digit are speech outside; numbers of other lengths are passed over.  Raises LabelledDataError.
    """
    singles: dict[str, list[tuple[str, Samples]]] = {}
    recordings = []
    for row in read_rows(manifest):
        text, speaker = normalise(row["transcript"]), row["speaker"]
        digits, _ = words.read(text)
        if len(digits) not in {0, 1, length}:
            continue
        samples = _samples(manifest.parent / row["path"])
        if len(digits) == 1 < length:
            singles.setdefault(speaker, []).append((digits, samples))
        else:
            recordings.append(Recording(samples, text, speaker, digits))
    gap = np.zeros(GAP_MS * RATE_HZ // 1000, dtype=np.int16)
    for speaker, spoken in singles.items():
        rows = iter(spoken)
        while len(some := list(islice(rows, length))) == length:
            sound = np.concatenate([part for _, samples in some for part in (samples, gap)])
            text = "".join(digit for digit, _ in some)
            recordings.append(Recording(sound, text, speaker, text))
    if not any(each.wanted for each in recordings):
        raise LabelledDataError(f"{manifest}: has no number of {length} digits, nor as many single digits of a speaker")
    return recordings


def read_rows(manifest: Path) -> list[dict[str, str]]:
    """The rows of a CSV with the columns path, speaker, transcript.  Raises LabelledDataError."""
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledDataError(f"{manifest}: {error}") from error
    if missing := {"path", "speaker", "transcript"} - set(rows[0] if rows else ()):
        raise LabelledDataError(f"{manifest}: has no column {', '.join(sorted(missing))}")
    return rows


def _samples(path: Path) -> Samples:
    try:
        return read_wav(path)
    except (OSError, ValueError) as error:
        raise LabelledDataError(str(error)) from error


def hear(model: RecognitionModel, vocabulary: Vocabulary, samples: Samples) -> tuple[Heard, Judgement | Reading | None]:
    """Recognise one recording as one utterance, frame by frame, as a call does, and why it is sure."""
    recogniser, detector = model.listen(vocabulary), SpeechDetector()
    lead, tail = (np.zeros(ms * RATE_HZ // 1000, dtype=np.int16) for ms in (LEAD_MS, TAIL_MS))
    sound = np.concatenate([lead, samples, tail])
    quiet_ms = 0
    for at in range(0, len(sound), FRAME_SAMPLES):
        frame = sound[at : at + FRAME_SAMPLES]
        quiet_ms = 0 if detector.is_speech(frame) else quiet_ms + 20
        recogniser.accept(frame, quiet_ms)
    heard = _finish(recogniser)
    if isinstance(recogniser, WhisperRecogniser):
        return heard, recogniser.reading
    return heard, recogniser.judged if isinstance(recogniser, VoskRecogniser) else None


def _finish(recogniser: Recogniser) -> Heard:
    """Wait as long as it takes."""
    while True:
        try:
            return recogniser.finish()
        except TimeoutError:
            continue


def grammar_of(language: str, phrases: Iterable[str], digit_words: DigitWords, decoys: tuple[str, ...] = ()) -> Grammar:
    """A grammar in which every phrase means itself."""
    return Grammar(language, {phrase: phrase for phrase in phrases}, digit_words, decoys=decoys)


def within(grammar: Grammar, recordings: Iterable[Recording]) -> list[Recording]:
    """The same recordings, inside or outside this grammar."""
    return [replace(each, wanted=grammar.sentences.get(each.transcript, "")) for each in recordings]


def evaluate(
    model: RecognitionModel,
    grammar: Grammar,
    expecting: Expecting,
    recordings: Sequence[Recording],
    progress: Callable[[], None] = lambda: None,
) -> list[Judged]:
    """Recognise and understand every recording; ``progress`` is called after each."""
    judged = []
    for recording, each in zip(recordings, understood(model, grammar, expecting, recordings, progress), strict=True):
        found = each.meaning.digits if expecting.asked == "digits" else each.meaning.intent or ""
        judged.append(Judged(recording, each.heard.text, found, each.confidence if found else 0.0, each.why))
    return judged


def understood(
    model: RecognitionModel,
    grammar: Grammar,
    expecting: Expecting,
    recordings: Sequence[Recording],
    progress: Callable[[], None] = lambda: None,
) -> list[Understood]:
    """Judge each recording as an answer to what a call expects."""
    if isinstance(model, VoskModel):
        model.patience_s = None  # the ear is measured, not how busy the machine is
    vocabulary = grammar.vocabulary(expecting)

    def listen(recording: Recording) -> Understood:
        heard, why = hear(model, vocabulary, recording.samples)
        meaning, sure = understand(heard, grammar, expecting)
        progress()
        return Understood(heard, meaning, sure, why)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(listen, recordings))


def table(judged: Sequence[Judged], bands: Bands) -> dict[str, Any]:
    """Shares at the configured bands, the same as a curve over the accepting confidence, and the calibration error."""
    inside = [each for each in judged if each.recording.wanted]
    outside = [each for each in judged if not each.recording.wanted]
    accepted = [each for each in inside if _decision(each, bands) == "accept"]
    asked = [each for each in inside if _decision(each, bands) == "confirm"]
    believed = [(each.confidence, each.right) for each in judged]
    return {
        "in_grammar": len(inside),
        "handled": _share([each for each in accepted if each.right], inside),
        "asked_back_right": _share([each for each in asked if each.right], inside),
        "wrong": _share([each for each in accepted if not each.right], inside),
        "rejected": _share([each for each in inside if _decision(each, bands) == "transfer"], inside),
        "out_of_grammar": len(outside),
        "accepted": _share([each for each in outside if _decision(each, bands) == "accept"], outside),
        "text_right": _share([each for each in inside if each.right], inside),
        "calibration_error": calibration_error(believed),
        "reliability": [[round(sure, 4), round(right, 4), count] for sure, right, count in reliability(believed)],
        "curve": [_point(inside, outside, threshold) for threshold in THRESHOLDS],
    }


def _decision(judged: Judged, bands: Bands) -> str:
    if not judged.found:
        return "transfer"
    return decide(bands, judged.confidence, unsure_before=False)


def _point(inside: Sequence[Judged], outside: Sequence[Judged], threshold: float) -> dict[str, Any]:
    sure = [each for each in inside if each.found and each.confidence >= threshold]
    return {
        "threshold": threshold,
        "handled": _share([each for each in sure if each.right], inside),
        "wrong": _share([each for each in sure if not each.right], inside),
        "accepted": _share([each for each in outside if each.found and each.confidence >= threshold], outside),
    }


def calibration_error(believed: Sequence[tuple[float, bool]]) -> float | None:
    """Expected calibration error: the mean distance between confidence and share right, over ten equal bins.

    Naeini, Cooper and Hauskrecht (2015), weighted by how many fall into each bin.  ``believed``: each confidence, and
    whether it was right.
    """
    gaps = [abs(sure - right) * count for sure, right, count in reliability(believed)]
    return round(sum(gaps) / len(believed), 4) if believed else None


def reliability(believed: Sequence[tuple[float, bool]]) -> list[tuple[float, float, int]]:
    """For each of ten equal bins with something in it: mean confidence, share right, how many."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for each in believed:
        bins.setdefault(min(int(each[0] * CALIBRATION_BINS), CALIBRATION_BINS - 1), []).append(each)
    return [
        (sum(sure for sure, _ in some) / len(some), sum(right for _, right in some) / len(some), len(some))
        for _, some in sorted(bins.items())
    ]


def _share(part: Sequence[Judged], whole: Sequence[Judged]) -> float | None:
    return round(len(part) / len(whole), 4) if whole else None
