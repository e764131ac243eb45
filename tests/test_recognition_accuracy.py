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
from ivr.accuracy.recognition_fit import fit
from ivr.call.events import Heard
from ivr.call.plan import Bands
from ivr.grammar import DigitWords, Expecting, Vocabulary
from ivr.speech.recogniser import Recogniser, Samples
from ivr.speech.vosk_again import Again, Evidence, Phrases, hear_again, likeness, probability
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


def test_the_same_phrase_in_every_hearing_is_believed_and_mixtures_are_not() -> None:
    phrases = Phrases(("open the door", "close the window", "play some music"))
    first = Heard("a pen and door", 1.0)
    same = hear_again(first, SILENCE, phrases, lambda among, audio, times: ["open the door"] * times)
    assert same.heard.text == "open the door"
    assert same.heard.confidence > 0.95
    mixed = hear_again(first, SILENCE, phrases, lambda among, audio, times: ["play the the window"] * times)
    assert mixed.heard.text == "a pen and door"
    assert mixed.heard.confidence < 0.5


def test_a_phrase_heard_clearly_at_once_is_not_heard_again() -> None:
    def never(among: object, audio: object, times: int) -> list[str]:
        raise AssertionError("heard again")

    phrases = Phrases(("open the door", "close the window", "play some music"))
    for text in ("open the door", "open a door"):
        assert hear_again(Heard(text, 1.0), SILENCE, phrases, never).heard.text == "open the door"


def test_every_likeness_and_the_margin_can_only_add_to_the_belief() -> None:
    doubtful = Evidence(first=0.5, many=0.6, few=0.7, adapted=0.7, ahead=0.5)
    for name in ("first", "many", "few", "adapted", "ahead"):
        assert probability(replace(doubtful, **{name: 1.0})) >= probability(doubtful)


def test_korean_syllables_are_compared_by_their_letters() -> None:
    assert likeness("강", "각") > 0.5
    assert likeness("강", "두") == 0.0


def test_a_fit_finds_what_tells_right_from_wrong() -> None:
    random = np.random.default_rng(1)
    evidence = []
    for at in range(200):
        right = at % 2 == 0
        values = np.clip(random.normal(0.85 if right else 0.5, 0.08, 4), 0, 1).tolist()
        again = Again(Heard("", 0.0), "open", Evidence(*values, ahead=1.0 if right else 0.2))
        evidence.append(replace(judged("open" if right else "", "open", 0.5, f"speaker {at % 7}"), why=again))
    found = fit(evidence)
    assert found["unseen_speakers_surely_wrong"] <= 0.01
    assert found["unseen_speakers_surely_right"] >= 0.95
    assert found["unseen_speakers_calibration_error"] <= 0.05


def test_too_little_to_fit_on_is_said() -> None:
    with pytest.raises(LabelledDataError, match="too little"):
        fit([judged("open", "open", 0.9)])
