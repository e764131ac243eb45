"""What is done with the first utterance of a call: requests that must be handled, near misses that must not begin."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ivr.accuracy import one_word_off
from ivr.accuracy.first_utterances import Label, Outcome, known_intents, outcome, table, verdict
from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.one_word_off import changed_phrases
from ivr.accuracy.recognition import Judged, Recording, read_labelled
from ivr.accuracy.understanding import without_keywords
from ivr.call.plan import Bands, Plan
from ivr.cli import ivr
from ivr.config import Config, load
from ivr.grammar import PERSON, Expecting, Meaning
from ivr.speech.vosk_again import likeness
from tests.conftest import ROOT
from tests.wav import write_wav

SILENCE = np.zeros(800, np.int16)
SURE, UNSURE, DOUBTFUL = 0.9, 0.6, 0.2
TRANSCRIPTS = ("where is my order", "cancel the subscription", "close the window now", "yes")


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT)


@pytest.fixture(scope="module")
def plan(config: Config) -> Plan:
    return replace(config.plans["en"], bands=Bands(accept=0.75, confirm=0.5))


def of(plan: Plan, wanted: str, taken_for: str | None, sure: float, kind: str = "") -> Outcome:
    return outcome(plan, Label(frozenset(wanted.split()), kind), Meaning(taken_for, 1.0, 1.0), sure)


@pytest.mark.parametrize(
    ("wanted", "taken_for", "sure", "expected"),
    [
        ("order_status", "order_status", SURE, "handled"),
        ("order_status parcel_tracking", "parcel_tracking", SURE, "handled"),
        ("order_status", "order_status", UNSURE, "asked_back"),
        ("order_status", "order_status", DOUBTFUL, "rejected"),
        ("order_status", "cancel_order", SURE, "wrong"),
        ("order_status", "cancel_order", UNSURE, "wrong_asked_back"),
        ("order_status", "language_ko", SURE, "wrong"),
        ("order_status", None, 0.0, "rejected"),
        ("order_status", PERSON, SURE, "rejected"),  # towards a person is never wrong
        ("order_status", "refund", SURE, "rejected"),  # a subject for people only
        (PERSON, PERSON, DOUBTFUL, "handled"),
        ("refund", "refund", UNSURE, "handled"),
        ("repeat", "repeat", SURE, "handled"),
        ("repeat", "repeat", UNSURE, "rejected"),  # only requests are asked back
        ("", "cancel_order", SURE, "begun"),
        ("", "cancel_order", UNSURE, "asked_back"),
        ("", "cancel_order", DOUBTFUL, "left_alone"),
        ("", "refund", SURE, "left_alone"),
        ("", PERSON, SURE, "left_alone"),
        ("", "hello", SURE, "left_alone"),
        ("", None, 0.0, "left_alone"),
    ],
)
def test_each_utterance_counts_in_one_way_only(
    plan: Plan, wanted: str, taken_for: str | None, sure: float, expected: str
) -> None:
    assert verdict(plan, of(plan, wanted, taken_for, sure)) == expected


def test_changes_begun_are_counted_apart_from_what_only_reads(plan: Plan) -> None:
    taken = [("cancel_order", SURE), ("order_status", SURE), ("invoice", UNSURE), (PERSON, SURE)]
    found = table(plan, [of(plan, "", *each) for each in taken])
    assert (found["near_misses"], found["in_grammar"], found["handled"]) == (4, 0, None)
    assert (found["begun"], found["begun_changes"], found["begun_others"]) == (0.5, 0.25, 0.25)
    assert (found["asked_back_near_misses"], found["asked_back_changes"]) == (0.25, 0.25)


def test_each_kind_has_figures_of_its_own(plan: Plan) -> None:
    found = table(plan, [of(plan, "", "invoice", SURE, "refusal"), of(plan, "", None, 0.0, "past")])
    assert {kind: each["begun"] for kind, each in found["by_kind"].items()} == {"past": 0.0, "refusal": 1.0}


def test_recordings_are_labelled_with_intents_that_exist(tmp_path: Path, config: Config) -> None:
    write_wav(tmp_path / "a.wav", SILENCE)
    manifest = tmp_path / "list.csv"
    known = known_intents(config.grammars["en"], config.plans["en"])
    manifest.write_text("path,speaker,transcript,intent,kind\na.wav,x,Talk to me!,person,\na.wav,x,no,,refusal\n")
    labels = [label for _, label in read_labelled(manifest, known)]
    assert labels == [Label(frozenset({PERSON})), Label(frozenset(), "refusal")]
    for text, why in (("a.wav,x,no", "no column intent"), ("a.wav,x,no,cancel_everything", "cancel_everything")):
        manifest.write_text(f"path,speaker,transcript{',intent' * (text.count(',') == 3)}\n{text}\n")
        with pytest.raises(LabelledDataError, match=why):
            read_labelled(manifest, known)


@pytest.mark.parametrize("change", ["drop", "replace"])
def test_every_phrase_differs_from_what_is_said_by_one_word(change: one_word_off.Change) -> None:
    found = changed_phrases(TRANSCRIPTS, change)
    assert set(found) == {each for each in TRANSCRIPTS if " " in each}
    assert found == changed_phrases(TRANSCRIPTS, change)
    for transcript, phrase in found.items():
        said, words = transcript.split(), phrase.split()
        if change == "drop":
            assert any(words == said[:at] + said[at + 1 :] for at in range(len(said)))
        else:
            [(before, after)] = [pair for pair in zip(said, words, strict=True) if pair[0] != pair[1]]
            assert likeness(before, after) <= 0.5
            assert after in " ".join(TRANSCRIPTS).split()


def test_a_changed_phrase_is_never_something_that_is_said() -> None:
    assert changed_phrases(("open it", "open it now"), "drop")["open it now"] != "open it"
    with pytest.raises(LabelledDataError, match="two words"):
        changed_phrases(("yes", "no"), "drop")


def test_all_that_is_taken_for_a_phrase_one_word_off_is_counted() -> None:
    recording = Recording(SILENCE, "open the door", "one", "")
    judged = [Judged(recording, "", found, sure) for found, sure in (("a", SURE), ("a", UNSURE), ("a", 0.1), ("", 0.0))]
    found = one_word_off.table(judged, Bands(accept=0.75, confirm=0.5))
    assert found == {"utterances": 4, "accepted": 0.25, "asked_back": 0.25, "rejected": 0.5}


def test_without_keywords_a_wish_for_a_person_is_still_recognised(config: Config) -> None:
    grammar = without_keywords(config.grammars["en"])
    assert {each.intent for each in grammar.keywords} == {PERSON}
    assert grammar.understand("can somebody ring me back please", Expecting("request")).intent == PERSON


def test_sentences_with_our_own_intents_need_no_map(tmp_path: Path) -> None:
    rows = 'where is my order,order_status,\n"I told my neighbour about your hours, they laughed",,report\n'
    (tmp_path / "said.csv").write_text("utterance,intent,kind\n" + rows)
    result = CliRunner().invoke(ivr, ["evaluate", "understanding", str(tmp_path / "said.csv"), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert (found["sentences"], found["in_grammar"], found["near_misses"], found["handled"]) == (2, 1, 1, 1.0)
    assert found["by_kind"]["report"]["begun_changes"] == 0.0
