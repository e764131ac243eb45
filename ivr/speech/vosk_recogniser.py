"""One utterance heard by Vosk: what is said so far, what was said, and what is heard again because it is in doubt."""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from threading import Event
from typing import Any, Protocol

import numpy as np

from ivr.call.events import Heard
from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.vosk_again import LONGEST_SAMPLES, Judgement, judge, judge_again, unverified, worth_another
from ivr.speech.vosk_grammar import VoskGrammar
from ivr.speech.widening import Widening

_BATCH_SAMPLES = RATE_HZ * 60 // 1000  # the decoder works in larger blocks anyway; fewer calls, less CPU
_LOOK_AHEAD_SAMPLES = RATE_HZ * 400 // 1000  # of the decoder: one block and the right context of the network
_PAUSE_MS = 100  # shorter silences are closures of plosives; after one like this the look-ahead is made up
_PART_MS = 240  # as long as this, what was said so far is decided: the last words may still differ from the partial
_LEAD_SAMPLES = RATE_HZ * 200 // 1000  # of silence before the next part
_SPOKEN_NUMBER = 3  # words: fewer of them are part of a phrase ("one question")
_SHORTEST_WORD_S = 0.05  # clicks and hiss become words of a single frame of 30 ms


class Decoders(Protocol):
    """What a recogniser needs of its model."""

    patience_s: float | None

    def spare(self, phrases_json: str, decoder: Any) -> None:
        """Keep a decoder for the next caller."""
        ...

    def again_soon(self, phrases: Sequence[str], audio: Samples) -> "SecondHearing | None":
        """Hear an utterance once more."""
        ...


class SecondHearing:
    """An utterance that is being heard again."""

    def __init__(
        self, results_json: "Future[tuple[str, ...]]", unwanted: Event, grammar: VoskGrammar, reject: str | None
    ) -> None:
        self._results_json = results_json
        self._unwanted = unwanted
        self._grammar = grammar
        self._reject = reject

    def texts(self, patience_s: float | None) -> list[str]:
        """In the words of its phrases, before and after it knew the voice.  Raises TimeoutError."""
        heard = [json.loads(result).get("text", "").split() for result in self._results_json.result(patience_s)]
        return [self._grammar.text([word for word in words if word != self._reject]) for words in heard]

    def cancel(self) -> None:
        """Nobody needs it any more."""
        self._unwanted.set()
        self._results_json.cancel()


