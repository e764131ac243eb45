"""Callers in their own words (``callers.csv``: typed, polite, blunt, rambling, misspelt), with the shipped grammars.

``order``: where it is or when it comes, however that is called.  ``an advisor``: nothing the machine can do.
"""

import csv
from pathlib import Path

import pytest

from ivr.call.events import Heard
from ivr.call.policy import confidence, decide
from ivr.config import Config, load
from ivr.grammar import PERSON, Expecting

ROOT = Path(__file__).parent.parent
WHERE = ("order_status", "parcel_tracking", "delivery_date")

with (Path(__file__).parent / "callers.csv").open(encoding="utf-8", newline="") as file:
    SAID: dict[tuple[str, str], list[str]] = {}
    for row in csv.DictReader(file):
        SAID.setdefault((row["language"], row["meant"]), []).append(row["said"])


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT)


def taken_for(config: Config, language: str, text: str) -> tuple[str, str]:
    """What is done at once, or asked back about: (decision, intent).  A person: ("transfer", ...)."""
    plan = config.plans[language]
    meaning = config.grammars[language].understand(text, Expecting("request"))
    request = plan.requests.get(meaning.intent or "")
    if meaning.intent is None or meaning.intent == PERSON or (request and request.topic):
        return "transfer", meaning.intent or ""
    return decide(plan.bands, confidence(Heard(text, 1.0), meaning), unsure_before=False), meaning.intent


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_who_asks_for_a_person_in_other_words_gets_one(config: Config, language: str) -> None:
    missed = [text for text in SAID[language, PERSON] if taken_for(config, language, text)[1] != PERSON]
    assert missed == []


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_what_only_an_advisor_can_do_is_not_automated(config: Config, language: str) -> None:
    done = {text: taken_for(config, language, text) for text in SAID[language, "an advisor"]}
    assert {text: what for text, what in done.items() if what[0] == "accept"} == {}


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_who_speaks_of_cancelling_and_does_not_want_it_cancels_nothing(config: Config, language: str) -> None:
    done = {text: taken_for(config, language, text) for text in SAID[language, "not cancel_order"]}
    assert {text: what for text, what in done.items() if what[0] != "transfer" and what[1] == "cancel_order"} == {}


def test_most_who_only_mention_people_are_not_taken_for_asking_for_one(config: Config) -> None:
    said = [(language, text) for language in ("en", "fr", "cs") for text in SAID[language, "not person"]]
    taken = [text for language, text in said if taken_for(config, language, text)[1] == PERSON]
    assert len(taken) < len(said) / 2, taken


@pytest.mark.parametrize(
    ("language", "meant"),
    [key for key in SAID if key[1] not in (PERSON, "an advisor") and not key[1].startswith("not ")],
)
def test_requests_in_other_words_are_mostly_served_and_never_taken_for_another(
    config: Config, language: str, meant: str
) -> None:
    wanted = WHERE if meant == "order" else (meant,)
    found = {text: taken_for(config, language, text) for text in SAID[language, meant]}
    assert [text for text, (decision, intent) in found.items() if decision == "accept" and intent not in wanted] == []
    served = [text for text, (decision, intent) in found.items() if decision != "transfer" and intent in wanted]
    # A change begins only with a whole sentence (law 9): questions ("how do I change ...") and reports are a person's.
    assert len(served) >= (0.6 if meant in config.grammars[language].kinds.changes else 0.8) * len(found)
