"""How this caller sounds when calm.  What counts is the change against it."""

import numpy as np

from ivr.tone.frames import Floats


class Baseline:
    """The mean of the caller's calm utterances so far, pulled towards everybody's while little has been heard.

    The pull is that of a normal prior with known variances: after ``counts_after`` utterances the caller's own mean
    weighs as much as the population's (``n / (n + counts_after)``: C. Morris, "Parametric empirical Bayes inference",
    1983).
    """

    def __init__(self, calm: Floats, counts_after: float) -> None:
        self._calm = calm
        self._counts_after = counts_after
        self._sum = np.zeros_like(calm)
        self._count = np.zeros_like(calm)
        self._level_sum = 0.0
        self._level_count = 0.0

    @property
    def shift(self) -> Floats:
        """For each cue: how far this caller's calm voice lies from everybody's."""
        return np.asarray((self._sum - self._count * self._calm) / (self._count + self._counts_after))

    @property
    def heard(self) -> float:
        """How many calm utterances of this caller are known; brief ones are counted in part."""
        return self._level_count

    def louder_db(self, level: float) -> float:
        """How much louder than the caller's own calm speech; 0 while none has been heard."""
        return level - self._level_sum / self._level_count if self._level_count > 0 else 0.0

    def learn(self, values: Floats, level: float, share: float) -> None:
        """Take an utterance into the baseline.  ``share`` (0 to 1): how much to believe it, as calm and as speech."""
        known = ~np.isnan(values)
        self._sum[known] += share * values[known]
        self._count[known] += share
        self._level_sum += share * level
        self._level_count += share
