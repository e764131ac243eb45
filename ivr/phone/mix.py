"""Who calls in ``ivr bench calls``: the mix of callers, and what the server must understand for it."""

import csv
import math
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ivr.config import load as load_config
from ivr.grammar import normalise
from ivr.phone.caller import FRAME_MS, QUIET, Pause, Utterance
from ivr.phone.load import Part
from ivr.phone.sound import Synthesis, recording
from ivr.yaml_text import dump, parse

MOST_RECORDINGS = 60
LONGEST_S = 4.0  # recordings beyond this say more than a caller asks
NOT_SENTENCES = {"out_of_grammar", "digit", "word"}
# What the recorded sentences are made to mean, in turn: both are answered without a question back.
QUESTION, LOOKUP = "opening_hours", "bench_lookup"  # an answer that is always the same, and one the database has
QUESTIONS = {"en": ("what are your opening hours", "where is my order")}
# The asking word is the last one: the time to the transfer counts from its end.
ASKING = {"en": "I want to talk to an advisor", "ko": "상담원"}
THINKS_MS = (300, 2500)  # between the end of a prompt and a caller's answer
HURRIES_MS = (1500, 6000)  # into the greeting, until a caller who knows it speaks


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
    texts = [sentence.text for sentence in new]
    with copy_of(home) as copy:
        add_requests(copy, {LOOKUP: {"sql": "SELECT 'found' AS outcome"}})
        add_sentences(copy, language, {QUESTION: texts[::2], LOOKUP: texts[1::2]})
        yield copy, new


@contextmanager
def copy_of(home: Path) -> Iterator[Path]:
    """A copy of the supervisors' files, for the benchmark to change."""
    with TemporaryDirectory(prefix="ivr-bench-") as directory:
        for folder in ("config", "grammars"):
            shutil.copytree(home / folder, Path(directory) / folder)
        yield Path(directory)


def add_requests(copy: Path, actions: Mapping[str, Any]) -> None:
    """Requests of these names, each with its action as the file has it, that are answered with the opening hours."""
    path = copy / "config" / "requests.yaml"
    file, _ = parse(path.read_text(encoding="utf-8"))
    for name, action in actions.items():
        file["actions"][name] = dict(action)
        file["requests"][name] = {"action": name, "outcomes": {"found": {"say": "opening_hours"}}}
    path.write_text(dump(file), encoding="utf-8")
    for prompts in (copy / "config" / "prompts").glob("*.yaml"):
        with prompts.open("a", encoding="utf-8") as end:
            end.write("".join(f"\nrequest_{name}: {name}\n" for name in actions))


def add_sentences(copy: Path, language: str, sentences: Mapping[str, Sequence[str]]) -> None:
    """Sentences of a language, by what they mean."""
    intents = {name: {"sentences": list(texts)} for name, texts in sentences.items() if texts}
    text = dump({"language": language, "intents": intents})
    (copy / "grammars" / language / "bench.yaml").write_text(text, encoding="utf-8")


def parts(language: str, recorded: Sequence[Sentence]) -> list[Part]:
    """Eight callers, one for each telephone in turn: their kinds, and how many of each.

    Two hear the greeting, ask two or three questions, hear the answers out, think in between, and then ask for an
    advisor; three do the same, but know the greeting and talk into it; one asks for no advisor and is thanked; one
    interrupts the greeting to ask for an advisor; one says nothing.
    """
    asking = ASKING.get(language)
    if asking is None:
        raise BenchImpossible(f"the benchmark cannot ask for an advisor in {language!r}, only in {', '.join(ASKING)}")
    with Synthesis() as synthesis:
        ask = synthesis.say(asking, language)
        spoken = [synthesis.say(text, language) for text in QUESTIONS.get(language, ())]
    questions = [recording(sentence.path, sentence.text) for sentence in recorded] or spoken or [ask]
    draw = random.Random(1)  # noqa: S311  the same callers each time
    few = [[_after(question, draw.randint(*THINKS_MS)) for question in some] for some in _two_or_three(questions)]
    both = list(zip(_two_or_three(questions), few, strict=True))  # without the moment's thought, and with it
    later = _after(ask, THINKS_MS[0])
    asks = Part("asks", [[*some, later] for some in few])
    served = Part("is served", [list(some) for some in few])
    hurries = Part("hurries", [[Pause(draw.randint(*HURRIES_MS)), some[0], *rest[1:], later] for some, rest in both])
    interrupts = Part("interrupts", [[ask]], barge_in=True)
    silent = Part("is silent", [[]])
    return [asks, hurries, interrupts, hurries, served, asks, silent, hurries]


def _after(utterance: Utterance, ms: int) -> Utterance:
    """The same after a moment's thought."""
    frames = ms // FRAME_MS
    later = frames * FRAME_MS
    return replace(
        utterance, mulaw=QUIET * frames + utterance.mulaw, ends_ms=utterance.ends_ms + later, begins_ms=later
    )


def _two_or_three(questions: Sequence[Utterance]) -> list[list[Utterance]]:
    """Two questions, then three, then two ...: callers differ."""
    calls: list[list[Utterance]] = []
    at = 0
    while at < len(questions):
        size = 2 + len(calls) % 2
        calls.append(list(questions[at : at + size]))
        at += size
    return calls
