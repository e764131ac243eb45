"""Weights from labelled utterances: a linear discriminant (R. Fisher, 1936), in numpy.

Kept simple on purpose: few numbers that a person can read, from few recordings.  Every set of recordings is centred on
its own calm speech first, because microphones, lines and languages differ more than moods do.  For the same reason a
direction in which calm people of any set differ among themselves counts for less (as within-class covariance
normalisation does for voices: A. Hatch et al., 2006).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ivr.tone.cues import NAMES
from ivr.tone.frames import Floats
from ivr.tone.weights import FURTHEST

_SHRINKAGE = 0.03  # of the covariance towards its diagonal (J. Friedman, 1989)
_SHRUNK_MORE = {  # what tells callers, sentences and lines apart more than moods
    "pitch": 5.0,
    "active_share": 5.0,
    "syllables": 5.0,
    "above_noise": 0.4,
}
_CALM_SHARE = 0.3  # of the covariance that is taken from other calm speech: without it weights did not carry over


@dataclass(frozen=True, slots=True)
class Labelled:
    """Utterances: ``values`` (n, cues) in the order of NAMES with NaN where unknown; the rest has one entry each.

    ``angry`` is the label, ``emotion`` the finer one, ``group`` names the set of recordings, ``speaker`` the person; ""
    where they are unknown.
    """

    values: Floats
    voiced_ms: Floats
    angry: NDArray[np.bool_]
    group: NDArray[np.str_]
    speaker: NDArray[np.str_]
    emotion: NDArray[np.str_]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "Labelled":
        return Labelled(*(getattr(self, each.name)[chosen] for each in fields(self)))

    @property
    def happy(self) -> NDArray[np.bool_]:
        """Those that are neither angry nor calm."""
        return np.asarray(~self.angry & (self.emotion == "happy"))

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Those that have any cue."""
        return np.asarray(~np.isnan(self.values).all(axis=1))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Calm mean, spread and weight of each cue; to rank utterances with."""

    calm: Floats
    spread: Floats
    weight: Floats

    def score(self, values: Floats) -> Floats:
        """Evidence (log-odds, but for a bias) for rows of cues; NaN cues count as calm."""
        return np.asarray(_away(values, self.calm, self.spread) @ self.weight)


class CannotFit(ValueError):
    """The labelled utterances do not suffice; the message says what is missing."""


def fit(labelled: Labelled, calm: Sequence[Labelled] = ()) -> Fitted:
    """Fit on all sets together, each with the same say.  ``calm``: more calm speech, of other people and lines.

    Raises CannotFit.
    """
    data = labelled[labelled.judged]
    if data.angry.sum() < 10 or (~data.angry).sum() < 10:
        raise CannotFit(
            f"{data.angry.sum()} angry and {(~data.angry).sum()} calm utterances with a voice in them: "
            "at least 10 of each are needed"
        )
    groups = [part for part in _sets(data) if _both(part)]
    if not groups:
        raise CannotFit("no set of recordings holds both angry and calm utterances: their microphones would be fitted")
    centres = [known_mean(part.values[~part.angry]) for part in groups]
    quiet = [part for each in calm for part in _sets(each[each.judged & ~each.angry]) if len(part.angry) > len(NAMES)]
    spread = np.sqrt(np.mean([_known_spread(part.values) ** 2 for part in (*groups, *quiet)], axis=0))
    rows = [_away(part.values, centre, spread) for part, centre in zip(groups, centres, strict=True)]
    change = np.mean([away[part.angry].mean(axis=0) for away, part in zip(rows, groups, strict=True)], axis=0)
    change -= np.mean([away[~part.angry].mean(axis=0) for away, part in zip(rows, groups, strict=True)], axis=0)
    kinds = [away[kind] for away, part in zip(rows, groups, strict=True) for kind in (part.angry, ~part.angry)]
    others = [_away(part.values, known_mean(part.values), spread) for part in quiet]
    weight = np.asarray(np.linalg.solve(_covariance(kinds, others), change), dtype=float)
    return Fitted(np.mean(centres, axis=0), spread, weight)


def _covariance(kinds: Sequence[Floats], others: Sequence[Floats]) -> Floats:
    """How cues differ among utterances of one kind, shrunk towards its diagonal."""
    found = np.mean([np.cov(rows.T) for rows in kinds], axis=0)
    if others:
        found = (1 - _CALM_SHARE) * found + _CALM_SHARE * np.mean([np.cov(rows.T) for rows in others], axis=0)
    shrinkage = np.array([_SHRUNK_MORE.get(name, _SHRINKAGE) for name in NAMES])
    return np.asarray(found + np.diag(shrinkage * (np.diag(found) + 0.1)))


def _away(values: Floats, calm: Floats, spread: Floats) -> Floats:
    away = np.clip((values - calm) / spread, -FURTHEST, FURTHEST)
    return np.where(np.isnan(away), 0.0, away)


def _sets(data: Labelled) -> list[Labelled]:
    return [data[data.group == group] for group in np.unique(data.group)]


def known_mean(rows: Floats) -> Floats:
    """The mean of each cue over the utterances that have it; 0 for one that none has."""
    known = ~np.isnan(rows)
    return np.asarray(np.where(known, rows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _known_spread(rows: Floats) -> Floats:
    return np.maximum(np.sqrt(known_mean((rows - known_mean(rows)) ** 2)), 1e-6)


def _both(data: Labelled) -> bool:
    return 0 < int(data.angry.sum()) < len(data.angry)


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
