"""The language of a call changes when the caller asks for another one, and for nothing else."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.call import Call, Languages
from ivr.call.actions import Action, Do, Hush, Note, Say, Speak
from ivr.call.events import Answered, Heard, Partial, Played, Pressed, Started
from ivr.config import Config, ConfigError, load
from ivr.grammar import LANGUAGE, PERSON, Expecting
from tests.calls import STATES, after, in_state, new_call, reasons, said
from tests.conftest import ROOT

ASKS = {
    "en": {
        "fr": [
            "french please",
            "do you speak French?",
            "français",
            "en français s'il vous plaît",
            "parlez-vous français",
        ]
    },
    "fr": {
        "en": ["en anglais s'il vous plaît", "English please", "in English", "do you speak English"],
        "cs": ["česky prosím"],
    },
    "cs": {"en": ["anglicky prosím", "mluvíte anglicky", "English"], "fr": ["français", "francouzština"]},
    "ko": {"en": ["영어로 해 주세요", "English please"]},
}
EVERY = [Expecting("request"), Expecting("digits", (5,)), Expecting("date"), Expecting("yes_no")]


def others(config: Config, *understood: str, **keys: str) -> Languages:
    """``understood`` have a recogniser; ``keys``: language -> key."""
    return Languages(
        {each: config.grammars[each] for each in understood}, {key: language for language, key in keys.items()}
    )


def spoken(actions: list[Action]) -> list[str]:
    return [action.language for action in actions if isinstance(action, Speak)]


@pytest.mark.parametrize("expecting", EVERY)
@pytest.mark.parametrize("language", ASKS)
def test_asking_for_a_language_is_understood_in_every_other_one(
    config: Config, language: str, expecting: Expecting
) -> None:
    for wanted, texts in ASKS[language].items():
        for text in texts:
            assert config.grammars[language].understand(text, expecting).intent == LANGUAGE + wanted, text


def test_human_phrases_of_every_language_lead_to_a_person_in_every_other_one(config: Config) -> None:
    for grammar in config.grammars.values():
        for text in (
            "a real person please",
            "je voudrais parler à un conseiller",
            "chci mluvit s operátorem",
            "상담원",
        ):
            for expecting in EVERY:
                assert grammar.understand(text, expecting).intent == PERSON, (grammar.language, text)


def test_words_of_another_language_do_not_change_what_a_sentence_of_ours_means(config: Config) -> None:
    for grammar in config.grammars.values():
        alone = replace(grammar, foreign={})
        for sentence in list(grammar.sentences)[::7]:
            assert grammar.asks_for_person(sentence) == alone.asks_for_person(sentence), sentence


TOLD = "told why a person takes over"


@pytest.mark.parametrize("state", STATES)
def test_asking_for_a_language_changes_it_in_every_state_without_a_question_back(config: Config, state: str) -> None:
    call = in_state(config, state, others(config, "en", "fr"))
    before = call.asking.expecting
    actions = call.handle(Heard("français", 0.9))
    # Who has been told why a person takes over goes there, in the language asked for.
    assert spoken(actions) == ["fr"] and reasons(actions) == (["backend"] if state == TOLD else [])
    if state == TOLD:
        return
    assert call.grammar.language == "fr"
    assert call.asking.expecting == before or state in ("farewell is playing", "half a number said")
    assert reasons(call.handle(Partial("un conseiller"))) == ["asked"]


def test_who_asks_before_anything_else_hears_the_first_words_again(config: Config) -> None:
    call = in_state(config, "greeting is playing", others(config, "en", "fr"))
    assert said(call.handle(Heard("français", 1.0))) == ["greeting"]


def test_what_is_known_stays_and_the_call_goes_on_in_the_other_language(config: Config) -> None:
    call = in_state(config, "asked for the order number", others(config, "en", "fr"))
    assert said(call.handle(Heard("français", 1.0))) == ["ask_order_number"]
    call.handle(Played())
    (lookup,) = [
        each for each in call.handle(Heard("quarante-deux soixante et onze neuf", 1.0)) if isinstance(each, Do)
    ]
    assert lookup.values["order_number"] == "42719"
    answered = call.handle(Answered(lookup.work, "shipped", {"due": "2026-11-24"}))
    assert said(answered) == ["order_shipped", "anything_else"]
    call.handle(Played())
    confirm = Say("confirm_request", {"request": "parcel_tracking"})
    assert confirm in call.handle(Heard("où est mon colis", 0.6))
    assert "suivre un colis" in config.texts["fr"].text(confirm.prompt, confirm.values)
    assert call.card()["slots"] == {"order_number": "42719"}


def test_a_language_that_nothing_here_recognises_is_a_persons(config: Config) -> None:
    call = in_state(config, "asked what is wanted", others(config, "en"))
    actions = call.handle(Heard("français", 1.0))
    assert spoken(actions) == ["fr"] and reasons(actions) == ["topic"]
    assert Note("transfer", {"reason": "topic", "topic": "language"}) in actions


def test_the_language_that_is_spoken_already_is_no_change(config: Config) -> None:
    call = in_state(config, "asked for the order number", others(config, "en", "fr"))
    actions = call.handle(Heard("in english please", 1.0))
    assert (spoken(actions), said(actions)) == ([], ["ask_order_number"])


def test_an_unsure_utterance_changes_nothing_but_leads_to_a_person(config: Config) -> None:
    call = in_state(config, "asked what is wanted", others(config, "en", "fr"))
    assert reasons(call.handle(Heard("français", 0.3))) == ["low_confidence"]


def test_the_greeting_offers_the_other_languages_in_their_own_words_and_their_keys_change_it(config: Config) -> None:
    call = new_call(config, "fr", languages=others(config, "en", "fr", en="2"))
    first = call.handle(Started())
    assert [(each.prompt, each.language) for each in first if isinstance(each, Say)] == [
        ("greeting", None),
        ("other_language", "en"),
    ]
    assert "press 2" in config.texts["en"].text("other_language", {"key": "2"})
    actions = call.handle(Pressed("2"))
    assert Hush() in actions and spoken(actions) == ["en"] and said(actions) == ["greeting"]
    call.handle(Played())
    assert said(call.handle(Heard("where is my order", 1.0))) == ["ask_order_number"]


def test_a_key_that_is_a_digit_of_a_number_changes_no_language(config: Config) -> None:
    call: Call = in_state(config, "asked for the order number", others(config, "en", "fr", fr="2"))
    assert spoken(after(call, [Pressed("2")])) == []


@pytest.mark.parametrize(
    ("also", "says"), [('{cs: "2", fr: "2"}', "key of its own"), ('{xx: "2"}', "'xx'"), ('{fr: "0"}', "pattern")]
)
def test_a_line_that_offers_languages_wrongly_is_a_mistake(tmp_path: Path, also: str, says: str) -> None:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / "config" / "ivr.yaml"
    path.write_text(path.read_text().replace("{language: en}", f"{{language: en, also: {also}}}"))
    with pytest.raises(ConfigError, match=says) as caught:
        load(tmp_path)
    assert "config/ivr.yaml:" in str(caught.value)
