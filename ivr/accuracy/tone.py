"""Accuracy of tone on labelled recordings: does an angry voice stand out of calm ones, at a false alarm rate we can
afford?
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.tone_calls import calls
from ivr.speech.codec import read_wav
from ivr.tone.cues import NAMES, Cues, Sound, numbers
from ivr.tone.fitting import Fitted, Labelled, fit, folds
from ivr.tone.frames import Floats
from ivr.tone.weights import Weights

CALM_FIRST = 2  # utterances of a speaker that stand for the calm beginning of a call
FALSE_ALARMS = (0.02, 0.05)
LABELS = ("angry", "not_angry")
_SHOWN = 10  # problems of a table at once


@dataclass(frozen=True, slots=True)
class Recording:
    """A labelled recording.  ``emotion`` is the finer label where there is one, "" otherwise."""

    path: Path
    speaker: str
    angry: bool
    emotion: str
    group: str


def read_recordings(path: Path) -> list[Recording]:
    """Recordings from a CSV with the columns ``path`` (relative to it) and ``tone`` (angry / not_angry); ``speaker``,
    ``emotion`` and ``set`` where known.  A table without ``tone`` is one of calm speech.

    Raises LabelledDataError, with the line of every row that cannot be used.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets write the mark that -sig takes off
            table = csv.DictReader(file)
            rows = [(table.line_num, {key: value or "" for key, value in row.items()}) for row in table]
            columns = table.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelledDataError(f"{path}: not a table that can be read ({error}); save it as CSV, UTF-8") from error
    if "path" not in columns:
        raise LabelledDataError(f"{path}: no column path; its first line must be: path,tone,speaker,set")
    problems = [f"line {line}: {problem}" for line, row in rows for problem in _problems(path.parent, row)]
    if problems or not rows:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise LabelledDataError("\n".join([f"{path}:", *problems[:_SHOWN], *more]) if problems else f"{path}: no rows")
    return [
        Recording(
            path.parent / row["path"],
            row.get("speaker", ""),
            _label(row) == "angry",
            row.get("emotion", "").split("|")[0],
            row.get("set") or row["path"].rpartition("/")[0] or path.stem,
        )
        for _, row in rows
    ]


def _label(row: Mapping[str, str]) -> str:
    return row.get("tone", "not_angry").strip().lower()


