"""Templates, meanings and spoken digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.config import Config
from ivr.grammar import PERSON, Completeness, DigitWords, Expecting, TemplateError, expand, normalise

REQUEST, NUMBER, YES_NO = Expecting("request"), Expecting("digits", (5,)), Expecting("yes_no")


def test_a_template_stands_for_all_its_sentences() -> None:
    sentences = expand("(where is | track) my (order | parcel) [please]", {})
    assert len(sentences) == 8
    assert {"where is my order", "track my parcel please"} < set(sentences)


def test_rules_are_shared_and_may_use_each_other() -> None:
    assert expand("<a> home", {"a": "(go | <b>)", "b": "come"}) == ("go home", "come home")


@pytest.mark.parametrize(
    ("template", "rules", "says"),
    [
        ("(open", {}, "cannot be read"),
        ("[open", {}, "cannot be read"),
        ("<nothing> here", {}, "<nothing> is not defined"),
        ("<loop>", {"loop": "again <loop>"}, "contains itself"),
        (" ".join(["(a|b|c|d)"] * 12), {}, "split it"),
        ("[{number}] {apples}", {}, "beside its slot"),
        ("...", {}, "no words"),
    ],
)
def test_a_bad_template_says_what_is_wrong(template: str, rules: dict[str, str], says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        expand(template, rules)


def test_every_sentence_of_every_grammar_comes_back_as_its_intent(config: Config) -> None:
    for grammar in config.grammars.values():
        for sentence, intent in grammar.sentences.items():
            expecting = YES_NO if intent in ("yes", "no") else REQUEST
            meaning = grammar.understand(sentence, expecting)
            assert meaning.intent == (PERSON if grammar.asks_for_person(sentence) else intent), sentence


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to an advisor!",
        "Get me a human being, NOW.",
        "yes but where is... could I speak to someone please",
        "Representative. Representative!",
        "is there a real person",
        "operator",
    ],
)
@pytest.mark.parametrize("expecting", [REQUEST, NUMBER, YES_NO])
def test_human_phrases_win_anywhere_in_an_utterance(config: Config, text: str, expecting: Expecting) -> None:
    assert config.grammars["en"].understand(text, expecting).intent == PERSON


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four two seven one nine", "42719"),
        ("four two double seven oh", "42770"),
        ("triple one nine zero", "11190"),
        ("it's four two seven one nine", "42719"),
        ("42719", "42719"),
        ("4 2 7 1 9", "42719"),
    ],
)
def test_spoken_digits_are_read(config: Config, said: str, digits: str) -> None:
    assert config.grammars["en"].understand(said, NUMBER).digits == digits


def test_korean_digits_are_read(config: Config) -> None:
    assert config.grammars["ko"].understand("사 이 칠 일 구", NUMBER).digits == "42719"


@given(st.text(max_size=60))
def test_no_text_breaks_normalising_or_digits(text: str) -> None:
    words = normalise(text)
    assert words == normalise(words)
    digits, share = DigitWords({"one": "1"}, {"double": 2}).read(words)
    assert 0 <= share <= 1 and (digits == "" or digits.isdigit())


def test_a_sentence_that_nothing_can_extend_is_final(config: Config) -> None:
    grammar = config.grammars["en"]
    assert grammar.completeness("where is my order", REQUEST) is Completeness.COMPLETE  # "... please"
    assert grammar.completeness("where is my order please", REQUEST) is Completeness.FINAL
    assert grammar.completeness("where is my", REQUEST) is Completeness.OPEN
    assert grammar.completeness("four two seven one", NUMBER) is Completeness.OPEN
    assert grammar.completeness("four two seven one nine", NUMBER) is Completeness.FINAL


def test_speech_about_something_else_means_nothing(config: Config) -> None:
    for text in ("the quick brown fox", "add apples to my shopping list", "zebra"):
        assert config.grammars["en"].understand(text, REQUEST).intent is None


def test_the_human_phrases_are_in_every_vocabulary(config: Config) -> None:
    for grammar in config.grammars.values():
        human = {sentence for sentence, intent in grammar.sentences.items() if intent == PERSON}
        for expecting in (REQUEST, NUMBER, YES_NO):
            assert human <= set(grammar.vocabulary(expecting).phrases)


def test_a_decoy_is_no_word_that_callers_need(config: Config) -> None:
    for language, grammar in config.grammars.items():
        assert grammar.decoys, language
        needed = {word for sentence in (*grammar.sentences, *grammar.asides) for word in sentence.split()}
        assert not needed.union(grammar.digit_words.digits).intersection(grammar.decoys), language
