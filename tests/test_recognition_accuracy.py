"""``ivr evaluate recognition``: what its numbers mean, and the fit of the confidence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.recognition import (
    Judged,
    Recording,
    calibration_error,
    evaluate,
    grammar_of,
    read_digit_strings,
    read_phrases,
    read_recordings,
    table,
)
from ivr.accuracy.recognition_fit import fit, numbers, other_grammars
from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.call.policy import decide
from ivr.grammar import DigitWords, Expecting, Vocabulary
from ivr.speech.recogniser import Recogniser, Samples
from ivr.speech.vosk_again import (
    Judgement,
    Once,
    Phrases,
    Twice,
    accounted,
    judge,
    judge_again,
    likeness,
    probability,
    unverified,
    wholeness,
    worth_another,
)
from ivr.speech.whisper_judging import Evidence, NumberEvidence, Reading
from tests.wav import write_wav

SILENCE = np.zeros(800, np.int16)
BANDS = Bands(accept=0.75, confirm=0.5)


class Parrot:
    """A model, and its recogniser: says what it was told, whatever it hears."""

    name = "parrot"

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def listen(self, vocabulary: Vocabulary) -> Recogniser:
        return self

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        return ""

    def finish(self) -> Heard:
        return self._heard

    def drop(self) -> None:
        """Nothing was begun."""


def judged(wanted: str, found: str, confidence: float, speaker: str = "one") -> Judged:
    return Judged(Recording(SILENCE, wanted, speaker, wanted), found, found, confidence)


def test_each_recording_counts_in_one_way_only() -> None:
    found = table(
        [
            judged("open", "open", 0.9),
            judged("open", "close", 0.9),
            judged("open", "open", 0.6),
            judged("open", "", 0.0),
            judged("", "open", 0.8),
            judged("", "open", 0.2),
        ],
        BANDS,
    )
    assert (found["handled"], found["wrong"], found["asked_back_right"], found["rejected"]) == (0.25,) * 4
    assert found["accepted"] == 0.5
    assert (found["in_grammar"], found["out_of_grammar"]) == (4, 2)


def test_confidence_that_means_what_it_says_has_no_calibration_error() -> None:
    assert calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)]) == 0.0
    assert calibration_error([(1.0, False), (1.0, False)]) == 1.0
    assert calibration_error([]) is None


def test_recordings_are_in_or_out_of_the_grammar_by_their_transcript(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", SILENCE)
    (tmp_path / "list.csv").write_text("path,speaker,transcript\na.wav,one,Open it!\na.wav,two,Leave it.\n")
    (tmp_path / "phrases.txt").write_text("open it\n\nOpen it.\n")
    phrases = read_phrases(tmp_path / "phrases.txt")
    assert phrases == ("open it",)
    assert [each.wanted for each in read_recordings(tmp_path / "list.csv", phrases)] == ["open it", ""]


def test_digits_of_one_speaker_become_numbers(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", SILENCE)
    rows = "".join(f"a.wav,{speaker},{word}\n" for word in ("one", "two", "one") for speaker in ("x", "y"))
    (tmp_path / "list.csv").write_text("path,speaker,transcript\n" + rows)
    strings = read_digit_strings(tmp_path / "list.csv", DigitWords(digits={"one": "1", "two": "2"}), 2)
    assert [(each.speaker, each.wanted) for each in strings] == [("x", "12"), ("y", "12")]


def test_numbers_count_as_they_are_and_what_is_no_number_is_outside(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", SILENCE)
    rows = "".join(f"a.wav,x,{text}\n" for text in ("one two", "my order", "one two one", "two one"))
    (tmp_path / "list.csv").write_text("path,speaker,transcript\n" + rows)
    strings = read_digit_strings(tmp_path / "list.csv", DigitWords(digits={"one": "1", "two": "2"}), 2)
    assert [(each.transcript, each.wanted) for each in strings] == [
        ("one two", "12"),
        ("my order", ""),
        ("two one", "21"),
    ]


@pytest.mark.parametrize("text", ["path,speaker\na.wav,one\n", "path,speaker,transcript\nnone.wav,one,open\n"])
def test_a_list_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(LabelledDataError):
        read_recordings(tmp_path / "list.csv", ("open",))


def test_what_was_heard_is_understood_as_in_a_call() -> None:
    grammar = grammar_of("en", ("open the door", "close the window"), DigitWords())
    recording = Recording(SILENCE, "open the door", "one", "open the door")
    [each] = evaluate(Parrot(Heard("open the door", 0.9)), grammar, Expecting("request"), [recording])
    assert (each.found, each.confidence, each.right) == ("open the door", 0.9, True)


PHRASES = Phrases(("open the door", "close the window", "play some music"))


def heard_twice(first: str, second: str) -> Judgement:
    once = Heard(first, 1.0)
    return judge_again(judge(once, 1.0, PHRASES), once, (second, second), PHRASES)


def test_the_same_phrase_in_both_hearings_is_believed_and_mixtures_are_not() -> None:
    same = heard_twice("a pen the door", "open the door").heard
    assert same.text == "open the door"
    assert same.confidence > 0.9
    mixed = heard_twice("a pen and door", "play the the window").heard
    assert mixed.text == "a pen and door"
    assert mixed.confidence < 0.5


def test_what_is_clear_at_first_is_heard_again_too_and_what_is_hopeless_is_not() -> None:
    for evidence, worth in ((Once(1.0, 0.3), True), (Once(0.6, 0.1), True), (Once(0.4, 0.02), False)):
        judged_once = Judgement(Heard("", probability(evidence)), "open the door", evidence)
        assert worth_another(judged_once, PHRASES) == worth, evidence


def test_nothing_is_acted_upon_that_was_heard_only_once() -> None:
    sure = judge(Heard("open the door", 1.0), 1.0, PHRASES)
    assert sure.heard.confidence > 0.9
    assert decide(BANDS, unverified(sure).confidence, unsure_before=False) == "confirm"
    assert unverified(heard_twice("a pen and door", "play the the window")).confidence < 0.5


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        (
            "please do not open the back door of the old garden house",
            "please do open the back door of the old garden house",
        ),
        ("please open the back door of the old garden house", "please open the front door of the old garden house"),
        ("please open the back door of the old garden house", "please open the back door of the old garden house now"),
    ],
)
def test_a_word_that_differs_costs_the_belief_in_a_long_phrase_though_nearly_all_letters_agree(
    said: str, phrase: str
) -> None:
    phrases = Phrases((phrase, "play some music"))
    once = Heard(phrase, 1.0)  # the first hearing has no other words
    judged_twice = judge_again(judge(once, 3.0, phrases), once, (said, said), phrases)
    assert likeness(said, phrase) > 0.9
    assert decide(BANDS, judged_twice.heard.confidence, unsure_before=False) != "accept"
    assert judged_twice.heard.free == said


def test_errors_of_a_letter_here_and_there_are_no_error_of_a_word() -> None:
    assert wholeness("open te bag door", "open the back door") >= 0.75
    assert wholeness("open the front door", "open the back door") < 0.5
    assert wholeness("open the door", "open the door") == 1.0
    assert wholeness("", "open the door") == 0.0


def test_a_word_that_the_phrase_does_not_hold_is_told_from_letters_that_were_misheard() -> None:
    assert accounted("open the bag door", "open the back door") == 1.0
    assert accounted("please do not open the door", "please open the door") <= 0.5
    assert accounted("open the", "open the door") == 1.0


def test_a_sentence_heard_without_an_error_is_believed_although_its_near_miss_is_in_the_grammar() -> None:
    phrases = Phrases(("please open the door", "please do not open the door"))
    for said in phrases.texts:
        once = Heard(said, 1.0)
        heard = judge_again(judge(once, 1.5, phrases), once, (said, said), phrases).heard
        assert heard.text == said
        assert decide(BANDS, heard.confidence, unsure_before=False) == "accept"


def test_words_of_anger_that_were_probably_not_said_are_not_worth_another_hearing() -> None:
    asides = Phrases(("open the door", "close the window", "play some music"), meanings=("", "close", "play"))
    for likely, doubtful in ((0.4, False), (0.6, True)):
        judged_once = Judgement(Heard("", likely), "open the door", Once(0.5, 0.08))
        assert worth_another(judged_once, asides) == doubtful
        assert worth_another(judged_once, PHRASES)


def test_a_short_phrase_is_heard_again_however_clear_it_is() -> None:
    phrases = Phrases(("go on", "play some music"))
    assert worth_another(judge(Heard("go on", 1.0), 0.5, phrases), phrases)


def test_a_phrase_drawn_out_longer_than_anybody_says_it_is_not_believed() -> None:
    spoken, hummed = (judge(Heard("open the door", 1.0), seconds, PHRASES) for seconds in (1.5, 2.5))
    assert spoken.heard.confidence > 0.9
    assert hummed.heard.confidence == 0.0
    assert not worth_another(hummed, PHRASES)


def test_phrases_of_one_meaning_cast_no_doubt_on_each_other() -> None:
    texts = ("track my order", "track the order", "tell me the hours")
    apart, together = Phrases(texts), Phrases(texts, meanings=("order", "order", "hours"))
    heard = Heard("track my order", 1.0)
    assert judge(heard, 1.0, together).heard.confidence > judge(heard, 1.0, apart).heard.confidence


def test_a_second_hearing_has_another_meaning_to_choose_from() -> None:
    many = [f"track my order {word}" for word in ("now", "please", "today", "here", "again", "soon", "once", "first")]
    phrases = Phrases([*many, "open the door"], meanings=["order"] * len(many) + ["door"])
    assert "open the door" in phrases.nearest("track my order", 8)


def test_nothing_is_near_when_there_are_no_phrases() -> None:
    assert judge(Heard("open", 1.0), 0.5, Phrases(())) == Judgement(Heard("open", 0.0))


def test_every_likeness_and_the_margin_can_only_add_to_the_belief() -> None:
    for doubtful in (Once(first=0.6, ahead=0.1), Twice(ahead=0.05, whole=0.5, accounted=0.5)):
        for name in doubtful.__slots__:
            assert probability(replace(doubtful, **{name: 1.0})) > probability(doubtful)


def test_korean_syllables_are_compared_by_their_letters() -> None:
    assert likeness("강", "각") > 0.5
    assert likeness("강", "두") == 0.0


def test_a_fit_finds_what_tells_right_from_wrong_in_each_hearing() -> None:
    random = np.random.default_rng(1)
    rows = []
    for at in range(200):
        right = at % 2 == 0
        first, again = np.clip(random.normal(0.85 if right else 0.5, 0.08, 2), 0, 1).tolist()
        before = Judgement(Heard("", 0.0), "open", Once(first, 0.3 if right else 0.1))
        twice = Judgement(Heard("", 0.0), "open", Twice(0.3, again, 1.0 if right else 0.2), before)
        rows.append(replace(judged("open" if right else "", "open", 0.5, f"speaker {at % 7}"), why=twice))
    found = fit(({}, rows))
    assert set(found) == {"once", "twice"}
    for kind in found.values():
        assert kind["recordings"] == 200
        assert kind["unseen_speakers_surely_wrong"] <= 0.01
        assert kind["unseen_speakers_surely_right"] >= 0.95


def test_a_fit_of_whisper_weighs_speech_inside_and_outside_alike_in_every_grammar() -> None:
    random = np.random.default_rng(1)
    rows = []
    for at in range(400):
        right = at % 8 == 0
        fits = float(random.normal(-0.3 if right else -1.6, 0.4))
        why = Reading(Heard("", 0.0), "", "open", Evidence(fits, 1.0, 1.0))
        rows.append(replace(judged("open" if right else "", "open", 0.5, f"speaker {at % 7}"), why=why))
    often, alike = fit(({}, rows)), fit(({}, rows), ({}, rows))
    assert alike["evidence"]["bias"] > often["evidence"]["bias"]
    assert alike["evidence"]["weights"][0] > 0


def test_numbers_have_weights_of_their_own_with_a_lead_and_without() -> None:
    random = np.random.default_rng(1)
    words = DigitWords(digits={"one": "1", "two": "2"})
    rows = []
    for at in range(400):
        said, heard = random.choice(["one two", "two one"], 2).tolist()
        fits, ahead = random.normal(-3, 1), random.normal(8 if said == heard else 2, 1)
        why = Reading(Heard("", 0.0), "", digits=(heard, NumberEvidence(fits, ahead if at % 2 else None)))
        rows.append(replace(judged(words.read(said)[0], "", 0.5, f"speaker {at % 7}"), why=why))
    found = fit((numbers(rows, words), rows))
    assert found["number"]["weights"][1] > 1 > abs(found["number"]["weights"][0])
    assert len(found["number alone"]["weights"]) == 1


def test_a_probability_is_fitted_with_few_phrases_and_with_many() -> None:
    phrases = tuple(f"phrase {number}" for number in range(50))
    shipped = grammar_of("en", ("where is my order", "advisor"), DigitWords())
    sizes = [len(grammar.sentences) for grammar in other_grammars(phrases, shipped)]
    assert sizes == [50, 25, 20, 27]


def test_phrases_that_are_one_word_off_are_fitted_as_what_was_not_said() -> None:
    phrases = tuple(f"phrase {number} again" for number in range(50))
    shipped = grammar_of("en", ("where is my order", "advisor"), DigitWords())
    _, _, _, dropped, replaced, beside, _ = other_grammars(phrases, shipped, ("drop", "replace"))
    assert dropped.sentences and not dropped.sentences.keys() & set(phrases)
    assert len(replaced.sentences) == 50 and not replaced.sentences.keys() & set(phrases)
    assert dropped.sentences.keys() | replaced.sentences.keys() < beside.sentences.keys()
    assert beside.sentences.keys() & set(phrases)


def test_a_fit_of_whisper_leaves_out_nothing_that_is_nearly_a_phrase() -> None:
    random = np.random.default_rng(1)
    rows = []
    for at in range(100):
        why = Reading(Heard("", 0.0), "", "minutes", Evidence(float(random.normal(-1, 0.4)), 1.0, 1.0))
        said = "minutes" if at % 2 else "minute"
        recording = replace(judged("minutes" if at % 2 else "", "minutes", 0.5, f"{at % 7}").recording, transcript=said)
        rows.append(replace(judged("", "", 0.5), recording=recording, why=why))
    assert fit(({}, rows))["evidence"]["recordings"] == 100


def test_a_fit_needs_something_to_fit() -> None:
    with pytest.raises(LabelledDataError, match="nothing to fit"):
        fit(({}, [judged("open", "open", 0.9)]))
    few = Judgement(Heard("open", 0.9), "open", Once(0.9, 0.3))
    with pytest.raises(LabelledDataError, match="too little"):
        fit(({}, [replace(judged("open", "open", 0.9), why=few)]))
