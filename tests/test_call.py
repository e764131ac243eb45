"""The conversation: what is asked, confirmed, looked up and said."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.call import Call
from ivr.call.actions import Do, Finish, Hush, Listen, Note, Notice, Transfer
from ivr.call.events import Answered, Broken, Elapsed, Failed, Heard, HungUp, Partial, Played, Pressed, Started, Upset
from ivr.call.state import Filling
from ivr.config import Config, load
from ivr.grammar import Expecting
from tests.calls import after, confirming, in_state, new_call, press, reasons, said
from tests.conftest import ROOT


def test_an_order_number_said_in_two_breaths_is_one_number(config: Config) -> None:
    call = in_state(config, "half a number said")
    actions = call.handle(Heard("seven one nine", 1.0))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42719"]


def test_a_caller_who_begins_the_number_anew_is_understood(config: Config) -> None:
    call = in_state(config, "half a number said")
    actions = call.handle(Heard("no sorry four two seven one nine", 1.0))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42719"]
    call = in_state(config, "half a number said")
    actions = call.handle(Heard("four two seven one nine", 1.0))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42719"]


def test_a_number_with_a_wrong_check_digit_is_asked_for_by_keys(config: Config) -> None:
    plan = confirming(config.plans["en"])
    request = plan.requests["order_status"]
    checked = replace(request, slots=(replace(request.slots[0], check="luhn", own=None),))
    call = Call(replace(plan, requests={**plan.requests, "order_status": checked}), config.grammars["en"])
    after(call, [Started(), Played(), Heard("where is my order", 1.0), Played()])
    assert said(call.handle(Heard("one two three four five", 1.0))) == ["unclear", "key_in"]
    call.handle(Played())
    actions = after(call, press("12344"))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["12344"]


@pytest.mark.parametrize(
    "spoken", ["four two seven one nine", "four two seven one nine please", "forty two seven nineteen"]
)
def test_an_order_number_is_looked_up(config: Config, spoken: str) -> None:
    actions = in_state(config, "asked for the order number").handle(Heard(spoken, 1.0))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42719"]


def test_an_order_number_can_be_keyed_over_the_question(config: Config) -> None:
    call = new_call(config)
    after(call, [Started(), Played(), Heard("where is my order", 1.0)])
    actions = after(call, press("42719"))
    assert any(isinstance(action, Hush) for action in actions)
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42719"]


def test_star_begins_a_keyed_number_again(config: Config) -> None:
    actions = after(in_state(config, "asked for the order number"), press("99*42719"))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42719"]


def test_an_unsure_number_is_read_back_and_confirmed_once(config: Config) -> None:
    call = in_state(config, "asked for the order number")
    assert said(call.handle(Heard("four two seven one nine", 0.6))) == ["confirm_order_number"]
    assert any(isinstance(action, Do) for action in call.handle(Heard("yes", 1.0)))


def test_where_numbers_are_sparse_an_unsure_one_is_used_and_said_with_the_answer(config: Config) -> None:
    call = Call(config.plans["en"], config.grammars["en"])
    after(call, [Started(), Played(), Heard("where is my order", 1.0)])
    assert said(call.handle(Heard("four two seven one nine", 0.6))) == ["ask_postcode"]
    assert any(isinstance(action, Do) for action in call.handle(Heard("three oh oh three seven", 0.6)))
    after(call, [Answered(1, "verified")])
    assert said(call.handle(Answered(2, "none"))) == ["order_not_found", "key_in"]


def test_a_number_can_be_corrected_in_the_same_breath_as_no(config: Config) -> None:
    call = in_state(config, "asked to confirm the number")
    actions = call.handle(Heard("no four two seven one eight", 0.95))
    assert [action.values["order_number"] for action in actions if isinstance(action, Do)] == ["42718"]


def test_an_unsure_request_is_asked_about_once(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert said(call.handle(Heard("what are your opening hours", 0.6))) == ["confirm_request"]
    assert said(call.handle(Heard("yes", 1.0))) == ["opening_hours", "anything_else"]


def test_a_caller_who_talks_over_a_prompt_silences_it(config: Config) -> None:
    call = in_state(config, "greeting is playing")
    assert call.handle(Partial("where")) == [Hush(), Notice("interrupted")]


def test_noise_does_not_silence_a_prompt(config: Config) -> None:
    call = in_state(config, "greeting is playing")
    assert call.handle(Partial("")) == []
    assert call.handle(Partial("brzl")) == []


def test_a_cough_is_not_a_miss_but_a_long_mumble_is(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert call.handle(Heard("", 0.0, speech_ms=300)) == []
    assert reasons(call.handle(Heard("", 0.0, speech_ms=2000))) == ["no_match"]


def test_noise_is_no_speech_however_long_and_does_not_end_a_silence(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    after(call, [Elapsed(3000), Elapsed(1500, talking=True)])
    assert call.handle(Heard("", 0.0, speech_ms=1500, voiced_ms=0)) == []
    assert said(call.handle(Elapsed(2000))) == ["no_input", "how_can_i_help"]


def test_a_word_that_could_not_be_read_is_a_miss_and_no_silence(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert reasons(call.handle(Heard("", 0.0, speech_ms=600, voiced_ms=350))) == ["no_match"]
    assert [each["text"] for each in call.card()["said"]] == ["…"]


def test_who_only_says_um_is_thinking(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    after(call, [Elapsed(3000)])
    assert call.handle(Heard("", 0.0, speech_ms=900, free="Um, uh.", voiced_ms=700)) == []
    assert call.handle(Elapsed(3000)) == []


def test_over_a_prompt_it_takes_more_voice_for_there_may_be_an_echo(config: Config) -> None:
    call = in_state(config, "greeting is playing")
    assert call.handle(Heard("", 0.0, speech_ms=600, voiced_ms=350)) == []
    assert reasons(call.handle(Heard("", 0.0, speech_ms=2000, voiced_ms=1200))) == ["no_match"]


def test_what_was_written_without_a_grammar_is_a_miss_with_its_words_on_the_card(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    actions = call.handle(Heard("", 0.0, speech_ms=900, free="my parcel came damaged", voiced_ms=500))
    assert reasons(actions) and call.card()["said"][-1]["text"] == "my parcel came damaged"
    noted = [action.data for action in actions if isinstance(action, Note) and action.kind == "heard"]
    assert [data["text"] for data in noted] == ["my parcel came damaged"]


def test_another_request_may_come_instead_of_the_number(config: Config) -> None:
    call = in_state(config, "asked for the order number")
    assert said(call.handle(Heard("what are your opening hours", 1.0))) == ["opening_hours", "anything_else"]


def test_an_unknown_order_is_said_and_keyed_then_a_person_helps(config: Config) -> None:
    call = in_state(config, "looking up")
    assert said(call.handle(Answered(1, "none"))) == ["order_not_found", "key_in"]
    after(call, press("42718"))
    assert reasons(call.handle(Answered(2, "none"))) == ["no_match"]


def test_a_late_answer_to_something_no_longer_waited_for_is_ignored(config: Config) -> None:
    call = in_state(config, "asked for anything else")
    assert call.handle(Answered(1, "shipped")) == []
    assert call.handle(Failed(1, "late")) == []


def test_the_recogniser_is_told_what_to_expect(config: Config) -> None:
    call = new_call(config)
    assert Listen(Expecting("request")) in call.handle(Started())
    assert Listen(Expecting("digits", (5,))) in call.handle(Heard("where is my order", 1.0))


# -- about the conversation itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["hello", "can you hear me", "good morning"])
def test_a_greeting_is_answered_and_the_question_put_again(config: Config, text: str) -> None:
    call = in_state(config, "asked for the order number")
    assert said(call.handle(Heard(text, 1.0))) == ["hello", "ask_order_number"]
    call.handle(Played())
    assert said(call.handle(Elapsed(5000)))[0] == "no_input"  # no doubt was used up


@pytest.mark.parametrize("text", ["one moment", "hold on a second", "um let me see", "let me get my glasses"])
def test_who_asks_for_a_moment_has_it(config: Config, text: str) -> None:
    call = in_state(config, "asked for the order number")
    assert said(call.handle(Heard(text, 1.0))) == ["take_your_time"]
    assert after(call, [Played(), *[Elapsed(1000)] * 19]) == []
    assert said(call.handle(Elapsed(1000))) == ["no_input", "ask_order_number"]
    call.handle(Played())
    assert reasons(call.handle(Elapsed(5000))) == ["no_input"]


def test_small_talk_said_twice_is_no_sign_of_impatience(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert Notice("repeated") not in after(call, [Heard("hello", 1.0), Heard("hello", 1.0)])
    assert Notice("repeated") in after(call, [Heard("what are your opening hours", 1.0)] * 2)


def test_small_talk_does_not_go_on_for_ever(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    heard = [Heard("hello", 1.0), Heard("one moment", 1.0), Heard("pardon", 1.0)]
    assert reasons(after(call, heard)) == []
    assert reasons(call.handle(Heard("hello", 1.0))) == ["time_budget"]


@pytest.mark.parametrize("text", ["okay", "perfect thanks", "great thank you", "that's all", "cheers bye"])
def test_a_closing_ends_a_call_that_is_content_and_no_other(config: Config, text: str) -> None:
    assert said(in_state(config, "asked for anything else").handle(Heard(text, 1.0))) == ["farewell"]
    assert said(in_state(config, "asked what is wanted").handle(Heard(text, 1.0))) == ["nothing_yet"]
    assert said(in_state(config, "asked for the order number").handle(Heard(text, 1.0))) == ["ask_order_number"]


def test_goodbye_into_the_farewell_ends_the_call(config: Config) -> None:
    actions = in_state(config, "farewell is playing").handle(Heard("bye bye", 1.0))
    assert actions[-1] == Finish("served", farewell=True)


# -- random sequences against a small model --------------------------------------------------------------------------

CONFIG = load(ROOT)
EVENTS = st.one_of(
    st.just(Started()),
    st.just(Played()),
    st.just(HungUp()),
    st.just(Broken("x")),
    st.builds(Elapsed, st.sampled_from([20, 1000, 3000, 6000]), st.booleans()),
    st.builds(Partial, st.sampled_from(["", "where", "four two", "an advisor", "zzz"])),
    st.builds(
        Heard,
        st.sampled_from(
            [
                "",
                "where is my order",
                "track my parcel",
                "what are your opening hours",
                "four two",
                "four two seven one nine",
                "yes",
                "no",
                "are you a robot",
                "that's all",
                "i want to complain",
                "hello",
                "one moment",
                "pardon",
                "cancel my order",
                "yes but",
                "zzz",
            ]
        ),
        st.sampled_from([0.0, 0.55, 0.7, 1.0]),
        speech_ms=st.sampled_from([200, 2000]),
        free=st.sampled_from(["", "", "yes", "something else"]),
    ),
    st.builds(Upset, st.sampled_from([None, 0.1, 0.3, 0.9])),
    st.builds(Pressed, st.sampled_from(list("0123456789*#"))),
    st.builds(
        Answered, st.integers(1, 4), st.sampled_from(["shipped", "none", "found", "odd"]), st.just({"values": ["1"]})
    ),
    st.builds(Failed, st.integers(1, 4), st.just("x")),
)


class Model:
    """What must be true of any call, seen from outside: whether it is over, and why."""

    def __init__(self) -> None:
        self.over = False

    def check(self, call: Call, event: object, keying: bool, actions: list[object]) -> None:
        endings = [action for action in actions if isinstance(action, Transfer | Finish)]
        if self.over:
            assert actions == []
            return
        assert len(endings) <= 1
        assert call.over == bool(endings)
        if endings:
            assert actions[-1] is endings[0]  # nothing is ordered after the end
            self.over = True
        if isinstance(event, Broken):
            assert endings and endings[0] == Transfer("failure")
        if isinstance(event, HungUp):
            assert isinstance(endings[0], Finish) and not endings[0].farewell
        if isinstance(event, Partial) and "advisor" in event.text:
            assert endings == [Transfer("asked")]
        if isinstance(event, Pressed) and event.key == "0" and not keying:
            assert endings == [Transfer("pressed_zero")]


def keying(call: Call) -> bool:
    """True when a number is half keyed, so that 0 is a digit of it."""
    state = call.asking.state
    return isinstance(state, Filling) and bool(state.keyed)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_no_sequence_of_events_breaks_a_call(events: list[object]) -> None:
    call, model = Call(CONFIG.plans["en"], CONFIG.grammars["en"], "+15550111"), Model()
    for event in events:
        half_keyed = keying(call)
        model.check(call, event, half_keyed, list(call.handle(event)))  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=25))
def test_from_anywhere_silence_alone_ends_with_a_person_or_a_content_caller(events: list[object]) -> None:
    call = Call(CONFIG.plans["en"], CONFIG.grammars["en"], "")
    for event in events:
        call.handle(event)  # type: ignore[arg-type]
    for _ in range(2 * CONFIG.plans["en"].budget.seconds):
        if call.over:
            break
        actions = [*call.handle(Elapsed(1000)), *call.handle(Played())]
        for action in actions:
            if isinstance(action, Finish):
                assert action.farewell
    assert call.over