def _problems(folder: Path, row: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a row, and what to do."""
    if _label(row) not in LABELS:
        yield f"tone is {row['tone']!r}; write angry or not_angry"
    if not row["path"]:
        yield "no path; take the line out or name its recording"
    elif not (folder / row["path"]).is_file():
        yield f"no file {folder / row['path']}; correct the path (it is relative to the table) or take the line out"


def listen(recording: Recording) -> Sound | None:
    """The cues of a recording, heard as a call hears it; None when it has none.  Raises LabelledDataError."""
    try:
        samples = read_wav(recording.path)
    except (OSError, ValueError) as error:
        raise LabelledDataError(str(error)) from error
    cues = Cues()
    for start in range(0, len(samples), 160):
        cues.hear(samples[start : start + 160])
    sound = cues.finish()
    return sound if isinstance(sound, Sound) else None


def hear(recordings: Iterable[Recording], progress: Callable[[], None] = lambda: None) -> Labelled:
    """The cues of every recording; ``progress`` is called after each.  Raises LabelledDataError."""
    recordings = list(recordings)
    values = np.full((len(recordings), len(NAMES)), np.nan)
    voiced_ms = np.zeros(len(recordings))
    for place, recording in enumerate(recordings):
        sound = listen(recording)
        if sound is not None:
            values[place], voiced_ms[place] = numbers(sound), sound.voiced_ms
        progress()
    return Labelled(
        values,
        voiced_ms,
        np.array([recording.angry for recording in recordings]),
        np.array([recording.group for recording in recordings]),
        np.array([recording.speaker for recording in recordings]),
        np.array([recording.emotion for recording in recordings]),
    )


def auc(score: Floats, angry: NDArray[np.bool_]) -> float | None:
    """Probability that an angry utterance scores above a calm one, ties counted half (Mann and Whitney)."""
    if not 0 < angry.sum() < len(angry):
        return None
    order = np.unique(score, return_inverse=True)[1]
    below = np.cumsum(np.bincount(order)) - np.bincount(order) / 2
    ranks = below[order] + 0.5
    positive = int(angry.sum())
    return float((ranks[angry].sum() - positive * (positive + 1) / 2) / (positive * (len(angry) - positive)))


def recall_at(score: Floats, angry: NDArray[np.bool_], false_alarms: float) -> float | None:
    """Share of angry utterances above the score that at most ``false_alarms`` of the calm ones exceed."""
    if not 0 < angry.sum() < len(angry):
        return None
    calm = np.sort(score[~angry])[::-1]
    limit = calm[min(int(false_alarms * len(calm)), len(calm) - 1)]
    return float((score[angry] > limit).mean())


def figures(score: Floats, labelled: Labelled) -> dict[str, Any]:
    """AUC, recall at each rate of false alarms, and angry against happy apart."""
    angry = labelled.angry
    hard = angry | labelled.happy
    against_happy = auc(score[hard], angry[hard]) if labelled.happy.any() else None
    found: dict[str, Any] = {"angry": int(angry.sum()), "calm": int((~angry).sum()), "auc": _short(auc(score, angry))}
    for rate in FALSE_ALARMS:
        found[f"recall_at_{rate:.0%}"] = _short(recall_at(score, angry, rate))
    return {**found, "auc_against_happy": _short(against_happy)}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def scores(weights: Weights, labelled: Labelled) -> Floats:
    """Score of each utterance as the first of a call: nothing known of the caller.  Unknown ones say nothing: 0."""
    score = np.array([weights.score(values)[0] for values in labelled.values])
    return np.where(labelled.judged, score, 0.0)


def scores_against_baseline(weights: Weights, labelled: Labelled) -> Floats:
    """Score of each utterance after the speaker's first calm ones.  NaN: one of those, or no such speaker."""
    score = np.full(len(labelled.angry), np.nan)
    for group in np.unique(labelled.group):
        speakers = np.unique(labelled.speaker[labelled.group == group])
        if len(speakers) < 2:  # one name for a whole set is no speaker
            continue
        for speaker in speakers:
            mine = np.flatnonzero((labelled.group == group) & (labelled.speaker == speaker))
            first = [place for place in mine if not labelled.angry[place] and labelled.judged[place]][:CALM_FIRST]
            if len(first) < CALM_FIRST:
                continue
            baseline = weights.caller()
            for place in first:
                baseline.learn(labelled.values[place], 0.0, 1.0)
            for place in set(mine) - set(first):
                found = weights.score(labelled.values[place], baseline)[0]
                score[place] = found if labelled.judged[place] else 0.0
    return score


def tables(weights: Weights, labelled: Labelled) -> dict[str, Any]:
    """Figures of each set with these weights, with and without the caller's baseline, and at the threshold."""
    plain, own = scores(weights, labelled), scores_against_baseline(weights, labelled)
    found: dict[str, Any] = {}
    for group in np.unique(labelled.group):
        here = labelled.group == group
        found[str(group)] = _entry(weights, plain[here], labelled[here])
        known = here & ~np.isnan(own)
        if known.any():
            found[str(group)]["with_baseline"] = _entry(weights, own[known], labelled[known])
            found[str(group)]["calls"] = calls(weights, labelled[here])
    return {"sets": found, "evidence_needed": round(needed(weights), 3)}


def needed(weights: Weights) -> float:
    """The evidence at which the reading of one utterance reaches the transfer threshold."""
    return float(np.log(weights.transfer_from / (1 - weights.transfer_from)) - weights.prior)


def alarms(weights: Weights, score: Floats, labelled: Labelled) -> NDArray[np.bool_]:
    """Which utterances would by their sound alone put the caller through."""
    return np.asarray(weights.believed(score, labelled.voiced_ms) >= needed(weights))


def _entry(weights: Weights, score: Floats, labelled: Labelled) -> dict[str, Any]:
    angry = labelled.angry
    over = alarms(weights, score, labelled)
    return {
        **figures(score, labelled),
        "unknown": int((~labelled.judged).sum()),
        "alarms_when_angry": _short(float(over[angry].mean())) if angry.any() else None,
        "false_alarms": _short(float(over[~angry].mean())) if (~angry).any() else None,
        "alarms_when_happy": _short(float(over[labelled.happy].mean())) if labelled.happy.any() else None,
    }


def curves(weights: Weights, labelled: Labelled) -> dict[str, tuple[Floats, Floats]]:
    """For each set with both labels: false alarms and recall as the threshold falls, without and with a baseline."""
    found = {}
    plain, own = scores(weights, labelled), scores_against_baseline(weights, labelled)
    for group in np.unique(labelled.group):
        here = labelled.group == group
        for name, score in ((str(group), plain), (f"{group}, after two calm utterances", own)):
            known = here & ~np.isnan(score)
            angry = labelled.angry[known]
            if 0 < angry.sum() < len(angry):
                falling = angry[np.argsort(-score[known], kind="stable")]
                found[name] = (np.cumsum(~falling) / (~falling).sum(), np.cumsum(falling) / falling.sum())
    return found


def cross_validated(labelled: Labelled, calm: Sequence[Labelled] = ()) -> Floats:
    """The score of each utterance from weights fitted without its speaker, on its own set.  Raises CannotFit."""
    score = np.full(len(labelled.angry), np.nan)
    for group in np.unique(labelled.group):
        here = labelled.group == group
        for left_out in folds(labelled):
            if (here & left_out).any():
                score[here & left_out] = _score(fit(labelled[here & ~left_out], calm), labelled[here & left_out])
    return score


def across(labelled: Labelled, calm: Sequence[Labelled] = ()) -> dict[str, Floats]:
    """For each set, the scores of its utterances from weights fitted on all the other sets.  Raises CannotFit."""
    groups = [str(group) for group in np.unique(labelled.group)]
    if len(groups) < 2:
        return {}
    found = {}
    for group in groups:
        here = labelled.group == group
        found[group] = _score(fit(labelled[~here], calm), labelled[here])
    return found


def _score(fitted: Fitted, labelled: Labelled) -> Floats:
    return fitted.score(labelled.values)  # an utterance without cues counts as a calm one
