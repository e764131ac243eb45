"""The caller's audio in, what was heard out: detector, look-back, recogniser and end of speech for one call."""

from collections import deque
from dataclasses import replace

import numpy as np

from ivr.call.events import Heard, Partial
from ivr.call.turns import TurnDetector, TurnTiming
from ivr.grammar import Completeness, Expecting, Grammar
from ivr.speech.detector import SpeechDetector
from ivr.speech.recogniser import RATE_HZ, Recogniser, RecognitionModel, Samples

LOOK_BACK_MS = 300  # given to the recogniser with the first speech, so that no first syllable is lost


class Ear:
    """Listens to one caller.  A recogniser is made for each utterance and sees no silence between them."""

    def __init__(self, model: RecognitionModel, grammar: Grammar, timing: TurnTiming) -> None:
        self._model = model
        self._grammar = grammar
        self._timing = timing
        self._expecting = Expecting("request")
        self._detector = SpeechDetector()
        self._look_back: deque[Samples] = deque()
        self._look_back_samples = 0
        self._turn = TurnDetector(timing)
        self._recogniser: Recogniser | None = None
        self._partial = ""
        self._completeness = Completeness.OPEN
        self.talking = False
        self.taken: Samples | None = None
        """What the last ``hear`` gave to the recogniser, look-back included; None when it was silence."""
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

    def hear(self, samples: Samples) -> list[Partial | Heard]:
        """Take audio as it comes; what was recognised in it, if anything."""
        began = self._turn.hear(len(samples) * 1000 // RATE_HZ, self._detector.is_speech(samples))
        self.talking = self._turn.began
        if not self._turn.began:
            self._remember(samples)
            self.taken = None
            return []
        if began or self._recogniser is None:
            self._recogniser = self._model.listen(self._grammar.vocabulary(self._expecting))
            samples = np.concatenate([*self._look_back, samples])
            self._forget()
        self.taken = samples
        text = self._recogniser.accept(samples, self._turn.quiet_ms)
        heard: list[Partial | Heard] = []
        if text != self._partial:
            self._partial = text
            self._completeness = self._grammar.completeness(text, self._expecting) if text else Completeness.OPEN
            heard.append(Partial(text))
        if self._turn.ended(self._expecting, self._completeness):
            heard.append(self._finish(self._recogniser))
        return heard

    def _finish(self, recogniser: Recogniser) -> Heard:
        heard = replace(recogniser.finish(), speech_ms=self._turn.speech_ms)
        self.waited_ms = self._turn.quiet_ms
        self._turn = TurnDetector(self._timing)
        self._recogniser, self._partial, self._completeness, self.talking = None, "", Completeness.OPEN, False
        return heard

    def _remember(self, samples: Samples) -> None:
        self._look_back.append(samples)
        self._look_back_samples += len(samples)
        while self._look_back_samples > LOOK_BACK_MS * RATE_HZ // 1000:
            self._look_back_samples -= len(self._look_back.popleft())

    def _forget(self) -> None:
        self._look_back.clear()
        self._look_back_samples = 0
