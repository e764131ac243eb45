"""The first seven laws, one by one, against the pure call; the others are in ``test_first_doubt``."""

from dataclasses import replace

import pytest

from ivr.call import Call
from ivr.call.actions import Finish, Note, Notice, Say, Transfer
from ivr.call.events import (
    Answered,
    Broken,
    Elapsed,
    Failed,
    Heard,
    HungUp,
    Partial,
    Played,
    Pressed,
    Started,
    Upset,
)
from ivr.config import Config
from ivr.config.texts import Texts
from ivr.grammar import PERSON
from tests.calls import FOUND, STATES, after, in_state, new_call, press, reasons, said

ANY_STATE = pytest.mark.parametrize("state", STATES)


# 1. A person at any moment.


@ANY_STATE
def test_asking_for_an_advisor_transfers_in_every_state_before_the_sentence_ends(config: Config, state: str) -> None:
    call = in_state(config, state)
    assert reasons(call.handle(Partial("well i want to talk to an advisor about"))) == ["asked"]
    assert call.card("asked")["said"][-1]["text"] == "well i want to talk to an advisor about"


@ANY_STATE
def test_asking_for_an_advisor_transfers_in_every_state(config: Config, state: str) -> None:
    assert reasons(in_state(config, state).handle(Heard("advisor please", 1.0))) == ["asked"]


@ANY_STATE
def test_key_zero_transfers_in_every_state(config: Config, state: str) -> None:
    assert reasons(in_state(config, state).handle(Pressed("0"))) == ["pressed_zero"]


def test_a_zero_inside_a_number_is_a_digit_but_a_zero_left_alone_is_a_person(config: Config) -> None:
    call = in_state(config, "asked for the order number")
    assert reasons(after(call, press("40"))) == []
    assert reasons(call.handle(Elapsed(config.plans["en"].timing.keypad_ms))) == ["pressed_zero"]
    call = in_state(config, "asked for the order number")
    assert reasons(after(call, press("60422"))) == []


def test_every_human_phrase_of_every_language_transfers(config: Config) -> None:
    for language, grammar in config.grammars.items():
        for sentence, intent in grammar.sentences.items():
            if intent == PERSON:
                call = new_call(config, language)
                call.handle(Started())
                said = [*call.handle(Partial(sentence)), *call.handle(Heard(sentence, 1.0))]
                assert reasons(said) == ["asked"], sentence


def test_the_word_of_the_key_0_is_a_digit_within_a_number_and_alone_asks_for_a_person(config: Config) -> None:
    call = new_call(config, "en")
    call.handle(Started())
    assert reasons(call.handle(Partial("zero"))) == []
    assert reasons(call.handle(Heard("zero", 1.0))) == ["asked"]


def test_a_transfer_says_nothing_first(config: Config) -> None:
    actions = in_state(config, "greeting is playing").handle(Partial("advisor"))
    assert not any(isinstance(action, Say) for action in actions)


# 2. One way only.


def test_a_human_phrase_in_doubt_is_not_confirmed_but_put_through(config: Config) -> None:
    assert reasons(in_state(config, "asked what is wanted").handle(Heard("an advisor", 0.55))) == ["asked"]
    assert reasons(in_state(config, "asked what is wanted").handle(Heard("an advisor", 0.1))) == ["low_confidence"]


@pytest.mark.parametrize("confidence", [0.0, 0.2, 0.49])
def test_low_confidence_transfers(config: Config, confidence: float) -> None:
    call = in_state(config, "asked what is wanted")
    assert reasons(call.handle(Heard("where is my order", confidence))) == ["low_confidence"]


def test_a_second_unsure_utterance_transfers(config: Config) -> None:
    call = in_state(config, "asked to confirm the request")
    after(call, [Heard("yes", 1.0), Played()])
    assert reasons(call.handle(Heard("what are your opening hours", 0.6))) == ["low_confidence"]


