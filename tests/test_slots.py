"""The kinds of slots: each is filled by voice and by keys, read back when in doubt, and never holds a caller."""

from dataclasses import replace
from datetime import date

import pytest

from ivr.call import Call, OutcomePlan, RequestPlan, SlotPlan
from ivr.call.actions import Action, Do, Note
from ivr.call.events import Heard, Played, Pressed, Started
from ivr.call.plan import KEYED_DATE, SlotKind
from ivr.config import Config
from tests.calls import after, in_state, press, reasons, said

TODAY = date(2026, 11, 21)  # a Saturday
LENGTHS: dict[SlotKind, tuple[int, ...]] = {
    "digits": (5,),
    "number": (1, 2, 3),
    "date": KEYED_DATE,
    "yes_no": (),
    "keypad": (4,),
}


def asking_for(config: Config, kind: SlotKind, language: str = "en") -> Call:
    """A call in which a slot of this kind has just been asked for."""
    slot = SlotPlan("wanted", LENGTHS[kind], "ask_order_number", "confirm_order_number", kind=kind)
    plan = config.plans[language]
    request = RequestPlan(
        "order_status", (slot,), action="order_status", outcomes={"none": OutcomePlan("order_not_found")}
    )
    call = Call(
        replace(plan, requests={**plan.requests, "order_status": request}), config.grammars[language], "", TODAY
    )
    sentence = {"en": "where is my order", "fr": "où est ma commande", "cs": "kde je moje objednávka"}[language]
    after(call, [Started(), Played(), Heard(sentence, 1.0), Played()])
    return call


def wanted(actions: list[Action]) -> list[str]:
    return [action.values["wanted"] for action in actions if isinstance(action, Do)]


@pytest.mark.parametrize(
    ("kind", "language", "words", "value"),
    [
        ("digits", "en", "four two seven one nine", "42719"),
        ("number", "en", "twenty five", "25"),
        ("number", "en", "one hundred and five", "105"),
        ("number", "fr", "quatre-vingt-dix-sept", "97"),
        ("number", "cs", "dvaačtyřicet", "42"),
        ("date", "en", "the third of december", "2026-12-03"),
        ("date", "en", "it was yesterday", "2026-11-20"),
        ("date", "fr", "le vingt et un novembre", "2026-11-21"),
        ("date", "cs", "zítra", "2026-11-22"),
        ("yes_no", "en", "yes please", "yes"),
        ("yes_no", "cs", "vůbec ne", "no"),
    ],
)
def test_a_slot_is_filled_by_voice(config: Config, kind: SlotKind, language: str, words: str, value: str) -> None:
    assert wanted(asking_for(config, kind, language).handle(Heard(words, 1.0))) == [value]


@pytest.mark.parametrize(
    ("kind", "language", "keys", "value"),
    [
        ("digits", "en", "42719", "42719"),
        ("number", "en", "25#", "25"),
        ("keypad", "en", "4711", "4711"),
        ("yes_no", "en", "2", "no"),
        ("date", "en", "12032026", "2026-12-03"),
        ("date", "fr", "2411#", "2026-11-24"),
    ],
)
def test_a_slot_is_filled_by_keys(config: Config, kind: SlotKind, language: str, keys: str, value: str) -> None:
    assert wanted(after(asking_for(config, kind, language), press(keys))) == [value]


def test_a_secret_said_aloud_is_not_taken(config: Config) -> None:
    assert said(asking_for(config, "keypad").handle(Heard("four seven one one", 1.0))) == [
        "no_match",
        "ask_order_number",
    ]


def test_a_day_in_doubt_is_read_back_and_corrected_in_one_breath(config: Config) -> None:
    call = asking_for(config, "date")
    assert said(call.handle(Heard("tomorrow", 0.6))) == ["confirm_order_number"]
    call.handle(Played())
    assert wanted(call.handle(Heard("no the third of december", 1.0))) == ["2026-12-03"]


@pytest.mark.parametrize("kind", LENGTHS)
def test_whatever_is_asked_for_a_person_is_one_word_or_key_away(config: Config, kind: SlotKind) -> None:
    assert reasons(asking_for(config, kind).handle(Heard("advisor", 1.0))) == ["asked"]
    assert reasons(after(asking_for(config, kind), press("0"))) == ["pressed_zero"]


@pytest.mark.parametrize(("kind", "keys"), [("date", "9999#"), ("digits", "12#"), ("keypad", "12#")])
def test_keys_that_make_no_value_are_asked_for_again_and_then_reach_a_person(
    config: Config, kind: SlotKind, keys: str
) -> None:
    call = asking_for(config, kind)
    assert said(after(call, press(keys))) == ["no_match", "ask_order_number"]
    assert reasons(after(call, [Played(), *press(keys), Played(), *press(keys)])) == ["no_match"]


def test_what_is_keyed_and_never_said_aloud_is_in_no_record_and_on_no_card(config: Config) -> None:
    call = asking_for(config, "keypad")
    actions = after(call, press("4701"))
    assert wanted(actions) == ["4701"]
    assert [action.data["keys"] for action in actions if isinstance(action, Note)] == ["•"] * 4
    assert "4701" not in str(call.card())


@pytest.mark.parametrize("state", ["asked for the order number", "asked for the postcode", "asked to choose"])
def test_the_keys_a_to_d_are_no_part_of_a_number_or_a_choice(config: Config, state: str) -> None:
    call = in_state(config, state)
    first = call.handle(Pressed("1"))
    plain = in_state(config, state)
    for key in "ABCD":
        assert reasons(plain.handle(Pressed(key))) == []
    assert said(plain.handle(Pressed("1"))) == said(first)
    for key in "DCBA*AB#":
        plain.handle(Pressed(key))
