"""``ivr bench calls``: who calls, what the server must understand for it, and the figures at the end."""

import csv
import math
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ivr.config import load as load_config
from ivr.grammar import normalise
from ivr.phone.caller import Item, Pause, Utterance
from ivr.phone.load import Load, Part
from ivr.phone.result import Result
from ivr.phone.sound import Synthesis, recording
from ivr.yaml_text import dump

SILENT_MS = 10_000  # of the callers who say nothing for a while: past the first no-input time-out
MOST_RECORDINGS = 60
LONGEST_S = 4.0  # recordings beyond this say more than a caller asks
NOT_SENTENCES = {"out_of_grammar", "digit", "word"}
QUESTION = "opening_hours"  # what the recorded sentences are made to mean: it is answered without a question back
QUESTIONS = {"en": ("what are your opening hours", "where is my order")}
# The asking word is the last one: the time to the transfer counts from its end.
ASKING = {"en": "I want to talk to an advisor", "ko": "상담원"}


class BenchImpossible(Exception):
    """The benchmark cannot be run like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A recorded sentence and where it lies."""

    path: Path
    text: str


def read_speech(manifest: Path, language: str) -> list[Sentence]:
    """The recorded sentences of a language (columns path, transcript, language, seconds, kind; paths are relative).

    Raises BenchImpossible when the file cannot be used or holds none.
    """
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found = {
            normalise(row["transcript"]): manifest.parent / row["path"]
            for row in rows
            if row["language"].partition("-")[0] == language
            and row.get("kind") not in NOT_SENTENCES
            and float(row["seconds"]) <= LONGEST_S
        }
    except (OSError, KeyError, ValueError) as error:
        raise BenchImpossible(f"{manifest}: {type(error).__name__}: {error}") from None
    sentences = [Sentence(path, text) for text, path in sorted(found.items()) if text and path.exists()]
    if not sentences:
        raise BenchImpossible(f"{manifest} holds no sentence in {language!r}")
    return sentences[:: math.ceil(len(sentences) / MOST_RECORDINGS)]


@contextmanager
def home_that_knows(home: Path, language: str, sentences: Sequence[Sentence]) -> Iterator[tuple[Path, list[Sentence]]]:
    """A copy of the configuration whose grammar also holds these sentences, and those of them that are new to it."""
    config = load_config(home)
    if language not in config.grammars:
        raise BenchImpossible(f"{home} has no grammar for {language!r}")
    known = config.grammars[language].sentences
    new = [sentence for sentence in sentences if sentence.text not in known]
    with TemporaryDirectory(prefix="ivr-bench-") as directory:
        copy = Path(directory)
        for folder in ("config", "grammars"):
            shutil.copytree(home / folder, copy / folder)
        intents = {QUESTION: {"sentences": [sentence.text for sentence in new]}}
        file = dump({"language": language, "intents": intents})
        (copy / "grammars" / language / "bench.yaml").write_text(file, encoding="utf-8")
        yield copy, new


def parts(language: str, recorded: Sequence[Sentence]) -> list[Part]:
    """Half of the callers ask something first, a quarter interrupts the greeting, a quarter is silent for a while."""
    asking = ASKING.get(language)
    if asking is None:
        raise BenchImpossible(f"the benchmark cannot ask for an advisor in {language!r}, only in {', '.join(ASKING)}")
    with Synthesis() as synthesis:
        ask = synthesis.say(asking, language)
        spoken = [synthesis.say(text, language) for text in QUESTIONS.get(language, ())]
    questions = [recording(sentence.path, sentence.text) for sentence in recorded] or spoken
    asks = Part("asks", [[*few, ask] for few in _one_or_two(questions)] or [[ask]])
    interrupts = Part("interrupts", [[ask]], barge_in=True)
    silent = Part("is silent first", [[Pause(SILENT_MS), ask]])
    return [asks, interrupts, asks, silent]


def _one_or_two(questions: Sequence[Utterance]) -> list[list[Item]]:
    """One question, then two, then one ...: callers differ."""
    calls: list[list[Item]] = []
    at = 0
    while at < len(questions):
        size = 1 + len(calls) % 2
        calls.append(list(questions[at : at + size]))
        at += size
    return calls


def figures(load: Load, calls: int, language: str, ready_after_s: float | None) -> dict[str, Any]:
    """Everything that was measured, as one JSON object."""
    results = [result for _, result in load.results]
    timings = [timings for result in results for timings in result.notes.timings]
    outcomes = Counter(
        f"{part.name}: {result.outcome} {result.reason or ''}".strip()
        for part, result in load.results
        if not result.notes.hung_up
    )
    asked = [result.asked_to_transfer_ms for result in results if result.asked_to_transfer_ms is not None]
    first = [result.first_audio_ms for result in results if result.first_audio_ms is not None]
    late = [late for each in timings for late in each.late_ms]
    cpu = load.server_cpu_s
    grown = None if load.memory_mb is None or load.memory_before_mb is None else load.memory_mb - load.memory_before_mb
    return {
        "calls": calls,
        "seconds": round(load.lasted_s, 1),
        "language": language,
        "finished": sum(not result.notes.hung_up and result.outcome != "failed" for result in results),
        "failed": sum(result.outcome == "failed" for result in results),
        "cut_off_at_the_end": sum(result.notes.hung_up for result in results),
        "outcomes": dict(outcomes.most_common()),
        "latency_ms": {
            "asked_to_transfer": {**percentiles(asked), "before_the_end": sum(each == 0 for each in asked)},
            "replies": percentiles(
                [reply for part, result in load.results if not part.slow for reply in result.replies_ms]
            ),
            "first_audio": percentiles(first),
            "webhooks": _webhooks(results),
            "late_frames": {**percentiles(late), "gaps": sum(each > 0 for each in late)},
        },
        "server": {
            "ready_after_s": _rounded(ready_after_s, 1),
            "cpu_seconds_per_call_second": _rounded(cpu / load.call_s if cpu and load.call_s else None, 4),
            "memory_mb_before": _rounded(load.memory_before_mb, 1),
            "memory_mb": _rounded(load.memory_mb, 1),
            "memory_mb_per_call": _rounded(None if grown is None else grown / calls, 2),
        },
        "telephone": {
            "own_delay_ms": percentiles([delay for each in timings for delay in each.own_delay_ms]),
            "cpu_seconds_per_call_second": _rounded(load.own_cpu_s / load.call_s if load.call_s else None, 4),
        },
        "errors": dict(Counter(result.failure for result in results if result.failure)),
        "warnings": dict(Counter(warning for result in results for warning in result.notes.warnings)),
    }


def _webhooks(results: Sequence[Result]) -> dict[str, dict[str, float | int | None]]:
    """Path -> how long its answers took while a caller waited: calls cut off at the end, all at once, are left out."""
    took: dict[str, list[float]] = {}
    for result in (result for result in results if not result.notes.hung_up):
        for path, ms in result.notes.webhooks_ms:
            took.setdefault(path, []).append(ms)
    return {path: percentiles(took[path]) for path in sorted(took)}


def percentiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """p50, p95 and the maximum (nearest rank: each is a value that occurred)."""
    ranked = sorted(values)
    if not ranked:
        return {"count": 0, "p50": None, "p95": None, "max": None}

    def rank(share: float) -> float:
        return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 1)

    return {"count": len(ranked), "p50": rank(0.5), "p95": rank(0.95), "max": round(ranked[-1], 1)}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
