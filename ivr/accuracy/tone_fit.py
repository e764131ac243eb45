"""New weights for ``config/tone.yaml``, and whether they are better than the old ones on speakers they never heard."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ivr.accuracy.tone import across, alarms, auc, cross_validated, scores, scores_against_baseline
from ivr.tone.cues import NAMES
from ivr.tone.fitting import Labelled, fit, known_mean
from ivr.tone.frames import Floats
from ivr.tone.weights import CueEntry, ToneFile, Weights, weights

AFFORDABLE = 0.015  # false alarms on the calm speech we know, so that other people and lines stay below 0.02
_SHARPER = 1.8  # so much the shrinking of the covariance takes off; simulated calls were decided best with it
_HIGHEST_BIAS, _LOWEST_BIAS = 0.3, -6.0  # higher adds as many happy callers as angry ones
_LEAST_WEIGHT = 0.005  # written as 0.00
_MOST_WEIGHT = 3.0  # no cue decides alone
_LEAST_SPREAD = 1e-3  # a cue that never changes says nothing


def refit(before: ToneFile, labelled: Labelled, calm: Sequence[Labelled] = ()) -> tuple[ToneFile, dict[str, Any]]:
    """The file with its cues and bias fitted anew, and a report of before and after.  Raises CannotFit.

    ``calm``: more speech that must raise no alarm.  Each set of recordings there has the same say in what is calm.
    """
    fitted = fit(labelled, calm)
    centre = _calm(labelled, calm)
    limited = np.clip(_SHARPER * fitted.weight, -_MOST_WEIGHT, _MOST_WEIGHT)
    cues = {
        name: CueEntry(calm=round(float(at), 4), spread=round(float(spread), 4), weight=round(float(weight), 2))
        for name, at, spread, weight in zip(NAMES, centre, fitted.spread, limited, strict=True)
        if abs(weight) >= _LEAST_WEIGHT and spread >= _LEAST_SPREAD
    }
    after = before.model_copy(update={"cues": cues, "bias": 0.0})
    after = after.model_copy(update={"bias": round(_affordable(after, [labelled, *calm]), 2)})
    return after, _report(before, after, labelled, calm)


def _calm(labelled: Labelled, calm: Sequence[Labelled]) -> Floats:
    """The mean of calm speech over all sets, each with the same say."""
    means = []
    for data in (labelled, *calm):
        for group in np.unique(data.group):
            rows = data.values[(data.group == group) & ~data.angry & data.judged]
            if len(rows):
                means.append(known_mean(rows))
    return np.asarray(np.mean(means, axis=0))


def _affordable(unbiased: ToneFile, data: Sequence[Labelled]) -> float:
    """The highest bias at which no set of calm speech raises more alarms than we can afford, each set by itself: as
    first words, delighted ones included, and after two calm utterances.
    """
    numbers = weights(unbiased)
    scored = [
        each
        for part in data
        for each in (
            (part, scores(numbers, part)),
            (part[~part.happy], scores_against_baseline(numbers, part)[~part.happy]),
        )
    ]
    bias = _HIGHEST_BIAS
    while bias > _LOWEST_BIAS:
        shares = [share for part, score in scored for share in _shares(numbers, score + bias, part)]
        if max(shares, default=0.0) <= AFFORDABLE:
            return bias
        bias -= 0.05
    return bias


def _shares(numbers: Weights, score: Floats, part: Labelled) -> list[float]:
    """False alarms of each set of calm speech; in a small one a single alarm is too many."""
    over, found = alarms(numbers, score, part), []
    for group in np.unique(part.group):
        calm = (part.group == group) & ~part.angry & ~np.isnan(score)
        if calm.any():
            found.append(float(over[calm].mean()))
    return found


def _report(before: ToneFile, after: ToneFile, labelled: Labelled, calm: Sequence[Labelled]) -> dict[str, Any]:
    old, unseen = scores(weights(before), labelled), cross_validated(labelled, calm)
    other = across(labelled, calm)
    found: dict[str, Any] = {"auc": {}, "weights": {}, "false_alarms": {}}
    for group in np.unique(labelled.group):
        here = labelled.group == group
        angry = labelled.angry[here]
        found["auc"][str(group)] = {
            "before": auc(old[here], angry),
            "after": auc(unseen[here], angry),
            "from_the_other_sets": auc(other[str(group)], angry) if str(group) in other else None,
        }
    for name in NAMES:
        was, now = before.cues.get(name), after.cues.get(name)
        found["weights"][name] = {"before": was.weight if was else 0.0, "after": now.weight if now else 0.0}
    numbers = weights(after)
    for part in (labelled, *calm):
        over = alarms(numbers, scores(numbers, part), part)
        for group in np.unique(part.group):
            here = (part.group == group) & ~part.angry
            if here.any():
                found["false_alarms"][str(group)] = float(over[here].mean())
    return found