class VoskRecogniser:
    """Hears one utterance.  See ``ivr.speech.recogniser.Recogniser``."""

    def __init__(self, model: Decoders, decoder: Any, grammar: VoskGrammar, reject: str | None) -> None:
        self._model = model
        self._decoder = decoder
        self._grammar = grammar
        self._reject = reject
        self._widening = Widening()
        self._pending: list[Samples] = []
        self._pending_samples = 0
        self._advanced = 0  # silence given to the decoder that the line has not brought yet, in samples
        self._paused = self._parted = False
        self._known: list[str] = []
        self._seconds = self._sure_seconds = 0.0  # of all words; of those believed, times their posteriors
        self._partial = ""
        self._audio: list[Samples] = []  # all that was decoded, to be heard again
        self._length = 0
        self._again: SecondHearing | None = None
        self.judged: Judgement | None = None  # after ``finish``: how it came about

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        """Text in the words of the vocabulary; words the model rejected are left out.

        When the caller pauses, the decoder is given silence in advance, so that its look-ahead is behind it and the
        last word stands in the text at once instead of half a second later.  That much of the real pause is skipped.
        """
        if quiet_ms < _PAUSE_MS:
            self._advanced, self._paused, self._parted = 0, False, False
        self._take(samples)
        if self._parted:
            self._keep_only_lead()
        elif quiet_ms >= _PART_MS and self._paused:
            self._part()
        elif quiet_ms >= _PAUSE_MS and not self._paused:
            self._paused = True
            self._advance(samples[-RATE_HZ // 50 :])
        elif self._pending_samples >= _BATCH_SAMPLES:
            self._decode()
        return self._partial

    def finish(self) -> Heard:
        """A phrase of the vocabulary with the probability that it was said, or the text first heard with little.

        Numbers, and what is too long for a phrase, are heard once only; ``confidence`` is then the words' posteriors
        averaged over time, those of rejected words counting as 0.  Posteriors compare the paths the decoder kept and
        are often 1.0 for wrong words: a low value means doubt, a high one proves nothing.
        """
        if not self._parted:
            self._part()
        self._hand_on()
        if self.judged is None:
            return self._first()
        return self._verified(self.judged)

    def _verified(self, judged: Judgement) -> Heard:
        """What both hearings say; without the second one, nothing that is acted upon."""
        if self._again is None or self._grammar.phrases is None:
            return unverified(judged)
        try:
            again = self._again.texts(self._model.patience_s)
        except TimeoutError:
            self._again.cancel()
            return unverified(judged)
        self.judged = judge_again(judged, self._first(), again, self._grammar.phrases)
        return self.judged.heard

    def drop(self) -> None:
        """Most who ask for a person are put through in the middle of an utterance: their decoder is worth keeping."""
        if self._again is not None:
            self._again.cancel()
        if self._decoder:
            self._decoder.FinalResult()
        self._hand_on()

    def _hand_on(self) -> None:
        """The decoder is another caller's from now on."""
        if self._decoder:
            self._model.spare(self._grammar.phrases_json, self._decoder)
            self._decoder = None

    def _first(self) -> Heard:
        sure = min(self._sure_seconds / self._seconds, 1.0) if self._partial else 0.0
        return Heard(self._partial, sure)

    def _take(self, samples: Samples) -> None:
        skipped = min(self._advanced, len(samples))
        self._advanced -= skipped
        if skipped < len(samples):
            self._pending.append(samples[skipped:])
            self._pending_samples += len(samples) - skipped

    def _advance(self, quiet: Samples) -> None:
        """Go on with the line's own silence, which the decoder knows."""
        if len(quiet):
            self._pending.append(np.resize(quiet, _LOOK_AHEAD_SAMPLES))
            self._advanced = _LOOK_AHEAD_SAMPLES
        self._decode()

    def _part(self) -> None:
        """Decide what was said since the last part.  The decoder begins afresh with the next audio."""
        self._decode()
        self._keep(self._decoder.FinalResult())
        self._partial = self._text(self._known)
        self._parted = True
        self._judge()

    def _judge(self) -> None:
        """What was said so far, heard again unless it is hopeless: now, so that it is known if this was the end."""
        if self._again is not None:
            self._again.cancel()
        self._again = self.judged = None
        phrases = self._grammar.phrases
        if sum(word in self._grammar.counting for word in self._partial.split()) >= _SPOKEN_NUMBER:
            return  # no phrase holds the number that was said with it
        if self._partial and phrases and self._length <= LONGEST_SAMPLES:
            first = self._first()
            self.judged = judge(first, self._seconds, phrases)
            if worth_another(self.judged, phrases):
                self._again = self._model.again_soon((*self.judged.near, *phrases.decoys), np.concatenate(self._audio))

    def _keep_only_lead(self) -> None:
        if self._pending:
            lead = np.concatenate(self._pending)[-_LEAD_SAMPLES:]
            self._pending, self._pending_samples = [lead], len(lead)

    def _decode(self) -> None:
        if not self._pending:
            return
        samples = np.concatenate(self._pending)
        self._pending, self._pending_samples = [], 0
        if self._grammar.phrases and self._length <= LONGEST_SAMPLES:
            self._audio.append(samples)
            self._length += len(samples)
        if self._decoder.AcceptWaveform(self._widening.widen(samples).tobytes()):
            self._keep(self._decoder.Result())  # a part the decoder itself ended, after very long silence
        running = json.loads(self._decoder.PartialResult()).get("partial", "").split()
        self._partial = self._text([*self._known, *running])

    def _keep(self, result_json: str) -> None:
        for word in json.loads(result_json).get("result", []):
            seconds = word["end"] - word["start"]
            believed = word["word"] != self._reject and seconds > _SHORTEST_WORD_S
            self._known += [word["word"]] if believed else []
            self._seconds += max(seconds, 0.01)
            self._sure_seconds += seconds * word["conf"] * believed

    def _text(self, words: Iterable[str]) -> str:
        """Words as the vocabulary writes them, without the rejected."""
        return self._grammar.text([word for word in words if word != self._reject])
