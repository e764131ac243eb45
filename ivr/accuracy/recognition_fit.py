"""New weights for the confidence of Vosk or Whisper, and how good they are for speakers they never saw."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.one_word_off import Change, changed_phrases
from ivr.accuracy.recognition import Judged, calibration_error, grammar_of
from ivr.grammar import DigitWords, Grammar
from ivr.speech.vosk_again import Judgement, wholeness
from ivr.speech.whisper_judging import Reading

_RIDGE = 0.02  # keeps the weights finite where the classes are apart; likenesses have a spread of about 0.2
_STEPS = 50  # Newton's method needs about ten
_FEWEST = 50  # recordings: with fewer, six numbers mean nothing
_NEARLY = 0.75  # wholeness: "minute" for "minutes"

Floats = NDArray[np.float64]


def other_grammars(phrases: Sequence[str], shipped: Grammar, changes: Sequence[Change] = ()) -> list[Grammar]:
    """The phrases of two words or more, half of all, twenty, and half among all that the shipped grammar holds.

    A probability fitted with all of them means the same in a question with two answers and in an open one.
    ``changes``: one grammar more for each, of the phrases with a word changed so, and one in which those stand beside
    half of the phrases, as near misses do in the shipped ones.
    """
    chance = random.Random(1)  # noqa: S311  the same choice every time
    drawn = chance.sample(phrases, len(phrases) // 2), chance.sample(phrases, min(20, len(phrases) // 2))
    several = [phrase for phrase in phrases if " " in phrase]
    off = [list(changed_phrases(several, change).values()) for change in changes] if several else []
    beside = [[*drawn[0], *(phrase for each in off for phrase in each)]] if off else []
    some = [several, *drawn, *off, *beside]
    alone = [grammar_of(shipped.language, few, shipped.digit_words, shipped.decoys) for few in some if few]
    half = chance.sample(phrases, len(phrases) // 2)
    return [*alone, replace(alone[0], sentences={phrase: phrase for phrase in half} | dict(shipped.sentences))]


def fit(*heard: tuple[Mapping[str, str], Sequence[Judged]]) -> dict[str, Any]:
    """For each kind of evidence: weights and bias from all recordings, and how good those fitted without a speaker are.

    ``heard``: what the sentences of a grammar mean, and what was made of the recordings with it.  Where there are
    several, speech inside and outside each of them counts as much.  For Vosk, speech outside that is nearly a phrase
    is left out: a word's ending is below what it hears.  The speakers are put into two halves of about as many
    recordings; each half is judged by the weights of the other.  Raises LabelledDataError when there is too little to
    fit on.
    """
    rows: dict[str, list[_Row]] = {}
    for meaning, judged in heard:
        inside = sum(bool(each.recording.wanted) for each in judged)
        for each in judged:
            recording = each.recording
            counts = len(judged) / (inside if recording.wanted else len(judged) - inside)
            for kind, best, values in _evidence(each.why):
                whisper = isinstance(each.why, Reading)
                if whisper or recording.wanted or wholeness(recording.transcript, best) < _NEARLY:
                    right = meaning.get(best, best) == recording.wanted
                    row = _Row(recording.speaker, values, right, counts / 2 if len(heard) > 1 else 1.0)
                    rows.setdefault(kind, []).append(row)
    if not rows:
        raise LabelledDataError("nothing to fit: this recogniser does not say how its confidence came about")
    return {kind: _fit(kind, some) for kind, some in rows.items()}


def numbers(judged: Sequence[Judged], words: DigitWords) -> dict[str, str]:
    """What the digits that were heard mean, as ``fit`` wants it."""
    heard = [each.why.digits[0] for each in judged if isinstance(each.why, Reading) and each.why.digits]
    return {text: words.read(text)[0] for text in heard}


def _evidence(why: Judgement | Reading | None) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    """Of each hearing: the name of its evidence, the phrase it is about, and its numbers.

    Of a hearing in which digits may be said, those alone.  Phrases that sound the same share a probability, which says
    nothing about the weights.
    """
    if isinstance(why, Reading):
        if why.digits:
            text, number = why.digits
            yield "number" if number.ahead is not None else "number alone", text, number.weighed
        elif why.evidence and why.evidence.one_of == 1:
            yield "evidence", why.best, why.evidence.weighed
        return
    while why:
        if why.evidence:
            yield type(why.evidence).__name__.lower(), why.best, astuple(why.evidence)
        why = why.before


class _Row(NamedTuple):
    """One recording's evidence, whether its best phrase was what was said, and how much it counts."""

    speaker: str
    values: tuple[float, ...]
    right: bool
    counts: float


def _fit(kind: str, rows: Sequence[_Row]) -> dict[str, Any]:
    halves = _halves([row.speaker for row in rows])
    values = np.array([row.values for row in rows], dtype=np.float64)
    right = np.array([row.right for row in rows], dtype=np.float64)
    counts = np.array([row.counts for row in rows])
    if len(rows) < _FEWEST or any(len(set(right[half])) < 2 for half in (halves, ~halves)):
        raise LabelledDataError(
            f"too little to fit {kind!r} on: {len(rows)} recordings, not {_FEWEST} of two speakers, right and wrong"
        )
    unseen = np.empty(len(rows))
    for half in (halves, ~halves):
        unseen[half] = _probability(_logistic(values[~half], right[~half], counts[~half]), values[half])
    whole = _logistic(values, right, counts)
    return {
        "weights": [round(float(weight), 1) for weight in whole[:-1]],
        "bias": round(float(whole[-1]), 1),
        "recordings": len(rows),
        "unseen_speakers_calibration_error": calibration_error(
            list(zip(unseen.tolist(), (right == 1).tolist(), strict=True))
        ),
        "unseen_speakers_surely_wrong": round(float(np.mean((unseen >= 0.75) & (right == 0))), 4),
        "unseen_speakers_surely_right": round(float(np.mean(unseen[right == 1] >= 0.75)), 4),
    }


def _halves(speakers: Sequence[str]) -> NDArray[np.bool_]:
    """True for the recordings of about half the speakers: the most talkative in turn to the smaller half."""
    sizes = [0, 0]
    side: dict[str, int] = {}
    for speaker in sorted(set(speakers), key=lambda each: (-speakers.count(each), each)):
        side[speaker] = sizes.index(min(sizes))
        sizes[side[speaker]] += speakers.count(speaker)
    return np.array([side[speaker] == 0 for speaker in speakers], dtype=np.bool_)


def _logistic(values: Floats, right: Floats, counts: Floats) -> Floats:
    """Ridge-penalised logistic regression by Newton's method: the weights, then the bias."""
    rows = np.c_[values, np.ones(len(values))]
    ridge = np.full(rows.shape[1], _RIDGE)
    ridge[-1] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        sure = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (sure - right)) + ridge * weights
        curve = (rows.T * (counts * sure * (1 - sure))) @ rows + np.diag(ridge)
        weights -= np.linalg.solve(curve, slope)
    return weights


def _probability(weights: Floats, values: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-(values @ weights[:-1] + weights[-1])))
    return found
