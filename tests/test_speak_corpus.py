"""A corpus spoken by the natural voice: recordings that are made once and measure what they should."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ivr.accuracy.first_utterances import Label
from ivr.accuracy.recognition import read_labelled
from ivr.accuracy.speak_corpus import SPEEDS, level_of_speech, speak, speed_of, write_manifest
from ivr.cli import ivr
from ivr.speech import models
from ivr.speech.codec import read_wav

pytest.importorskip("hibari")
ROWS = [
    {"utterance": "I already cancelled my order", "intent": "", "kind": "past"},
    {"utterance": "um, where is my order", "intent": "order_status", "kind": "rambling"},
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_manifest_is_read_with_its_labels(tmp_path: Path) -> None:
    assert write_manifest(speak(ROWS), tmp_path / "manifest.csv") == 2
    read = read_labelled(tmp_path / "manifest.csv", frozenset({"order_status"}))
    assert [label for _, label in read] == [Label(frozenset(), "past"), Label(frozenset({"order_status"}), "rambling")]
    assert [recording.transcript for recording, _ in read] == ["i already cancelled my order", "um where is my order"]
    assert all(8_000 < len(recording.samples) < 40_000 for recording, _ in read)


def test_a_recording_is_made_once_and_always_the_same(cache: Path) -> None:
    first, again = ([each.path for each in speak(ROWS)] for _ in range(2))
    assert first == again
    made = first[0].stat().st_mtime_ns, first[0].read_bytes()
    [anew] = speak(ROWS[:1])
    assert (anew.path.stat().st_mtime_ns, anew.path.read_bytes()) == made
    anew.path.unlink()
    [anew] = speak(ROWS[:1])
    assert anew.path.read_bytes() == made[1]


def test_babble_is_as_loud_as_wanted() -> None:
    def loudness(decibels: float) -> float:
        quiet, loud = read_wav(next(speak(ROWS)).path), read_wav(next(speak(ROWS, decibels)).path)
        others = loud.astype(float) - quiet
        return float(20 * np.log10(level_of_speech(quiet) / np.sqrt((others**2).mean())))

    assert loudness(10) == pytest.approx(10, abs=1)
    assert loudness(10) - loudness(5) == pytest.approx(5, abs=1)


def test_a_corpus_is_spoken_at_every_speed() -> None:
    spoken = {speed_of(f"sentence number {number}") for number in range(30)}
    assert spoken == set(SPEEDS)


def test_the_command_measures_a_manifest_with_the_shipped_grammar(tmp_path: Path) -> None:
    if models.whisper_model() is None:
        pytest.skip("no Whisper: pip install 'call-us-ivr[demo]'")
    manifest = tmp_path / "manifest.csv"
    write_manifest(speak(ROWS), manifest)
    table = ["evaluate", "recognition", str(manifest), "--json"]
    done = CliRunner().invoke(ivr, table)
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["in_grammar"], found["near_misses"]) == (1, 1)
    assert set(found["by_kind"]) == {"past", "rambling"}
    done = CliRunner().invoke(ivr, [*table, "--one-word-off", "drop"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["utterances"] == 2
    for options in (["--one-word-off", "drop", "--slot", "digits"], ["--fit"], ["--plot", "x.png"]):
        assert CliRunner().invoke(ivr, [*table, *options]).exit_code == 2
