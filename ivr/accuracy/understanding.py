"""Accuracy of understanding on labelled sentences: right, to a person, or wrong automation."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ivr.accuracy.labelled import LabelledDataError
from ivr.call.events import Heard
from ivr.call.plan import Plan
from ivr.call.policy import confidence, decide
from ivr.grammar import PERSON, Expecting, Grammar

Verdict = Literal["right", "asked_back", "person", "wrong"]
REQUEST = Expecting("request")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled sentence.  ``wanted``: the intents of ours that serve it; empty when only a person can."""

    text: str
    label: str
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the system would do with a sentence.  ``intent``: what it took it for."""

    sentence: Sentence
    verdict: Verdict
    intent: str | None
    confidence: float


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
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["utterance"], row["intent"]) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise LabelledDataError(f"{path}: not a table with the columns utterance,intent ({error!r})") from error
    unknown = sorted({label for _, label in rows} - set(labels))
    if unknown:
        raise LabelledDataError(f"{path}: labels the map does not know: {', '.join(unknown)}; add them with --map")
    return [Sentence(text, label, labels[label]) for text, label in rows]


def judge(grammar: Grammar, plan: Plan, sentence: Sentence) -> Judged:
    """What a call would do with the sentence as its first, perfectly recognised utterance."""
    meaning = grammar.understand(sentence.text, REQUEST)
    sure = confidence(Heard(sentence.text, 1.0), meaning)
    request = plan.requests.get(meaning.intent or "")
    if meaning.intent is None or meaning.intent == PERSON or (request and request.topic):
        verdict: Verdict = "right" if meaning.intent in sentence.wanted else "person"
        return Judged(sentence, verdict, meaning.intent, sure)
    decision = decide(plan.bands, sure, unsure_before=False)
    right = meaning.intent in sentence.wanted
    match decision:
        case "accept":
            verdict = "right" if right else "wrong"
        case "confirm":
            verdict = "asked_back" if right else "person"  # the caller says no, and the next doubt is a person's
        case _:
            verdict = "person"
    return Judged(sentence, verdict, meaning.intent, sure)


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


def _share(judged: list[Judged], holds: Callable[[Judged], bool]) -> float | None:
    return round(sum(map(holds, judged)) / len(judged), 4) if judged else None
