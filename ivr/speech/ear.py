"""The caller's audio in, what was heard out: detector, look-back, recogniser and end of speech for one call."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ivr.call.events import Heard, Partial
from ivr.call.turns import TurnDetector, TurnTiming
from ivr.grammar import Completeness, Expecting, Grammar
from ivr.speech.detector import STRETCH, SpeechDetector
from ivr.speech.recogniser import RATE_HZ, Recogniser, RecognitionModel, Samples

LOOK_BACK_MS = 300  # given to the recogniser with the first speech, so that no first syllable is lost


@dataclass(frozen=True, slots=True)
class Speech:
    """Audio of an utterance, as it was given to the recogniser.  ``quiet_ms``: for how long nobody has talked."""

    samples: Samples
    quiet_ms: int = 0


class Ear:
    """Listens to one caller.  A recogniser is made for each utterance and sees no silence between them."""

    def __init__(
        self, model: RecognitionModel, grammar: Grammar, timing: TurnTiming, look_back_ms: int = LOOK_BACK_MS
    ) -> None:
        self._model = model
        self._grammar = grammar
        self._timing = timing
        self._most_look_back = look_back_ms * RATE_HZ // 1000
        self._expecting = Expecting("request")
        self._detector = SpeechDetector()
        self._look_back = np.empty(0, np.int16)
        self._turn = TurnDetector(timing)
        self._recogniser: Recogniser | None = None
        self._partial = ""
        self._completeness = Completeness.OPEN
        self.talking = False
        self.waited_ms = 0
        """Silence after the last utterance until it was taken as finished."""

    def expect(self, expecting: Expecting) -> None:
        """From the next utterance on, listen for this.  One in progress keeps what it began with."""
        self._expecting = expecting

    def understand(self, model: RecognitionModel, grammar: Grammar) -> None:
        """From the next utterance on, listen in another language."""
        self._model, self._grammar = model, grammar

    @property
    def pausing(self) -> bool:
        """True when the caller has said something and is silent: any moment now it may be over."""
        return self.talking and self._turn.quiet_ms > 0

    def hear(self, samples: Samples) -> Iterator[Speech | Partial | Heard]:
        """Take audio as it comes, of any length, and tell what is in it, in order.

        What is heard does not depend on where the audio is cut.
        """
        spoken = self._detector.stretches(samples)
        if not self._turn.began and not any(spoken):
            self._wait(samples)
            return
        for index, speech in enumerate(spoken):
            yield from self._listen(samples[index * STRETCH : (index + 1) * STRETCH], speech)

    def close(self) -> None:
        """The call's part is over, maybe in the middle of an utterance."""
        if self._recogniser:
            self._recogniser.drop()
            self._recogniser = None

    def _wait(self, samples: Samples) -> None:
        """Nobody talks: nothing is decoded."""
        self._turn.hear(len(samples) * 1000 // RATE_HZ, speech=False)
        self._look_back = np.concatenate([self._look_back, samples])[-self._most_look_back :]

    def _listen(self, samples: Samples, speech: bool) -> Iterator[Speech | Partial | Heard]:
        """20 ms in which somebody may talk."""
        began = self._turn.hear(len(samples) * 1000 // RATE_HZ, speech)
        self.talking = self._turn.began
        if not self._turn.began:
            self._look_back = np.concatenate([self._look_back, samples])[-self._most_look_back :]
            return
        if began or self._recogniser is None:
            self._recogniser = self._model.listen(self._grammar.vocabulary(self._expecting))
            samples = np.concatenate([self._look_back, samples])
            self._look_back = self._look_back[:0]
        yield Speech(samples, self._turn.quiet_ms)
        text = self._recogniser.accept(samples, self._turn.quiet_ms)
        if text != self._partial:
            self._partial = text
            self._completeness = self._grammar.completeness(text, self._expecting) if text else Completeness.OPEN
            yield Partial(text)
        if self._turn.ended(self._expecting, self._completeness):
            yield self._finish(self._recogniser)

    def _finish(self, recogniser: Recogniser) -> Heard:
        heard = replace(recogniser.finish(), speech_ms=self._turn.speech_ms)
        self.waited_ms = self._turn.quiet_ms
        self._turn = TurnDetector(self._timing)
        self._recogniser, self._partial, self._completeness, self.talking = None, "", Completeness.OPEN, False
        return heard
