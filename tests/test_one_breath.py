"""A request and its number in one breath, as text and in a call."""

import random
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ivr.call import Call
from ivr.call.actions import Do
from ivr.call.events import Heard, Played, Started
from ivr.call.turns import TurnTiming
from ivr.config import Config, ConfigError, load
from ivr.grammar import Completeness, Expecting, Grammar, SentenceSlot
from tests.calls import after, new_call, said
from tests.conftest import ROOT

REQUEST = Expecting("request")
ORDER = (("order_number", "42719"),)


@pytest.mark.parametrize(
    ("language", "text", "intent"),
    [
        ("en", "where is my order four two seven one nine", "order_status"),
        ("en", "where is order number 42719 please", "order_status"),
        ("en", "hi i'm calling about order forty-two seventy-one nine", "order_status"),
        ("en", "track the parcel for order four two seven one nine", "parcel_tracking"),
        ("en", "hello my order number is 42719", "order_status"),
        ("fr", "mon numéro de commande c'est le 42719", "order_status"),
        ("cs", "moje číslo objednávky je 42719", "order_status"),
        ("fr", "où en est la commande numéro quarante-deux soixante et onze neuf", "order_status"),
        ("fr", "bonjour j'appelle pour la commande 42719 s'il vous plaît", "order_status"),
        ("fr", "où est le colis de la commande quatre deux sept un neuf", "parcel_tracking"),
        ("cs", "kde je objednávka číslo dvaačtyřicet sedmdesát jedna devět", "order_status"),
        ("cs", "volám kvůli objednávce 42719", "order_status"),
        ("cs", "kde je balík k objednávce čtyři dva sedm jedna devět", "parcel_tracking"),
    ],
)
def test_a_number_is_taken_out_of_its_sentence(config: Config, language: str, text: str, intent: str) -> None:
    meaning = config.grammars[language].understand(text, REQUEST)
    assert (meaning.intent, meaning.slots) == (intent, ORDER)
    assert meaning.likeness >= 0.75


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_every_sentence_of_a_request_with_a_number_may_be_said_with_it(config: Config, language: str) -> None:
    grammar = config.grammars[language]
    whole = [sentence for sentence, intent in grammar.sentences.items() if intent in grammar.slots]
    for sentence in random.Random(5).sample(whole, 60):
        number = f"{random.Random(sentence).randrange(10_000, 99_999)}"
        meaning = grammar.understand(f"{sentence} {number}", REQUEST)
        expected = (grammar.sentences[sentence], (("order_number", number),))
        assert (meaning.intent, meaning.slots) == expected, (sentence, number)


@pytest.mark.parametrize(
    "text", ["where is my order four two", "i have one question about my order", "are you open at nine"]
)
def test_words_of_numbers_that_are_none_of_the_length_fill_nothing(config: Config, text: str) -> None:
    assert config.grammars["en"].understand(text, REQUEST).slots == ()


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("where is my order 42718 no nine", ORDER),
        ("where is my order not 50505 42719", ORDER),
        ("my postcode is one oh double oh one where is my order", ()),
        ("my phone number is 42719 where is my order", ()),
        ("where are my orders 42719 and 50505", ()),
        ("i have two orders", ()),
    ],
)
def test_only_the_one_number_that_is_meant_is_taken(
    config: Config, text: str, slots: tuple[tuple[str, str], ...]
) -> None:
    assert config.grammars["en"].understand(text, REQUEST).slots == slots


def test_a_day_is_taken_out_of_its_sentence() -> None:
    grammar = Grammar("en", {"deliver it": "change_day"}, slots={"change_day": (SentenceSlot("day"),)})
    meaning = grammar.understand("deliver it tomorrow", Expecting("request", today=date(2026, 11, 21)))
    assert (meaning.intent, meaning.slots) == ("change_day", (("day", "2026-11-22"),))


def test_nobody_is_asked_for_a_number_that_was_said_with_the_request(config: Config) -> None:
    call = new_call(config)
    after(call, [Started(), Played()])
    (lookup,) = [each for each in call.handle(Heard("where is my order 42719", 1.0)) if isinstance(each, Do)]
    assert lookup.values["order_number"] == "42719"
    assert call.card()["slots"] == {"order_number": "42719"}


def test_an_unsure_request_keeps_its_number_only_where_few_numbers_exist(config: Config) -> None:
    call = new_call(config)
    after(call, [Started(), Played(), Heard("where is my order 42719", 0.6), Played()])
    assert said(call.handle(Heard("yes", 1.0))) == ["ask_order_number"]
    call = Call(config.plans["en"], config.grammars["en"])
    after(call, [Started(), Played(), Heard("where is my order 42719", 0.6), Played()])
    assert said(call.handle(Heard("yes", 1.0))) == ["ask_postcode"]
    assert call.card()["slots"] == {"order_number": "42719"}


def test_a_pause_inside_the_number_does_not_end_the_sentence(config: Config) -> None:
    grammar, timing = config.grammars["en"], TurnTiming()
    assert grammar.completeness("where is my order four two", REQUEST) is Completeness.COUNTING
    assert timing.silence_needed(REQUEST, Completeness.COUNTING) == timing.digits_silence_ms
    assert grammar.completeness("where is my order four two seven one nine", REQUEST) is Completeness.FINAL
    assert grammar.completeness("where is my order", REQUEST) is Completeness.COMPLETE


def test_a_recogniser_listens_for_the_numbers_that_sentences_may_hold(config: Config) -> None:
    vocabulary = config.grammars["en"].vocabulary(REQUEST)
    assert "seven" in vocabulary.digit_words and not vocabulary.digits
    assert not replace(config.grammars["en"], slots={}).vocabulary(REQUEST).digit_words


def test_a_slot_that_the_request_does_not_have_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / "grammars" / "en" / "zz.yaml"
    path.write_text('language: en\nintents:\n  order_status:\n    sentences:\n      - "it is {order_nr}"\n')
    with pytest.raises(ConfigError, match=r"grammars/en/zz.yaml:5: \{order_nr\}.*order_number"):
        load(tmp_path)
