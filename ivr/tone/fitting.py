"""Weights from labelled utterances: a logistic regression with a ridge, in numpy.

Kept simple on purpose: few numbers that a person can read, from few recordings.  Every set of recordings is centred on
its own calm speech first, because microphones, lines and languages differ more than moods do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.tone.cues import NAMES
from ivr.tone.frames import Floats
from ivr.tone.weights import FURTHEST

TRAVELLING = frozenset(
    {
        "flux",
        "breath_tilt",
        "harmonicity_low",
        "low_balance",
        "peakedness",
        "tilt_spread",
        "ripple",
        "second_formant",
        "brightness_spread",
        "balance_spread",
        "harmonicity",
        "decay",
        "pitch_spread",
    }
)
"""Cues whose weights came out with the same sign on each set of recordings and kept helping on the other one."""

EXPECTED = dict.fromkeys(
    (
        "pitch",
        "pitch_motion",
        "pitch_glide",
        "flux",
        "brightness",
        "brightness_peak",
        "tilt",
        "tilt_spread",
        "low_balance",
        "first_formant",
        "breath_tilt",
        "shimmer",
    ),
    0.1,
) | dict.fromkeys(("harmonicity", "harmonicity_low"), -0.1)
"""Where weights start from before any recording: an aroused voice is higher, brighter, faster moving and less periodic
(K. Scherer, "Vocal communication of emotion", 2003; P. Juslin and P. Laukka, 2003).  Small, so that recordings decide.
"""

_RIDGE_TRAVELLING = 10.0
_RIDGE_LOCAL = 30.0  # must be paid for by more recordings
_RIDGE_PINNED = 1e6  # stays where it is expected
_STEPS = 15  # Newton's method has long converged


@dataclass(frozen=True, slots=True)
class Labelled:
    """Utterances: ``values`` (n, cues) in the order of NAMES with NaN where unknown; the rest has one entry each.

    ``angry`` is the label, ``group`` names the set of recordings, ``speaker`` the person ("" when unknown).
    """

    values: Floats
    voiced_ms: Floats
    angry: NDArray[np.bool_]
    group: NDArray[np.str_]
    speaker: NDArray[np.str_]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "Labelled":
        return Labelled(
            self.values[chosen], self.voiced_ms[chosen], self.angry[chosen], self.group[chosen], self.speaker[chosen]
        )

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Those that have any cue."""
        return np.asarray(~np.isnan(self.values).all(axis=1))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Calm mean, spread and weight of each cue, and the bias of the score; to rank utterances with."""

    calm: Floats
    spread: Floats
    weight: Floats
    bias: float

    def score(self, values: Floats) -> Floats:
        """Evidence (log-odds) for rows of cues; NaN cues count as calm."""
        away = np.clip((values - self.calm) / self.spread, -FURTHEST, FURTHEST)
        return np.asarray(np.where(np.isnan(away), 0.0, away) @ self.weight + self.bias)


class CannotFit(ValueError):
    """The labelled utterances do not suffice; the message says what is missing."""


def fit(labelled: Labelled, anywhere: bool = False) -> Fitted:
    """Fit on all sets together, each with the same say, both classes with the same say.  Raises CannotFit.

    ``anywhere``: for callers, lines and languages other than the recorded ones; only cues that travel are fitted.
    """
    data = labelled[labelled.judged]
    if data.angry.sum() < 10 or (~data.angry).sum() < 10:
        raise CannotFit(
            f"{data.angry.sum()} angry and {(~data.angry).sum()} calm utterances with a voice in them: "
            "at least 10 of each are needed"
        )
    groups = [group for group in np.unique(data.group) if _both(data[data.group == group])]
    if not groups:
        raise CannotFit("no set of recordings holds both angry and calm utterances: their microphones would be fitted")
    centres = np.stack([known_mean(data.values[(data.group == group) & ~data.angry]) for group in groups])
    spreads = np.stack([_known_spread(data.values[data.group == group]) for group in groups])
    calm, spread = centres.mean(axis=0), np.sqrt((spreads**2).mean(axis=0))
    rows, labels, shares = [], [], []
    for group, centre in zip(groups, centres, strict=True):
        part = data[data.group == group]
        away = np.clip((part.values - centre) / spread, -FURTHEST, FURTHEST)
        rows.append(np.where(np.isnan(away), 0.0, away))
        labels.append(part.angry.astype(float))
        shares.append(_equal_say(part.angry) * len(data.angry) / len(groups))
    weight, bias = _logistic(np.concatenate(rows), np.concatenate(labels), np.concatenate(shares), _ridge(anywhere))
    return Fitted(calm, spread, weight, bias)


def known_mean(rows: Floats) -> Floats:
    """The mean of each cue over the utterances that have it; 0 for one that none has."""
    known = ~np.isnan(rows)
    return np.asarray(np.where(known, rows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _known_spread(rows: Floats) -> Floats:
    return np.maximum(np.sqrt(known_mean((rows - known_mean(rows)) ** 2)), 1e-6)


def _both(data: Labelled) -> bool:
    return 0 < int(data.angry.sum()) < len(data.angry)


def _equal_say(angry: NDArray[np.bool_]) -> Floats:
    """Weights that sum to one, half for either class."""
    return np.asarray(np.where(angry, 0.5 / angry.sum(), 0.5 / (~angry).sum()))


def _ridge(anywhere: bool) -> Floats:
    other = _RIDGE_PINNED if anywhere else _RIDGE_LOCAL
    return np.array([_RIDGE_TRAVELLING if name in TRAVELLING else other for name in NAMES])


def _logistic(rows: Floats, labels: Floats, shares: Floats, ridge: Floats) -> tuple[Floats, float]:
    """Weighted logistic regression by Newton's method (T. Hastie et al., The Elements of Statistical Learning, 4.4.1)
    with a ridge towards EXPECTED; the bias is free.
    """
    design = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.diag(np.append(ridge, 1e-6))
    expected = np.array([*(EXPECTED.get(name, 0.0) for name in NAMES), 0.0])
    found = expected.copy()
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (shares * (chance - labels)) + penalty @ (found - expected)
        bend = (design * (shares * chance * (1 - chance))[:, None]).T @ design + penalty
        found = found - np.linalg.solve(bend, slope)
    return found[:-1], float(found[-1])


def folds(labelled: Labelled, count: int = 8) -> list[NDArray[np.bool_]]:
    """Which utterances to leave out in turn, so that no speaker is in two folds.

    A set whose speakers are unknown (one name) is cut by position: neighbours, which tend to be one person's, stay
    together.
    """
    keys = np.array([f"{group}\t{speaker}" for group, speaker in zip(labelled.group, labelled.speaker, strict=True)])
    fold = np.zeros(len(keys), dtype=int)
    for group in np.unique(labelled.group):
        here = np.flatnonzero(labelled.group == group)
        speakers = np.unique(keys[here])
        if len(speakers) >= count:
            place = {speaker: position % count for position, speaker in enumerate(speakers)}
            fold[here] = [place[key] for key in keys[here]]
        else:
            fold[here] = _by_position(labelled.angry[here], count)
    return [fold == number for number in range(count)]


def _by_position(angry: NDArray[np.bool_], count: int) -> NDArray[np.int_]:
    fold = np.zeros(len(angry), dtype=int)
    for label in (True, False):
        where = np.flatnonzero(angry == label)
        fold[where] = np.arange(len(where)) * count // max(len(where), 1)
    return fold
