"""New weights for ``config/tone.yaml``, and whether they are better than the old ones on speakers they never heard."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ivr.accuracy.tone import across, auc, cross_validated, needed, scores
from ivr.tone.cues import NAMES
from ivr.tone.fit import Fitted, Labelled, fit
from ivr.tone.weights import CueEntry, ToneFile, weights

AFFORDABLE = 0.02  # false alarms on calm speech: one caller in fifty is put through who did not need it
_LEAST_WEIGHT = 0.005  # written as 0.00


def refit(before: ToneFile, labelled: Labelled, calm: Sequence[Labelled] = ()) -> tuple[ToneFile, dict[str, Any]]:
    """The file with its cues and bias fitted anew, and a report of before and after.  Raises CannotFit.

    ``calm``: more speech that must raise no alarm.  Each set of recordings there has the same say in what is calm.
    """
    fitted = fit(labelled)
    centre = _calm(labelled, calm)
    bias = _affordable(before, Fitted(centre, fitted.spread, fitted.weight, fitted.bias), [labelled, *calm])
    cues = {
        name: CueEntry(calm=round(float(at), 4), spread=round(float(spread), 4), weight=round(float(weight), 2))
        for name, at, spread, weight in zip(NAMES, centre, fitted.spread, fitted.weight, strict=True)
        if abs(weight) >= _LEAST_WEIGHT
    }
    after = before.model_copy(update={"cues": cues, "bias": round(bias, 2)})
    return after, _report(before, after, labelled, [labelled, *calm])


def _calm(labelled: Labelled, calm: Sequence[Labelled]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The mean of calm speech over all sets, each with the same say."""
    means = []
    for data in (labelled, *calm):
        for group in np.unique(data.group):
            rows = data.values[(data.group == group) & ~data.angry & data.judged]
            if len(rows):
                means.append(np.nanmean(rows, axis=0))
    return np.asarray(np.mean(means, axis=0))


def _affordable(before: ToneFile, fitted: Fitted, data: Sequence[Labelled]) -> float:
    """The bias at which no set of calm speech raises more alarms than we can afford, each set by itself."""
    limit = needed(weights(before))
    highest = -np.inf
    for part in data:
        for group in np.unique(part.group):
            rows = part.values[(part.group == group) & ~part.angry & part.judged]
            if len(rows) >= 1 / AFFORDABLE:
                highest = max(highest, float(np.quantile(fitted.score(rows), 1 - AFFORDABLE)))
    return fitted.bias - max(0.0, highest - limit + 0.02)


def _report(before: ToneFile, after: ToneFile, labelled: Labelled, data: Sequence[Labelled]) -> dict[str, Any]:
    old, unseen, other = scores(weights(before), labelled), cross_validated(labelled), across(labelled)
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
    limit = needed(weights(after))
    for part in data:
        over = scores(weights(after), part) >= limit
        for group in np.unique(part.group):
            here = (part.group == group) & ~part.angry
            if here.any():
                found["false_alarms"][str(group)] = float(over[here].mean())
    return found
