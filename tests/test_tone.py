"""Tone: what is heard in a voice, what is never taken for one, and how the reading of a call moves."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.tone import Recording, auc, hear, listen, read_recordings, recall_at, scores
from ivr.speech.codec import decode_mulaw, encode_mulaw
from ivr.tone import (
    NAMES,
    CannotFit,
    Cues,
    Labelled,
    Sound,
    Tone,
    ToneFileError,
    UpsetWords,
    fit,
    numbers,
    read,
    text,
    weights,
)
from ivr.yaml_text import parse
from tests.wav import write_wav

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "config" / "tone.yaml"
WEIGHTS = weights(read(SHIPPED))
RATE = 8000
TIME = np.arange(2 * RATE) / RATE
NOISE = np.random.default_rng(7)
Samples = NDArray[np.int16]


def as_samples(wave: NDArray[np.float64]) -> Samples:
    return np.clip(wave, -32767, 32767).astype(np.int16)


def voice(pitch: float = 130.0, gain: float = 1.0, seed: int = 1) -> Samples:
    """Something with the cues of speech: syllables, a moving pitch, formants that move, a little breath."""
    chance = np.random.default_rng(seed)
    melody = pitch * (1 + 0.15 * np.sin(2 * np.pi * 1.3 * TIME) + 0.05 * np.sin(2 * np.pi * 4.1 * TIME))
    phase = 2 * np.pi * np.cumsum(melody) / RATE
    formant = 550 + 250 * np.sin(2 * np.pi * 3.1 * TIME)
    wave = sum(
        np.sin(k * phase)
        / k
        * (0.2 + np.exp(-(((k * melody - formant) / 250) ** 2)) + np.exp(-(((k * melody - 3 * formant) / 400) ** 2)))
        for k in range(1, 18)
    )
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 3.7 * TIME)
    return as_samples(gain * 4000 * syllables * wave + gain * chance.normal(0, 60, len(TIME)))


def tones(*hertz: float, level: float = 6000.0) -> Samples:
    return as_samples(sum(level * np.sin(2 * np.pi * each * TIME) for each in hertz))


def sound_of(samples: Samples, frame: int = 160) -> Sound | None:
    cues = Cues()
    for start in range(0, len(samples), frame):
        cues.hear(samples[start : start + frame])
    sound = cues.finish()
    return sound if isinstance(sound, Sound) else None


def calm_sound(**away: float) -> Sound:
    """A sound at the population's calm; ``away``: cues moved by that many spreads towards upset."""
    values = WEIGHTS.calm.copy()
    for name, spreads in away.items():
        place = NAMES.index(name)
        values[place] += spreads * WEIGHTS.spread[place] * np.sign(WEIGHTS.weight[place])
    return Sound(**dict(zip(NAMES, values.tolist(), strict=True)), level=90.0, overlap=0.0, voiced_ms=1500)


def barks() -> Samples:
    """Four bursts of falling harmonics and noise."""
    time = np.arange(1600) / RATE
    phase = 2 * np.pi * np.cumsum(350 + 500 * np.exp(-6 * time)) / RATE
    burst = sum(np.sin(k * phase) / k for k in range(1, 7)) + np.random.default_rng(2).normal(0, 0.5, 1600)
    return np.tile(np.pad(as_samples(9000 * np.exp(-(((time - 0.05) / 0.06) ** 2)) * burst), (0, 2400)), 4)


UPSET_CUES = dict.fromkeys(("brightness", "harmonicity", "peakedness", "ripple", "opening", "decay"), 1.5)
UPSET = calm_sound(**UPSET_CUES)
CALM = calm_sound()


def dialled(on_ms: int, off_ms: int, high: float = 1.0) -> Samples:
    """Sixteen keys as a machine presses them; ``high``: level of the higher tone over the lower."""
    time, pause = np.arange(on_ms * 8) / RATE, np.zeros(off_ms * 8)
    pairs = [(low, row) for low in (697, 770, 852, 941) for row in (1477, 1209, 1633, 1336)]
    keys = [np.sin(2 * np.pi * low * time) + high * np.sin(2 * np.pi * row * time) for low, row in pairs]
    return as_samples(6000 * np.concatenate([part for key in keys for part in (key, pause)]))


