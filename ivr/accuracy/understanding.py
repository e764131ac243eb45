"""Accuracy of understanding on labelled sentences: right, to a person, or wrong automation."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ivr.accuracy import first_utterances
from ivr.accuracy.first_utterances import Label, read_label
from ivr.accuracy.labelled import LabelledDataError
from ivr.call.events import Heard
from ivr.call.plan import Plan
from ivr.call.policy import decide, understand
from ivr.grammar import PERSON, Expecting, Grammar, Meaning

Verdict = Literal["right", "asked_back", "person", "wrong"]
REQUEST = Expecting("request")
NEAR_MISS = "near miss"
"""The label, in tables, of sentences that no request may begin with."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled sentence.  ``wanted``: the intents of ours that serve it; empty when only a person can.

    ``kind``: of a sentence that is labelled with our own intents, what sort it is; "" where nothing is said about it.
    """

    text: str
    label: str
    wanted: frozenset[str]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict of the system on a sentence.  ``meaning``: what it took it for."""

    sentence: Sentence
    verdict: Verdict
    meaning: Meaning
    confidence: float

    @property
    def intent(self) -> str | None:
        """The intent it was taken for."""
        return self.meaning.intent


def read_map(path: Path) -> dict[str, frozenset[str]]:
    """Label -> intents of ours, from a CSV with the columns ``label`` and ``intents`` (separated by spaces).

    A label without intents is a person's.  Raises LabelledDataError.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["label"]: frozenset(row["intents"].split()) for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise LabelledDataError(f"{path}: not a map with the columns label,intents ({error!r})") from error


def read_sentences(path: Path, labels: Mapping[str, frozenset[str]]) -> list[Sentence]:
    """Sentences from a CSV with the columns ``utterance`` and ``intent``.  Raises LabelledDataError."""
    rows = read_rows(path)
    unknown = sorted({row["intent"] for row in rows} - set(labels))
    if unknown:
        raise LabelledDataError(f"{path}: labels the map does not know: {', '.join(unknown)}; add them with --map")
    return [Sentence(row["utterance"], row["intent"], labels[row["intent"]]) for row in rows]


def read_own_sentences(path: Path, known: frozenset[str]) -> list[Sentence]:
    """Sentences labelled with our own intents, ``known``; near misses with none.  Raises LabelledDataError."""
    sentences = []
    for row in read_rows(path):
        label = read_label(row, known, path)
        sentences.append(Sentence(row["utterance"], row["intent"] or NEAR_MISS, label.intents, label.kind))
    return sentences


def has_own_labels(path: Path, known: frozenset[str]) -> bool:
    """True when every label of a CSV is empty or holds intents of ours only, ``known``.  Raises LabelledDataError."""
    return all(known.issuperset((row["intent"] or "").split()) for row in read_rows(path))


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV with the columns ``utterance`` and ``intent``.  Raises LabelledDataError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledDataError(f"{path}: not a table with the columns utterance,intent ({error!r})") from error
    if missing := {"utterance", "intent"} - set(rows[0] if rows else ()):
        raise LabelledDataError(f"{path}: not a table with the columns utterance,intent (no {', '.join(missing)})")
    return rows


def without_keywords(grammar: Grammar) -> Grammar:
    """The same grammar without the keywords of requests; those of wishes for a person stay."""
    return replace(grammar, keywords=tuple(each for each in grammar.keywords if each.intent == PERSON))


def judge(grammar: Grammar, plan: Plan, sentence: Sentence) -> Judged:
    """Judge the sentence as the first, perfectly recognised utterance of a call."""
    meaning, sure = understand(Heard(sentence.text, 1.0), grammar, REQUEST)
    request = plan.requests.get(meaning.intent or "")
    if meaning.intent is None or meaning.intent == PERSON or (request and request.topic):
        verdict: Verdict = "right" if meaning.intent in sentence.wanted else "person"
        return Judged(sentence, verdict, meaning, sure)
    decision = decide(plan.bands, sure, unsure_before=False)
    right = meaning.intent in sentence.wanted
    match decision:
        case "accept":
            verdict = "right" if right else "wrong"
        case "confirm":
            verdict = "asked_back" if right else "person"  # the caller says no, and the next doubt is a person's
        case _:
            verdict = "person"
    return Judged(sentence, verdict, meaning, sure)


def evaluate(
    grammar: Grammar, plan: Plan, sentences: Iterable[Sentence], progress: Callable[[], None] = lambda: None
) -> list[Judged]:
    """Judge every sentence; ``progress`` is called after each."""
    judged = []
    for sentence in sentences:
        judged.append(judge(grammar, plan, sentence))
        progress()
    return judged


def table(judged: Iterable[Judged]) -> dict[str, Any]:
    """Counts and shares, in all and by label.

    ``served``: sentences that one of our requests serves; ``right`` includes those asked back about once.
    ``person_reached``: of the sentences that ask for a person, the share that does not stay with the machine.
    """
    judged = list(judged)
    by_label: dict[str, Counter[str]] = {}
    for each in judged:
        by_label.setdefault(each.sentence.label, Counter())[each.verdict] += 1
    served = [each for each in judged if each.sentence.wanted - {PERSON}]
    asking = [each for each in judged if PERSON in each.sentence.wanted]
    return {
        "sentences": len(judged),
        "served": len(served),
        "right": _share(served, lambda each: each.verdict in ("right", "asked_back")),
        "right_at_once": _share(served, lambda each: each.verdict == "right"),
        "wrong_automation": _share(judged, lambda each: each.verdict == "wrong"),
        "person_asked": len(asking),
        "person_reached": _share(asking, lambda each: each.verdict in ("right", "person")),
        "person_recognised": _share(asking, lambda each: each.intent == PERSON),
        "by_label": {label: dict(counts) for label, counts in sorted(by_label.items())},
    }


def near_misses(judged: Iterable[Judged], plan: Plan) -> dict[str, Any]:
    """The table of ``first_utterances`` for sentences labelled with our own intents."""
    return first_utterances.table(plan, [first_outcome(each, plan) for each in judged])


def first_outcome(judged: Judged, plan: Plan) -> first_utterances.Outcome:
    """Judge the sentence as the first utterance of a call."""
    label = Label(judged.sentence.wanted, judged.sentence.kind)
    return first_utterances.outcome(plan, label, judged.meaning, judged.confidence)


def _share(judged: list[Judged], holds: Callable[[Judged], bool]) -> float | None:
    return round(sum(map(holds, judged)) / len(judged), 4) if judged else None
