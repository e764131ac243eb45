"""Certainty: never the opposite of what was said (law 9), by the account of every word."""

import csv
from pathlib import Path

import pytest

from ivr.call.events import Heard
from ivr.call.policy import decide, understand
from ivr.config import Config, load
from ivr.grammar import PERSON, Expecting, Grammar, RequestKinds
from ivr.grammar.accounting import Accounting, CarrierSpeech
from ivr.grammar.near_misses import near_misses
from ivr.grammar.spelling import Spelling

ROOT = Path(__file__).parent.parent
REQUEST = Expecting("request")
CARRIER = CarrierSpeech(
    phrases=("hello", "please", "i was wondering"),
    named=("my name is",),
    asking=("how can i",),
    hesitations=frozenset({"um", "uh"}),
    reversals=frozenset({"not", "only", "*n't"}),
)
SENTENCES = {
    "where is my order": "status",
    "where's my order": "status",
    "cancel my order": "cancel",
    "i want to cancel my order": "cancel",
    "never mind": "never_mind",
    "yes": "yes",
    "no": "no",
}
SHOP = Grammar(
    "en",
    SENTENCES,
    carrier=CARRIER,
    near_misses=near_misses({"refusal": ["i don't want to {do}"]}, {"cancel": {"do": "cancel my order"}}, {}),
    kinds=RequestKinds(changes=frozenset({"cancel"})),
)


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT)


def begun(config: Config, language: str, text: str) -> tuple[str, str | None]:
    """(decision, intent) of a first utterance that was recognised for certain; a person: ("transfer", ...)."""
    grammar = config.grammars[language]
    meaning, sure = understand(Heard(text, 1.0), grammar, REQUEST)
    if meaning.intent is None or meaning.intent == PERSON or meaning.intent in grammar.kinds.people_only:
        return "transfer", meaning.intent
    return decide(config.plans[language].bands, sure, unsure_before=False), meaning.intent


# -- the account -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("hello i was wondering um where is my order", "status"),
        ("where is my where's my order", "status"),
        ("where's where's my order please", "status"),
        ("my name is bob smith where is my order", "status"),
        ("how can i cancel my order", None),
        ("cancel my order", "cancel"),
        ("um please cancel my order", "cancel"),
        ("canzel my order", "cancel"),
        ("cancle my order", "cancel"),
        ("cancels my order", None),
        ("cancel my order never mind", None),
        ("cancel my order no", None),
        ("where is my order cancel my order", None),
        ("cancel only my order", None),
        ("i don't want to cancel my order", None),
        ("i do not want to cancel my order", None),
        ("cancel my order on thursday", None),
    ],
)
def test_a_change_begins_only_where_every_word_is_accounted_for(said: str, intent: str | None) -> None:
    assert SHOP.understand(said, REQUEST).intent == intent


def test_what_leaves_a_doubt_names_its_subject() -> None:
    for said in (
        "i don't want to cancel my order",
        "cancel half of my order cancel my order",
        "who can cancel my order",
    ):
        assert SHOP.understand(said, REQUEST).subject == "cancel", said


def test_a_word_that_reverses_is_found_by_its_ending_and_by_an_elision() -> None:
    account = Accounting({}, carrier=CarrierSpeech(reversals=frozenset({"*n't", "n'", "ne*"})))
    assert all(map(account.reverses, ("needn't", "n'annulez", "nerušte")))
    assert not account.reverses("order")


def test_a_name_is_no_word_of_a_sentence() -> None:
    said = ["my", "name", "is", "cancel", "the", "thing", "where", "is", "my", "order"]
    assert "cancel" in Accounting(SENTENCES, carrier=CARRIER).account(said).left


def test_a_near_miss_is_made_of_a_pattern_and_the_forms_of_an_action() -> None:
    found = near_misses({"refusal": ["i (do not | don't) {do}"]}, {"cancel": {"do": "cancel it"}}, {})
    assert [each.sentence for each in found.sentences()] == ["i do not cancel it", "i don't cancel it"]
    assert [each.sentence for each in found.rivals()] == ["i do not cancel it"]
    assert list(near_misses({"past": ["i {did}"]}, {"cancel": {"do": "cancel it"}}, {}).sentences()) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("dont", "don't"), ("objednavka", "objednávka"), ("delvery", "delivery"), ("orders", "orders"), ("four", "four")],
)
def test_a_slip_is_mended_and_another_ending_is_another_word(written: str, meant: str) -> None:
    assert Spelling(["don't", "objednávka", "delivery", "order", "your"]).corrected(written) == meant


@pytest.mark.parametrize(
    "said", ["order " * 200, "um uh er", "one two " * 100, "bonjour where is moje objednávka 주문", ""]
)
def test_whatever_is_said_has_a_meaning_soon(config: Config, said: str) -> None:
    for language in config.grammars:
        assert begun(config, language, said)[0] in ("accept", "confirm", "transfer")
        assert begun(config, language, said)[1] not in config.grammars[language].kinds.changes


# -- the shipped files -----------------------------------------------------------------------------------------------


def corpus(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "corpus" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def share(part: int, whole: int) -> float:
    return part / whole


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_typed_near_misses_begin_no_change_and_hardly_any_other_request(config: Config, language: str) -> None:
    grammar, rows = config.grammars[language], corpus(f"near_misses_{language}")
    taken = {row["utterance"]: begun(config, language, row["utterance"]) for row in rows}
    real = {said: (does, intent) for said, (does, intent) in taken.items() if intent in config.plans[language].requests}
    accepted = {said: intent for said, (does, intent) in real.items() if does == "accept"}
    assert {said for said, intent in accepted.items() if intent in grammar.kinds.changes} == set()
    assert share(len(accepted), len(rows)) <= 0.01, accepted
    assert share(sum(does == "confirm" for does, _ in real.values()), len(rows)) <= 0.05


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_typed_rambling_requests_are_mostly_served_at_once_and_never_taken_for_another(
    config: Config, language: str
) -> None:
    rows = corpus(f"rambling_{language}")
    taken = [(row["intent"].split(), begun(config, language, row["utterance"])) for row in rows]
    changes = config.grammars[language].kinds.changes
    assert [each for each in taken if each[1][0] != "transfer" and each[1][1] in changes - set(each[0])] == []
    assert share(sum(does == "accept" and intent in wanted for wanted, (does, intent) in taken), len(rows)) >= 0.7


@pytest.mark.parametrize(
    ("language", "row"),
    [("en", row) for row in corpus("certainty_en")]
    + [(language, row) for language in ("en", "fr", "cs") for row in corpus(f"strangers_{language}")],
    ids=lambda value: value if isinstance(value, str) else value["utterance"],
)
def test_an_utterance_is_taken_as_it_is_meant(config: Config, language: str, row: dict[str, str]) -> None:
    does, intent = begun(config, language, row["utterance"])
    for expected in row["expect"].split():
        match expected:
            case "person":
                assert intent == PERSON
            case "people":
                assert does == "transfer" or intent in row["expect"].split()
            case refused if refused.startswith("!"):
                assert (does, intent) == ("transfer", intent) or intent != refused[1:]
            case wanted if "people" not in row["expect"]:
                assert (does, intent) == ("accept", wanted)
