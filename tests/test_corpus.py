"""The corpus of near misses and rambling requests: what it covers."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from ivr.accuracy.first_utterances import known_intents
from ivr.accuracy.understanding import read_own_sentences
from ivr.config import Config, load
from ivr.grammar import normalise
from tests.conftest import ROOT

CORPUS = Path(__file__).parent / "corpus"
LANGUAGES = ("en", "fr", "cs")
KINDS = {
    *("refusal", "past", "report", "question", "condition"),
    *("part", "other_person", "hypothetical", "correction"),
}


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT)


def rows(name: str) -> list[dict[str, str]]:
    with (CORPUS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("language", LANGUAGES)
def test_near_misses_resemble_every_request_we_serve_in_every_kind(config: Config, language: str) -> None:
    plan, near = config.plans[language], rows(f"near_misses_{language}")
    assert {row["kind"] for row in near} == KINDS
    answered = {question for question, request in plan.requests.items() if not request.topic and not request.action}
    served = {intent for intent, request in plan.requests.items() if not request.topic} - answered
    about = Counter(row["about"] for row in near)
    assert served | {"opening_hours"} <= set(about) <= served | answered
    for intent, request in plan.requests.items():
        if request.confirm and not request.topic:  # changes most of all
            assert len({row["kind"] for row in near if row["about"] == intent}) >= 4, intent


@pytest.mark.parametrize("language", LANGUAGES)
def test_rambling_requests_are_labelled_with_requests_we_serve(config: Config, language: str) -> None:
    known = known_intents(config.grammars[language], config.plans[language])
    sentences = read_own_sentences(CORPUS / f"rambling_{language}.csv", known)
    assert all(sentence.wanted <= set(config.plans[language].requests) for sentence in sentences)
    said = [normalise(sentence.text) for sentence in sentences]
    sentences_of_the_grammar = set(config.grammars[language].sentences)
    assert not sentences_of_the_grammar & set(said)
    assert len(set(said)) == len(said)
