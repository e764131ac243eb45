"""Laws 8 and 9: a person at the first doubt, and nothing changed without a clean yes."""

from dataclasses import replace

import pytest

from ivr.advisors.story import whisper
from ivr.call import Call
from ivr.call.actions import Do, Transfer
from ivr.call.events import Answered, Elapsed, Event, Heard, Played, Pressed, Started
from ivr.call.state import Filling
from ivr.config import Config
from ivr.grammar import PERSON, Expecting, Grammar, Meaning
from tests.calls import FOUND, after, in_state, new_call, press, reasons, said

# 8. A person at the first doubt.

DOUBTS: dict[str, tuple[Event, ...]] = {
    "an unsure request": (Heard("where is my order", 0.6), Played(), Heard("yes", 1.0), Played()),
    "a number that is not clear": (
        Heard("where is my order", 1.0),
        Played(),
        Heard("nine one nine nine nine", 0.2),
        Played(),
    ),
    "a first silence": (Heard("where is my order", 1.0), Played(), Elapsed(5000), Played()),
}
"""The doubts of which a call may have one, each with the caller asked for the order number in the end."""
SECOND_DOUBTS: dict[str, tuple[Event, ...]] = {
    "an unsure request": (Heard("what are your opening hours", 0.6),),
    "a number that is not clear": (Heard("nine nine nine nine nine nine nine", 1.0),),
    "words that are no number": (Heard("xylophone quartz", 1.0),),
    "an unread word": (Heard("", 0.0, speech_ms=700, voiced_ms=400),),
    "a silence": (Elapsed(5000),),
    "a wrong number of keys": tuple(press("123#")),
}


def test_a_request_that_is_not_understood_is_a_persons_at_once(config: Config) -> None:
    for state in ("asked what is wanted", "greeting is playing", "asked for anything else", "after a silence"):
        assert reasons(in_state(config, state).handle(Heard("xylophone quartz", 1.0))) == ["no_match"], state


@pytest.mark.parametrize("first", DOUBTS)
@pytest.mark.parametrize("second", SECOND_DOUBTS)
def test_the_second_doubt_of_any_kind_is_a_person(config: Config, first: str, second: str) -> None:
    call = in_state(config, "asked what is wanted")
    assert reasons(after(call, DOUBTS[first])) == []
    assert isinstance(call.asking.state, Filling)
    assert len(reasons(after(call, SECOND_DOUBTS[second]))) == 1


def test_a_number_that_is_not_clear_is_keyed_instead_of_being_said_again(config: Config) -> None:
    call = in_state(config, "asked for the order number")
    assert said(call.handle(Heard("", 0.0, speech_ms=900, voiced_ms=600))) == ["unclear", "key_in"]
    assert said(after(call, [Played(), *press("42719"), FOUND])) == ["order_shipped", "anything_else"]


def test_half_a_number_and_then_nothing_is_no_silence(config: Config) -> None:
    call = in_state(config, "half a number said")
    assert said(call.handle(Elapsed(5000))) == ["unclear", "key_in"]


def test_a_supervisor_may_forbid_every_question_back(config: Config) -> None:
    for event in (Heard("where is my order", 0.6), Elapsed(5000)):
        call = in_state(config, "asked what is wanted")
        call.asking._plan = replace(call.plan, budget=replace(call.plan.budget, doubts=0))
        assert len(reasons(call.handle(event))) == 1


def test_what_is_near_to_a_request_that_must_not_begin_is_the_subject_an_advisor_is_told(config: Config) -> None:
    class Near(Grammar):
        def understand(self, text: str, expecting: Expecting) -> Meaning:
            return Meaning(None, subject="cancel_order")

    call = Call(config.plans["en"], Near("en", {"advisor": PERSON}))
    call.handle(Started())
    assert Transfer("low_confidence", "cancel_order") in call.handle(Heard("who cancelled my order", 1.0))
    assert "about: to cancel an order" in whisper(call.card("low_confidence"), config.texts["en"].text)


# 9. What cannot be taken back needs certainty.

UNCLEAR_ANSWERS: dict[str, Event] = {
    "yes but": Heard("yes but only the second one", 1.0),
    "yes, and something else in the free reading": Heard("yes", 1.0, free="yes but not the shoes"),
    "an unsure yes": Heard("yes", 0.6),
    "okay": Heard("okay", 1.0),
    "thanks": Heard("thank you", 1.0),
    "an unsure no": Heard("no", 0.6),
    "words": Heard("xylophone quartz", 1.0),
    "an unread word": Heard("", 0.0, speech_ms=700, voiced_ms=400),
    "silence": Elapsed(5000),
}


@pytest.mark.parametrize("answer", UNCLEAR_ANSWERS)
def test_whatever_is_no_clean_yes_changes_nothing_and_is_a_persons(config: Config, answer: str) -> None:
    call = in_state(config, "asked to confirm a change")
    actions = call.handle(UNCLEAR_ANSWERS[answer])
    assert len(reasons(actions)) == 1 and not any(isinstance(each, Do) for each in actions)
    assert call.card()["pending"] == {"request": "cancel_order", "how": "not_confirmed"}
    assert "nothing was changed: to cancel an order" in whisper(call.card("no_match"), config.texts["en"].text)


@pytest.mark.parametrize(
    "yes",
    [
        Heard("yes", 1.0),
        Heard("yes please", 1.0, free="Yes, please."),
        Heard("yes cancel my order", 1.0),
        Pressed("1"),
    ],
)
def test_a_clean_yes_makes_the_change(config: Config, yes: Event) -> None:
    actions = in_state(config, "asked to confirm a change").handle(yes)
    assert [each.action for each in actions if isinstance(each, Do)] == ["cancel_order"]


@pytest.mark.parametrize("no", [Heard("no", 1.0), Heard("no thank you", 1.0), Heard("never mind", 1.0), Pressed("2")])
def test_a_clear_no_leaves_everything_as_it_is(config: Config, no: Event) -> None:
    assert said(in_state(config, "asked to confirm a change").handle(no)) == ["nothing_done", "anything_else"]


def test_a_change_that_can_be_taken_back_says_so_with_its_result(config: Config) -> None:
    told = {"order_number": "11208"}
    call = in_state(config, "a change is being made")
    assert said(call.handle(Answered(4, "done", {**told, "undo_minutes": 30}))) == [
        "order_now_cancelled",
        "undo_cancel",
        "anything_else",
    ]
    call = in_state(config, "a change is being made")
    assert said(call.handle(Answered(4, "done", {**told, "undo_minutes": None})))[1] == "anything_else"


def test_of_two_questions_in_one_sentence_the_first_is_named_and_answered(config: Config) -> None:
    call = new_call(config)
    after(call, [Started(), Played()])
    actions = call.handle(Heard("where is my order and when are you open", 1.0))
    assert said(actions)[0] == "first_of_two"
    assert call.card()["wanted"] == "order_status"


def test_a_change_in_a_sentence_with_another_request_is_a_persons(config: Config) -> None:
    call = new_call(config)
    actions = after(call, [Started(), Played(), Heard("where is my order and cancel it", 1.0)])
    assert reasons(actions) == ["low_confidence"]
