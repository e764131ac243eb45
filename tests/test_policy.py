"""One confidence, and what follows from it."""

from dataclasses import replace

import pytest

from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.call.policy import confidence, decide, understand
from ivr.grammar import CarrierSpeech, Expecting, Grammar, RequestKinds
from ivr.grammar.keywords import parse

BANDS = Bands(accept=0.75, confirm=0.5)
LAMP = Grammar("en", {"turn on the lamp": "on", "turn off the lamp": "off", "play music": "music"})


def done(grammar: Grammar, text: str, sure: float = 0.95) -> tuple[str, str | None]:
    meaning = grammar.understand(text, Expecting("request"))
    return decide(BANDS, confidence(Heard(text, sure), meaning), unsure_before=False), meaning.intent


def test_a_sentence_heard_for_certain_is_not_doubted_because_another_is_written_nearly_the_same() -> None:
    assert done(LAMP, "turn off the lamp") == ("accept", "off")


def test_words_as_near_to_one_intent_as_to_another_are_asked_about() -> None:
    assert done(LAMP, "turn of the lamp", 1.0)[0] == "confirm"


@pytest.mark.parametrize("text", ["turn of the lamp", "turn on the lamb", "play musik", "something else"])
def test_doubt_in_the_ear_and_in_the_text_move_towards_a_person(text: str) -> None:
    order = ["transfer", "confirm", "accept"]
    steps = [order.index(done(LAMP, text, sure)[0]) for sure in (0.3, 0.5, 0.7, 0.9, 1.0)]
    assert steps == sorted(steps)
    assert steps[0] == 0


def test_the_second_doubt_of_a_call_is_a_persons() -> None:
    assert decide(BANDS, 0.6, unsure_before=True) == "transfer"


SHOP = Grammar(
    "en",
    {"cancel my order": "cancel", "where is my order": "status", "i have a complaint": "complaint"},
    fillers=frozenset({"please", "do", "my", "is", "the"}),
    keywords=(
        parse("cancel", "cancel* + order* - not | don't"),
        parse("status", "where + order"),
        parse("complaint", "! broken"),
    ),
    kinds=RequestKinds(people_only=frozenset({"complaint"})),
)


@pytest.mark.parametrize("text", ["don't cancel my order", "please do not cancel my order"])
def test_what_keywords_rule_out_is_not_taken_for_the_nearest_sentence(text: str) -> None:
    assert done(SHOP, text) == ("transfer", None)


def test_keywords_that_come_first_win_over_more_of_others() -> None:
    assert SHOP.understand("where can my broken order be looked at", Expecting("request")).intent == "complaint"


def test_an_elided_word_is_found_and_another_word_is_no_slip() -> None:
    french = Grammar("fr", {"bonjour": "hello"}, keywords=(parse("wait", "attends + commande"),))
    assert french.understand("j'attends une commande depuis lundi", Expecting("request")).subject == "wait"
    known = Grammar("en", {"there it is": "there"}, keywords=(parse("where", "where + parcel"),))
    assert known.understand("blood is there on a parcel", Expecting("request")).subject is None


def both(phrase: str, sure: float, free: str, free_sure: float) -> tuple[str | None, float]:
    heard = Heard(phrase, sure, free=free, free_confidence=free_sure)
    meaning, believed = understand(heard, LAMP, Expecting("request"))
    return meaning.intent, believed


def test_readings_of_one_meaning_confirm_each_other() -> None:
    intent, sure = both("play musics", 0.6, "play music", 0.9)
    assert intent == "music"
    assert sure > 0.9


def test_a_word_that_reverses_in_one_reading_alone_begins_nothing() -> None:
    lamp = replace(LAMP, carrier=CarrierSpeech(reversals=frozenset({"not"})))
    heard = Heard("turn on the lamp", 0.95, free="do not turn on the lamp please now", free_confidence=0.4)
    meaning, _ = understand(heard, lamp, Expecting("request"))
    assert (meaning.intent, meaning.subject) == (None, "on")


def test_without_any_other_reading_the_free_one_is_what_was_said() -> None:
    lamp = replace(LAMP, carrier=CarrierSpeech(reversals=frozenset({"not"})))
    heard = Heard("", 0.0, (("play music", 0.3),), free="turn on the lamp", free_confidence=0.6)
    meaning, sure = understand(heard, LAMP, Expecting("request"))
    assert meaning.intent == "on" and sure >= 0.6
    kept = replace(lamp, sentences=dict(lamp.sentences) | {"the lamp is not on": "on"})
    meaning, sure = understand(replace(heard, free="the lamp is not on"), kept, Expecting("request"))
    assert (meaning.intent, meaning.near_miss) == ("on", False)
    assert understand(Heard("", 0.0), LAMP, Expecting("request"))[1] == 0.0


def test_a_question_is_doubted_where_an_uncertain_free_reading_has_a_word_that_reverses() -> None:
    lamp = replace(LAMP, carrier=CarrierSpeech(reversals=frozenset({"if"})))
    heard = Heard("turn on the lamp", 0.95, free="if on the lamp", free_confidence=0.4)
    meaning, sure = understand(heard, lamp, Expecting("request"))
    assert (meaning.intent, round(sure, 2)) == ("on", 0.6)


def test_a_word_beside_a_sentence_that_nothing_accounts_for_may_make_another_of_it() -> None:
    heard = Heard("nearly turn on the lamp", 0.95, (("turn on the lamp", 0.1),))
    meaning = LAMP.understand(heard.text, Expecting("request"))
    assert meaning.intent == "on" and confidence(heard, meaning) <= 0.1
    longer = replace(heard, text="it is dark in here turn on the lamp")
    assert confidence(longer, LAMP.understand(longer.text, Expecting("request"))) >= 0.75


def test_readings_of_different_meanings_exclude_each_other() -> None:
    assert both("turn on the lamp", 0.9, "turn off the lamp", 0.8)[1] <= 0.2


def test_a_garbled_free_reading_leaves_the_phrase_as_it_is() -> None:
    assert both("turn on the lamp", 0.9, "burn", 0.1) == ("on", 0.9)


def test_a_sentence_the_sound_speaks_against_is_not_taken_from_words_nearly_like_it() -> None:
    heard = Heard("play my music", 0.9, (("play music", 0.05),))
    assert confidence(heard, LAMP.understand("play my music", Expecting("request"))) <= 0.05
