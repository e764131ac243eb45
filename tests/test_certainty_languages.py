"""French and Czech callers who come near to a request, ramble around one, or wish for a person (``corpus``).

``expect``: an intent is begun at once; ``person`` is a wish for one; ``!intent ...``: none of these may begin or be
asked back; ``people``: nothing begins but the intents named after it.
"""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from ivr.call.events import Heard
from ivr.call.policy import decide, understand
from ivr.config import Config, load
from ivr.grammar import PERSON, Expecting

ROOT = Path(__file__).parent.parent
ROWS: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)

with (ROOT / "tests/corpus/certainty_fr_cs.csv").open(encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        ROWS[row["language"], row["kind"]].append((row["utterance"], row["expect"]))


@cache
def config() -> Config:
    return load(ROOT)


def outcome(language: str, utterance: str) -> tuple[str, str]:
    """(decision, intent); a subject for people only is a transfer."""
    grammar = config().grammars[language]
    meaning, confidence = understand(Heard(utterance, 1.0), grammar, Expecting("request"))
    if meaning.intent is None or meaning.intent == PERSON or meaning.intent in grammar.kinds.people_only:
        return "transfer", meaning.intent or ""
    return decide(config().plans[language].bands, confidence, unsure_before=False), meaning.intent


def holds(expect: str, decision: str, intent: str) -> bool:
    wanted = expect.split()
    begun = intent if decision != "transfer" else ""
    if expect == PERSON:
        return intent == PERSON
    if wanted[0] == "people":
        return not begun or begun in wanted[1:]
    if wanted[0].startswith("!"):
        return f"!{begun}" not in wanted
    return (decision, intent) == ("accept", expect)


@pytest.mark.parametrize(("language", "kind"), ROWS)
def test_each_kind_is_taken_for_what_it_is(language: str, kind: str) -> None:
    wrong = {
        utterance: (expect, found)
        for utterance, expect in ROWS[language, kind]
        if not holds(expect, *(found := outcome(language, utterance)))
    }
    assert wrong == {}


@pytest.mark.parametrize("language", ["fr", "cs"])
def test_no_near_miss_of_the_grammar_begins_its_request(language: str) -> None:
    grammar = config().grammars[language]
    begun = [
        near.sentence
        for near in list(grammar.near_misses.sentences())[::17]
        if near.sentence not in grammar.sentences
        and outcome(language, near.sentence)[0] != "transfer"
        and outcome(language, near.sentence)[1] == near.request
    ]
    assert begun == []