def modem(low_hz: float, high_hz: float) -> Samples:
    """Three hundred bits a second, as a fax sends them before its picture (ITU-T V.21)."""
    bits = np.repeat(np.random.default_rng(4).integers(0, 2, 600), RATE // 300)
    return as_samples(8000 * np.sin(2 * np.pi * np.cumsum(np.where(bits, high_hz, low_hz)) / RATE))


def siren(turns_a_second: float) -> Samples:
    return as_samples(
        8000 * np.sin(2 * np.pi * np.cumsum(900 + 400 * np.sin(2 * np.pi * turns_a_second * TIME)) / RATE)
    )


BAD = {
    "nothing": np.zeros(0, np.int16),
    "silence": np.zeros(16_000, np.int16),
    "a single frame": voice()[:160],
    "one window": voice()[:320],
    "line noise": as_samples(NOISE.normal(0, 30, 16_000)),
    "noise": as_samples(NOISE.normal(0, 3000, 16_000)),
    "full-scale noise": as_samples(NOISE.uniform(-40_000, 40_000, 16_000)),
    "direct current": np.full(16_000, 12_000, np.int16),
    "keys": tones(770, 1336),
    "fax": tones(1100),
    "fax answer": tones(2100),
    "dial tone": tones(350, 440),
    "music": np.concatenate([tones(note, 2 * note, 3 * note, level=2500)[:3000] for note in (262, 330, 392, 523, 392)]),
    "chords": np.concatenate([tones(note, note * 1.26, note * 1.5, level=3000)[:8000] for note in (262, 349)]),
    "a square wave": as_samples(40_000 * np.sign(np.sin(2 * np.pi * 150 * TIME))),
    "keys of a machine": dialled(50, 50),
    "hurried keys": dialled(80, 80, high=0.6),
    "slow keys": dialled(200, 100),
    "fax before its picture": modem(980, 1180),
    "fax's answer": modem(1650, 1850),
    "ringing": np.tile(np.append(tones(440, 480)[:8000], np.zeros(8000, np.int16)), 2),
    "busy": np.tile(np.append(tones(425)[:4000], np.zeros(4000, np.int16)), 3),
    "no such number": np.concatenate([tones(each)[:2640] for each in (950, 1400, 1800)] * 3),
    "slow siren": siren(0.3),
    "siren": siren(3.0),
    "whistle up and down": as_samples(8000 * np.sin(2 * np.pi * np.cumsum(300 + 2700 * (TIME % 1)) / RATE)),
    "clicks": as_samples(np.where(np.arange(16_000) % 4000 == 0, 30_000, 0).astype(float)),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("gain", [0.05, 1.0, 8.0])
def test_what_is_no_voice_gives_unknown(name: str, gain: float) -> None:
    samples = as_samples(gain * BAD[name].astype(float))
    assert sound_of(samples) is None
    assert sound_of(decode_mulaw(encode_mulaw(samples))) is None
    assert sound_of(decode_mulaw(encode_mulaw(samples[: len(samples) // 2]))) is None


def test_what_is_no_voice_is_never_a_transfer() -> None:
    tone = Tone(WEIGHTS)
    for samples in BAD.values():
        assert tone.hear(sound_of(samples)).upset is None
    for _ in range(20):
        tone.behave("sighing_silence")
    assert not tone.transfer


@pytest.mark.parametrize("heard", [voice(pitch=330), voice(pitch=420), barks()], ids=["child", "small child", "dog"])
def test_a_child_or_a_dog_is_never_a_transfer(heard: Samples) -> None:
    tone = Tone(WEIGHTS)
    for _ in range(6):
        tone.hear(sound_of(heard))
    assert not tone.offer


def test_one_raised_utterance_fades() -> None:
    tone = Tone(WEIGHTS)
    tone.hear(CALM)
    high = tone.hear(UPSET).upset or 0
    for _ in range(6):
        tone.hear(CALM)
    assert (tone.reading.upset or 0) < high / 2


def test_any_length_of_audio_is_taken_without_an_exception() -> None:
    for length in (1, 7, 79, 319, 321, 399, 400, 3199, 3201):
        sound_of(voice()[:length], frame=length)


def test_noise_of_any_colour_is_taken_without_an_exception() -> None:
    for seed in range(20):
        chance = np.random.default_rng(seed)
        wave = np.convolve(chance.normal(0, 1, 8000), chance.normal(0, 1, 40), "same")
        sound = sound_of(as_samples(wave * chance.uniform(10, 20_000)))
        assert sound is None or np.isfinite(np.nan_to_num(numbers(sound))).all()


def test_a_voice_has_all_cues() -> None:
    sound = sound_of(voice(pitch=130))
    assert sound is not None
    assert 100 * 2 ** (sound.pitch / 12) == pytest.approx(130, rel=0.08)
    assert sound.voiced_ms > 800


def test_gain_does_not_matter() -> None:
    quiet, loud = sound_of(voice(gain=0.4)), sound_of(voice(gain=1.6))
    assert quiet and loud
    assert WEIGHTS.score(numbers(quiet))[0] == pytest.approx(WEIGHTS.score(numbers(loud))[0], abs=0.3)
    assert loud.level - quiet.level == pytest.approx(12.0, abs=0.5)


def test_how_the_audio_is_cut_does_not_matter() -> None:
    whole, cut = sound_of(voice(), frame=16_000), sound_of(voice(), frame=93)
    assert whole and cut
    assert np.allclose(numbers(whole), numbers(cut), equal_nan=True)


def test_where_the_caller_pauses_does_not_matter() -> None:
    cues, samples = Cues(), np.tile(voice(), 3)
    for start in range(0, len(samples), 160):
        cues.hear(samples[start : start + 160], quiet_ms=start % 4000)
    pausing, whole = cues.finish(), sound_of(samples, frame=len(samples))
    assert isinstance(pausing, Sound) and whole
    assert np.allclose(numbers(pausing), numbers(whole), equal_nan=True)


def test_an_offset_does_not_matter() -> None:
    plain, shifted = sound_of(voice()), sound_of(as_samples(voice() + 3000.0))
    assert plain and shifted
    assert np.allclose(numbers(plain), numbers(shifted), atol=0.05, equal_nan=True)


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_how_much_silence_is_around_the_words_does_not_matter(seconds: float) -> None:
    def among(silence_s: float) -> Sound | None:
        quiet = np.random.default_rng(5).normal(0, 20, int(silence_s * RATE))
        return sound_of(np.concatenate([as_samples(quiet), voice(), as_samples(quiet)]))

    few, many = among(0.3), among(seconds)
    assert few and many
    assert WEIGHTS.score(numbers(few))[0] == pytest.approx(WEIGHTS.score(numbers(many))[0], abs=0.3)


def test_a_voice_stands_further_above_a_quieter_line() -> None:
    hiss = np.random.default_rng(6).normal(0, 1, 8000)
    clear, noisy = (sound_of(np.concatenate([as_samples(level * hiss), voice()])) for level in (30, 200))
    assert clear and noisy
    assert clear.above_noise > noisy.above_noise + 10


def test_a_line_on_which_nothing_is_sent_between_words_is_no_quiet_line() -> None:
    hiss = np.random.default_rng(6).normal(0, 200, 8000)
    noisy = np.concatenate([as_samples(hiss), voice()])
    open_line, cut_off = sound_of(noisy), sound_of(np.concatenate([noisy, np.zeros(4000, np.int16)]))
    assert open_line and cut_off
    assert cut_off.above_noise == pytest.approx(open_line.above_noise, abs=1.0)


def test_the_next_utterance_knows_nothing_of_the_one_before() -> None:
    cues = Cues()
    cues.hear(voice(pitch=250), over_prompt=True)
    assert isinstance(cues.finish(), Sound)
    cues.hear(voice())
    second, alone = cues.finish(), sound_of(voice(), frame=16_000)
    assert isinstance(second, Sound) and alone
    assert second.overlap == 0
    assert np.array_equal(numbers(second), numbers(alone), equal_nan=True)


def test_speaking_over_our_prompt_is_noted() -> None:
    cues = Cues()
    cues.hear(voice()[:8000], over_prompt=True)
    cues.hear(voice()[8000:])
    sound = cues.finish()
    assert isinstance(sound, Sound)
    assert sound.overlap == 0.5


def test_nothing_heard_is_unknown() -> None:
    assert Tone(WEIGHTS).reading.upset is None


def test_two_upset_utterances_after_a_calm_one_put_the_caller_through() -> None:
    tone = Tone(WEIGHTS)
    assert not tone.transfer
    tone.hear(CALM)
    assert not tone.transfer
    for _ in range(2):
        tone.hear(UPSET)
    assert tone.transfer


def test_a_calm_call_never_does() -> None:
    tone = Tone(WEIGHTS)
    for _ in range(30):
        tone.hear(CALM, "where is my order")
        assert not tone.offer


def test_the_reading_rises_fast_and_falls_slowly() -> None:
    tone = Tone(WEIGHTS)
    tone.hear(CALM)
    before = tone.hear(CALM).upset or 0
    high = tone.hear(UPSET).upset or 0
    after = tone.hear(CALM).upset or 0
    assert high - before > high - after > 0


def test_a_caller_who_always_sounds_so_is_not_upset() -> None:
    used_to = Tone(WEIGHTS)
    somewhat = calm_sound(brightness=1.0, ripple=0.8)
    for _ in range(6):
        used_to.hear(somewhat)
    stranger = WEIGHTS.score(numbers(UPSET))[0] + WEIGHTS.stranger
    own = WEIGHTS.caller()
    for _ in range(6):
        own.learn(numbers(somewhat), 90.0, 1.0)
    assert WEIGHTS.score(numbers(UPSET), own)[0] + WEIGHTS.stranger / 7 < stranger - 0.5
    assert not used_to.transfer


def test_the_callers_own_voice_counts_more_the_more_was_heard() -> None:
    own, moved = WEIGHTS.caller(), numbers(calm_sound(brightness=1.0))
    shifts = []
    for _ in range(4):
        own.learn(moved, 90.0, 1.0)
        shifts.append(own.shift[NAMES.index("brightness")])
    assert shifts == sorted(shifts)
    assert 0 < shifts[0] < shifts[-1] < WEIGHTS.spread[NAMES.index("brightness")]


def test_another_voice_in_mid_call_is_not_upset_because_the_first_was_calmer_than_anybody() -> None:
    machine = calm_sound(harmonicity=-5.0, peakedness=-5.0, brightness=-5.0)
    tone = Tone(WEIGHTS)
    tone.hear(machine)
    for _ in range(3):
        tone.hear(CALM)
        assert not tone.offer


def test_a_second_try_counts_with_the_utterance_and_a_calm_one_hardly() -> None:
    once, again, calmly = Tone(WEIGHTS), Tone(WEIGHTS), Tone(WEIGHTS)
    somewhat = calm_sound(brightness=1.5, ripple=1.0, decay=1.0)
    once.hear(somewhat)
    assert "rephrased" in again.hear(somewhat, "the same", again=True).contributions
    assert (again.reading.upset or 0) > (once.reading.upset or 0)
    quiet = calm_sound(brightness=-1.0)
    for _ in range(8):
        calmly.hear(quiet, "the same", again=True)
        assert not calmly.offer


def test_a_second_try_without_voice_or_words_is_unknown() -> None:
    assert Tone(WEIGHTS).hear(None, "", again=True).upset is None


def test_a_complaint_counts_however_calmly_it_is_said() -> None:
    tone = Tone(WEIGHTS, UpsetWords({"complaint": ["ridiculous", "i am furious"]}))
    assert "said 'ridiculous'" in tone.hear(calm_sound(brightness=-2.0), "ridiculous i am furious").contributions
    assert tone.transfer


def test_louder_than_before_counts_and_louder_than_others_does_not() -> None:
    first, changed, same = Tone(WEIGHTS), Tone(WEIGHTS), Tone(WEIGHTS)
    assert not any("louder" in why for why in first.hear(replace(UPSET, level=120.0)).contributions)
    somewhat = calm_sound(brightness=1.5, ripple=1.0, decay=1.0)
    for tone, level in ((changed, 99.0), (same, 90.0)):
        tone.hear(CALM)
        tone.hear(replace(somewhat, level=level))
    assert changed.reading.upset > same.reading.upset  # type: ignore[operator]


def test_contributions_are_named() -> None:
    words = UpsetWords({"complaint": ["[this is] ridiculous"]})
    tone = Tone(WEIGHTS, words)
    tone.hear(CALM)
    reading = tone.hear(replace(UPSET, level=98.0), "this is ridiculous")
    assert "said 'this is ridiculous'" in reading.contributions
    tone = Tone(WEIGHTS)
    tone.behave("hammered_keys")
    assert tone.reading.contributions == ("hammered keys",)


def test_words_count_without_a_voice() -> None:
    words = UpsetWords({"swearing": ["damn"], "complaint": ["third time i call"]})
    tone = Tone(WEIGHTS, words)
    reading = tone.hear(None, "this is the third time I call, damn!")
    assert tone.transfer
    assert len(reading.contributions) == 2


def test_words_that_a_recogniser_finds_in_music_do_not_count() -> None:
    cues, tone = Cues(), Tone(WEIGHTS, UpsetWords({"complaint": ["this is ridiculous"]}))
    for _ in range(3):
        cues.hear(BAD["music"])
        assert tone.hear(cues.finish(), "this is ridiculous").upset is None


def test_a_phrase_that_was_probably_not_said_counts_only_within_other_words() -> None:
    tone = Tone(WEIGHTS, UpsetWords({"swearing": ["damn"]}))
    assert tone.hear(CALM, "Damn!", confidence=0.1).contributions == ()
    assert tone.hear(CALM, "damn, my order was never sent", confidence=0.1).contributions == ("said 'damn'",)


def test_words_are_found_as_whole_words_only() -> None:
    words = UpsetWords({"swearing": ["hell", "what the hell"]})
    assert [found.phrase for found in words.find("hello, what the hell")] == ["what the hell"]


@pytest.mark.parametrize("language", ["en", "fr", "cs", "ko"])
def test_the_shipped_phrases_can_be_read_and_have_known_classes(language: str) -> None:
    file = parse((ROOT / "config" / "upset" / f"{language}.yaml").read_text(encoding="utf-8"))[0]
    assert file["language"] == language
    assert set(file["upset"]) <= set(WEIGHTS.words)
    words = UpsetWords(file["upset"], file.get("rules"))
    assert words.phrases
    assert all(words.find(phrase) for phrase in words.phrases)


def test_a_tone_file_written_is_read_back() -> None:
    file = read(SHIPPED)
    written = text(file, "a test")
    assert written.startswith("# a test")
    path = Path(__file__).parent / "nowhere.yaml"
    with pytest.raises(ToneFileError, match="cannot be read"):
        read(path)


def test_a_wrong_tone_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    file = read(SHIPPED)
    path = tmp_path / "tone.yaml"
    path.write_text(text(file, "").replace("swearing: ", "swearing: -"), encoding="utf-8")
    with pytest.raises(ToneFileError, match="towards a person"):
        read(path)
    path.write_text(text(file, ""), encoding="utf-8")
    assert weights(read(path)).prior == WEIGHTS.prior


def synthetic(seed: int = 3, count: int = 240) -> Labelled:
    chance = np.random.default_rng(seed)
    angry = np.arange(count) % 2 == 0
    values = chance.normal(0, 1, (count, len(NAMES)))
    values[:, NAMES.index("opening")] += 1.5 * angry
    speakers = np.array([f"s{number % 12}" for number in range(count)])
    return Labelled(values, np.full(count, 1000.0), angry, np.full(count, "made"), speakers, np.full(count, ""))


def test_a_fit_finds_what_tells_upset_from_calm() -> None:
    from ivr.accuracy.tone_fit import refit

    before, unseen = read(SHIPPED), synthetic(seed=4)
    after, report = refit(before, synthetic())
    assert after.cues["opening"].weight > 0.5
    assert report["auc"]["made"]["after"] > 0.75
    old, new = (auc(scores(weights(file), unseen), unseen.angry) for file in (before, after))
    assert new > old + 0.1  # type: ignore[operator]


def test_a_fit_needs_both_kinds() -> None:
    data = synthetic()
    with pytest.raises(CannotFit, match="at least 10"):
        fit(data[data.angry])


def test_auc_and_recall() -> None:
    angry = np.array([True, True, False, False])
    assert auc(np.array([2.0, 3.0, 0.0, 1.0]), angry) == 1.0
    assert auc(np.array([1.0, 1.0, 1.0, 1.0]), angry) == 0.5
    assert auc(np.array([0.0, 2.0, 1.0, 3.0]), angry) == 0.25
    assert recall_at(np.array([2.0, 0.5, 0.0, 1.0]), angry, 0.02) == 0.5


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("file;tone\na.wav;angry\n", encoding="utf-8")
    with pytest.raises(LabelledDataError, match="no column path"):
        read_recordings(table)
    table.write_text("path,tone\n", encoding="utf-8")
    with pytest.raises(LabelledDataError, match="no rows"):
        read_recordings(table)
    (tmp_path / "a.wav").write_bytes(b"no audio")
    with pytest.raises(LabelledDataError, match=r"a\.wav: not a WAV file"):
        listen(Recording(tmp_path / "a.wav", "", False, "", "x"))


def test_every_row_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "here.wav").write_bytes(b"")
    table = tmp_path / "table.csv"
    table.write_text("path,tone\nhere.wav,cross\nhere.wav\n,angry\ngone.wav,angry\nhere.wav,angry\n", encoding="utf-8")
    with pytest.raises(LabelledDataError) as refused:
        read_recordings(table)
    lines = str(refused.value).splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == ["line 2", "line 3", "line 4", "line 5"]
    assert "cross" in lines[0]
    assert "gone.wav" in lines[3]


def test_a_recording_in_stereo_that_was_cut_off_is_heard(tmp_path: Path) -> None:
    import wave

    path = tmp_path / "cut.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(np.repeat(voice(), 2).tobytes())
    path.write_bytes(path.read_bytes()[:-2])
    assert listen(Recording(path, "", False, "", "x")) is not None


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    table = tmp_path / "table.csv"
    table.write_text("path,tone,speaker\r\na.wav,Angry ,ann\r\n", encoding="utf-8-sig")
    assert read_recordings(table) == [Recording(tmp_path / "a.wav", "ann", True, "", "table")]


def test_angry_people_stand_out_of_calm_ones(recordings: Path) -> None:
    table = recordings / "tone" / "manifest.csv"
    if not table.is_file():
        pytest.skip(f"no {table}")
    some = hear(read_recordings(table)[::5])
    for group, floor in (("ravdess", 0.82), ("emospeech", 0.78)):
        here = some.group == group
        assert (auc(scores(WEIGHTS, some)[here], some.angry[here]) or 0) > floor


def test_the_commands_judge_and_fit_recordings(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from ivr.cli.evaluate_tone import tone as evaluate
    from ivr.cli.tone import fit_command

    rows = ["path,speaker,tone,set,emotion"]
    for number in range(24):
        angry = number % 2 == 0
        write_wav(tmp_path / f"{number}.wav", voice(pitch=230 if angry else 120, seed=number)[:8000])
        rows.append(f"{number}.wav,s{number % 4},{'angry' if angry else 'not_angry'},made,")
    table, output = tmp_path / "table.csv", tmp_path / "tone.yaml"
    table.write_text("\n".join(rows), encoding="utf-8")
    fitted = CliRunner().invoke(fit_command, [str(table), "--tone-file", str(SHIPPED), "--output", str(output)])
    assert fitted.exit_code == 0, fitted.output
    assert "written to" in fitted.output
    judged = CliRunner().invoke(evaluate, [str(table), "--tone-file", str(output), "--json"])
    assert judged.exit_code == 0, judged.output
    assert json.loads(judged.stdout)["sets"]["made"]["auc"] > 0.9