def test_two_silences_reach_a_person(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert said(call.handle(Elapsed(5000))) == ["no_input", "how_can_i_help"]
    call.handle(Played())
    assert reasons(call.handle(Elapsed(5000))) == ["no_input"]


def patient(config: Config, state: str = "asked what is wanted") -> Call:
    """A call whose supervisors allow three misses and two doubts."""
    call = in_state(config, state)
    call.asking._plan = replace(call.plan, budget=replace(call.plan.budget, misses=3, doubts=2))
    return call


def test_words_that_were_not_understood_count_more_than_the_silence_after_them(config: Config) -> None:
    call = patient(config)
    assert said(call.handle(Heard("xylophone quartz", 1.0))) == ["no_match", "how_can_i_help"]
    call.handle(Played())
    assert said(call.handle(Elapsed(5000))) == ["no_input", "how_can_i_help"]
    call.handle(Played())
    assert reasons(call.handle(Elapsed(5000))) == ["no_match"]


def test_supervisors_may_allow_three_misses(config: Config) -> None:
    call = patient(config)
    assert reasons(after(call, [Heard("xylophone quartz", 1.0), Played(), Heard("quartz", 1.0), Played()])) == []
    assert reasons(call.handle(Heard("xylophone", 1.0))) == ["no_match"]


def test_a_subject_for_people_is_never_automated(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert reasons(call.handle(Heard("i want to complain", 0.6))) == ["topic"]


def test_words_near_a_human_phrase_are_not_recorded_as_asked(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert "asked" not in reasons(call.handle(Heard("what will the weather be like tomorrow", 0.9)))


@ANY_STATE
def test_an_upset_caller_is_put_through_in_every_state(config: Config, state: str) -> None:
    assert reasons(in_state(config, state).handle(Upset(0.9, ("pitch +20 %",)))) == ["tone"]
    heard = Heard("where is my order", 1.0, upset=0.9, why=("said 'ridiculous'",))
    call = in_state(config, state)
    assert reasons(call.handle(heard)) == ["tone"]
    assert call.card("tone")["tone"] == {"upset": 0.9, "why": ["said 'ridiculous'"]}


def test_an_upset_caller_who_asks_for_a_person_has_asked(config: Config) -> None:
    assert reasons(in_state(config, "asked what is wanted").handle(Heard("advisor", 1.0, upset=0.99))) == ["asked"]


def test_a_caller_who_is_losing_patience_is_offered_a_person_once(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert said(call.handle(Heard("where is my order", 1.0, upset=0.35))) == ["offer_person", "ask_order_number"]
    assert said(call.handle(Heard("xylophone", 1.0, upset=0.1))) == ["key_in"]


def test_whoever_is_not_understood_is_trying_again_until_they_are(config: Config) -> None:
    call = patient(config)
    assert not call.trying_again
    call.handle(Heard("xylophone", 1.0))
    assert call.trying_again
    assert Notice("repeated") not in call.handle(Heard("xylophone", 1.0))  # counted with the try itself
    call.handle(Heard("where is my order", 1.0))
    assert not call.trying_again


def test_the_third_try_leads_to_a_person_for_its_tone_when_that_is_upset(config: Config) -> None:
    for upset, reason in ((0.5, "tone"), (0.4, "no_match"), (None, "no_match")):
        call = patient(config)
        after(call, [Heard("xylophone", 1.0), Heard("quartz", 1.0)])
        assert reasons(call.handle(Heard("xylophone quartz", 1.0, upset=upset))) == [reason]


def test_who_is_put_through_for_a_sighing_silence_hears_no_question_first(config: Config) -> None:
    actions = in_state(config, "asked what is wanted").handle(Elapsed(5000))
    assert actions[0] == Notice("sighing_silence") and said(actions)


def test_a_calm_or_unknown_tone_changes_nothing(config: Config) -> None:
    for upset in (None, 0.0, 0.2):
        call = in_state(config, "asked what is wanted")
        assert said(call.handle(Heard("where is my order", 1.0, upset=upset))) == ["ask_order_number"]


def test_tone_that_is_switched_off_is_never_a_reason(config: Config) -> None:
    call = Call(replace(config.plans["en"], tone=None), config.grammars["en"])
    call.handle(Started())
    assert reasons(call.handle(Upset(1.0))) == []


def test_the_greeting_says_that_tone_is_listened_for_exactly_when_it_is(config: Config) -> None:
    sentences = {"greeting": "{% if tone %}I listen to your tone.{% endif %} Hello."}
    assert "tone" in Texts("en", sentences, "us", tone=True).text("greeting", {})
    assert "tone" not in Texts("en", sentences, "us", tone=False).text("greeting", {})
    for texts in config.texts.values():
        assert texts.is_fixed("greeting")


# 3. Failure means a person.


@ANY_STATE
def test_a_failure_of_ours_transfers_in_every_state(config: Config, state: str) -> None:
    assert reasons(in_state(config, state).handle(Broken("a bug"))) == ["failure"]


def test_a_lookup_that_fails_or_never_returns_reaches_a_person(config: Config) -> None:
    assert reasons(in_state(config, "looking up").handle(Failed(1, "no such table"))) == ["backend"]
    call = in_state(config, "looking up")
    assert said(call.handle(Elapsed(1500))) == ["one_moment"]
    assert reasons(call.handle(Elapsed(4500))) == ["backend"]


def test_an_answer_nobody_planned_for_reaches_a_person(config: Config) -> None:
    assert reasons(in_state(config, "looking up").handle(Answered(1, "on_fire"))) == ["backend"]


def test_an_event_that_is_none_reaches_a_person(config: Config) -> None:
    assert reasons(in_state(config, "asked what is wanted").handle("what?")) == ["failure"]  # type: ignore[arg-type]


def test_a_farewell_before_anything_was_done_does_not_end_the_call(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    assert said(call.handle(Heard("goodbye", 1.0))) == ["nothing_yet"]
    after(call, [Played(), Elapsed(5000), Played()])
    assert reasons(call.handle(Elapsed(5000))) == ["no_input"]


def test_a_caller_who_talks_into_the_farewell_is_heard_out(config: Config) -> None:
    call = in_state(config, "farewell is playing")
    after(call, [Elapsed(20, talking=True), Played()])
    assert not call.over
    assert said(call.handle(Heard("what are your opening hours", 1.0)))[0] == "opening_hours"


# 4. No disguise.


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_first_words_say_that_it_is_a_machine_and_how_to_reach_a_person(config: Config, language: str) -> None:
    assert said(new_call(config, language).handle(Started())) == ["greeting"]
    greeting = config.texts[language].text("greeting", {})
    words = {"en": ("automated assistant", "advisor", "press 0"), "ko": ("자동", "상담원", "0번")}
    assert all(word in greeting for word in words[language])


@ANY_STATE
def test_are_you_a_robot_is_answered_truthfully_at_any_turn(config: Config, state: str) -> None:
    assert said(in_state(config, state).handle(Heard("are you a robot", 1.0)))[:1] == ["robot"]


def test_every_transfer_reason_has_words_for_the_caller_in_every_language(config: Config) -> None:
    for texts in config.texts.values():
        assert "{{" not in texts.text("transfer_asked", {"team": "x"})
        assert "x" in texts.text("transfer_tone", {"team": "x"})


# 5. Nobody repeats themselves.


def test_the_story_travels_with_the_transfer(config: Config) -> None:
    call = in_state(config, "asked for anything else")
    call.handle(Partial("advisor"))
    card = call.card("asked")
    assert card["reason"] == "asked"
    assert card["slots"] == {"order_number": "42719"}
    assert card["done"] == [{"request": "order_status", "outcome": "shipped"}]
    assert [each["text"] for each in card["said"]][:2] == ["where is my order", "four two seven one nine"]


def test_a_number_once_given_is_not_asked_again(config: Config) -> None:
    call = in_state(config, "asked for anything else")
    actions = call.handle(Heard("track my parcel", 1.0))
    assert said(actions) == []


def test_a_known_caller_with_one_open_order_is_asked_nothing(config: Config) -> None:
    call = new_call(config, caller="+15550111")
    after(call, [Started(), Played(), Heard("where is my order", 1.0)])
    call.handle(Answered(1, "found", {"values": ["42719"]}))
    assert said(call.handle(Answered(2, "shipped", {"due": "2026-11-24"}))) == ["order_shipped", "anything_else"]


# 6. Honest numbers.


@ANY_STATE
def test_every_transfer_has_exactly_one_reason_and_notes_it(config: Config, state: str) -> None:
    call = in_state(config, state)
    actions = [*call.handle(Pressed("0")), *call.handle(Partial("advisor")), *call.handle(Broken("later"))]
    assert reasons(actions) == ["pressed_zero"]
    noted = [action.data["reason"] for action in actions if isinstance(action, Note) and action.kind == "transfer"]
    assert noted == ["pressed_zero"]


def test_a_caller_who_gives_up_is_not_counted_as_served(config: Config) -> None:
    assert in_state(config, "asked for the order number").handle(HungUp()) == [Finish("hung_up", farewell=False)]
    assert in_state(config, "asked for anything else").handle(HungUp()) == [Finish("served", farewell=False)]


# 7. The machine must earn its time.


def test_after_its_budget_of_turns_a_person_takes_over(config: Config) -> None:
    call = in_state(config, "asked what is wanted")
    actions = []
    for _ in range(config.plans["en"].budget.turns + 1):
        actions += after(call, [Heard("what are your opening hours", 1.0), Played()])
    assert reasons(actions) == ["time_budget"]


def test_after_its_budget_of_seconds_a_person_takes_over(config: Config) -> None:
    call = in_state(config, "asked for the order number")
    after(call, [Elapsed(1000, talking=True)] * config.plans["en"].budget.seconds)
    assert reasons(call.handle(Heard("four two seven one nine", 1.0))) == ["time_budget"]


def test_a_line_that_is_never_silent_reaches_a_person(config: Config) -> None:
    call = in_state(config, "greeting is playing")
    actions = after(call, [Elapsed(1000, talking=True)] * config.plans["en"].budget.seconds * 2)
    assert reasons(actions) == ["time_budget"]


def test_a_served_caller_who_says_nothing_more_is_thanked(config: Config) -> None:
    call = in_state(config, "asked for anything else")
    assert said(call.handle(Elapsed(5000))) == ["farewell"]
    assert call.handle(Played()) == [Finish("served", farewell=True)]
    assert FOUND.outcome == "shipped"


def test_nothing_happens_after_the_end(config: Config) -> None:
    call = in_state(config, "greeting is playing")
    assert any(isinstance(action, Transfer) for action in call.handle(Pressed("0")))
    assert after(call, [Started(), Elapsed(60_000), Heard("advisor", 1.0), Pressed("0"), HungUp()]) == []
