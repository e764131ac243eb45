"""The story of a call in few words: for the advisor's ear, a SIP telephone and TaskRouter."""

import json
import re
from typing import Any, get_args
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.advisors.story import sip_headers, task_attributes, whisper
from ivr.call.actions import Reason
from ivr.call.events import Broken
from ivr.config import Config
from tests.calls import in_state

LINK = (
    "https://ivr.example.com/card/CA11111111111111111111111111111111.aSDYFw.2uMyL0IHPnhKTzQ1ZpUwJEh1tb7A8gQwFfUkH2xk3Yk"
)
CARD: dict[str, Any] = {
    "caller": "+15550111",
    "language": "en",
    "reason": "asked",
    "wanted": "order_status",
    "slots": {"order_number": "42719"},
    "said": [{"text": "where is my order", "intent": "order_status", "confidence": 0.91}],
    "done": [{"request": "opening_hours", "outcome": "found"}],
    "tone": {"upset": 0.31, "why": ["raised voice"], "offer_from": 0.25, "transfer_from": 0.5},
    "seconds": 41.2,
}


def test_the_advisor_hears_why_about_what_and_what_is_done(config: Config) -> None:
    assert whisper(CARD, config.texts["en"].text) == (
        "The caller asked for a person, about: the status of an order, number 4, 2, 7, 1, 9. "
        "Already answered: our opening hours. They are losing patience."
    )


def test_what_was_answered_is_not_said_to_be_wanted(config: Config) -> None:
    card = {"reason": "pressed_zero", "wanted": "opening_hours", "done": CARD["done"]}
    heard = whisper(card, config.texts["en"].text)
    assert heard == "The caller pressed 0. Already answered: our opening hours."


@pytest.mark.parametrize("language", ["en", "fr", "cs", "ko"])
@pytest.mark.parametrize("reason", [*get_args(Reason), None])
def test_every_reason_is_told_in_every_language(config: Config, language: str, reason: str | None) -> None:
    text = config.texts[language].text
    assert whisper({"reason": reason}, text).startswith(text(f"reason_{reason or 'failure'}", {}))


def test_an_upset_caller_is_said_to_be_upset_once(config: Config) -> None:
    heard = whisper({**CARD, "reason": "tone", "done": []}, config.texts["en"].text)
    assert heard.startswith("The caller sounds upset,") and "patience" not in heard


def test_what_may_not_have_been_done_is_said_and_what_was_dropped_is_not(config: Config) -> None:
    done = [{"request": "refund", "outcome": "dropped"}]
    card = {"reason": "backend", "done": done, "pending": {"request": "cancel_order", "how": "unknown"}}
    heard = whisper(card, config.texts["en"].text)
    assert "look after this: to cancel an order" in heard and "refund" not in heard


def test_a_request_nobody_named_goes_by_its_own_name(config: Config) -> None:
    assert "about: gift wrapping." in whisper({"reason": "topic", "wanted": "gift_wrapping"}, config.texts["en"].text)


def test_a_sip_telephone_gets_the_weightiest_first() -> None:
    assert {name: unquote(value) for name, value in sip_headers(CARD, LINK).items()} == {
        "x-ivr-card": LINK,
        "x-ivr-reason": "asked",
        "x-ivr-request": "order_status",
        "x-ivr-caller": "+15550111",
        "x-ivr-language": "en",
        "x-ivr-verified": "no",
        "x-ivr-mood": "losing_patience",
        "x-ivr-slots": "order_number=42719",
        "x-ivr-done": "opening_hours",
        "x-ivr-said": "where is my order",
    }


words = st.text(max_size=3000)
cards = st.fixed_dictionaries(
    {},
    optional={
        "caller": st.text(max_size=64),
        "language": st.sampled_from(["en", "ko"]),
        "reason": st.sampled_from([*get_args(Reason), None]),
        "wanted": st.none() | st.text(max_size=40),
        "slots": st.dictionaries(st.text(max_size=40), words, max_size=5),
        "said": st.lists(
            st.fixed_dictionaries({"text": words, "intent": st.none() | words, "confidence": st.floats(0, 1)}),
            max_size=30,
        ),
        "done": st.lists(st.fixed_dictionaries({"request": words, "outcome": words}), max_size=20),
        "tone": st.none() | st.fixed_dictionaries({"upset": st.floats(0, 1), "why": st.lists(words, max_size=4)}),
        "verified": st.booleans(),
    },
)


@given(cards)
def test_headers_keep_twilios_limit_and_the_whole_link_whatever_was_said(card: dict[str, Any]) -> None:
    for plain in (False, True):
        headers = sip_headers(card, LINK, plain)
        assert len("&".join(f"{name}={value}" for name, value in headers.items())) < 1024
        assert unquote(headers["x-ivr-card"]) == LINK
        assert all(value and value.isascii() and unquote(value).isprintable() for value in headers.values())
        assert not plain or all(re.fullmatch(r"[\w.~:/+-]+", value, re.ASCII) for value in headers.values())


def test_a_sip_telephone_that_takes_no_encoded_words_gets_plain_ones() -> None:
    card = {**CARD, "said": [{"text": "Où est ma commande ?"}], "wanted": "주문"}
    headers = sip_headers(card, LINK, plain=True)
    assert headers["x-ivr-card"] == LINK and headers["x-ivr-said"] == "Ou_est_ma_commande"
    assert headers["x-ivr-slots"] == "order_number:42719" and "x-ivr-request" not in headers


@given(cards)
def test_task_attributes_are_json_of_bounded_size_whatever_was_said(card: dict[str, Any]) -> None:
    attributes = task_attributes(card, LINK)
    text = json.dumps(attributes)
    assert len(text) < 4096 and json.loads(text) == attributes and attributes["card"] == LINK


def test_task_attributes_keep_the_last_words_when_not_all_fit() -> None:
    said = [{"text": f"{number} " + "한" * 150, "intent": None, "confidence": 0.5} for number in range(20)]
    kept = task_attributes({**CARD, "said": said}, LINK)["said"]
    assert kept and kept[-1]["text"].startswith("19 ")


def test_an_answer_that_could_not_be_said_is_none_and_an_advisor_gives_it(config: Config) -> None:
    untold, told = in_state(config, "answer is playing"), in_state(config, "asked for anything else")
    for call in (untold, told):
        call.handle(Broken("the voice is gone"))
    card = untold.card("failure")
    assert card["done"] == [] and card["pending"] == {"request": "order_status", "how": "shipped"}
    assert "Already answered" not in whisper(card, config.texts["en"].text)
    assert "Already answered" in whisper(told.card("failure"), config.texts["en"].text)
