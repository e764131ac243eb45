"""What every recogniser looks like to the rest of the house."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.call.events import Heard
from ivr.grammar.vocabulary import Vocabulary

Samples = NDArray[np.int16]
"""Mono audio, 16 bit, 8,000 samples a second: what a telephone line carries."""

RATE_HZ = 8000


class ModelUnusable(Exception):
    """A recognition model cannot be used; the message says which, why, and what to do."""

    def __init__(self, path: Path | str, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}; {remedy}")
        self.path, self.why, self.remedy = path, why, remedy


class Recogniser(Protocol):
    """Hears one utterance.  Belongs to one call and one thread; nothing is asked of it after ``finish`` or ``drop``."""

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        """Take more audio and return the text understood so far ("" while there is none).

        ``quiet_ms`` is how long the caller has been silent at the end of ``samples`` (0 while speaking).  Must return
        within a few milliseconds; longer work goes on elsewhere and shows in a later call.
        """
        ...

    def finish(self) -> Heard:
        """The utterance is over: its text, confidence and alternatives.  Text is "" when nothing was recognised."""
        ...

    def drop(self) -> None:
        """The call went on without the rest of the utterance: work on it that has not begun is not begun any more."""
        ...


class RecognitionModel(Protocol):
    """A loaded model, shared by all calls of a language."""

    name: str

    def listen(self, vocabulary: Vocabulary) -> Recogniser:
        """A recogniser for one utterance, limited to (or leaning towards) the vocabulary."""
        ...
