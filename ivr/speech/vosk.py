"""Vosk: streaming recognition limited to a grammar of phrases, one recogniser for each utterance."""

import faulthandler
import json
import os
import resource
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ivr.call.events import Heard
from ivr.grammar.vocabulary import Vocabulary
from ivr.speech.recogniser import RATE_HZ, ModelUnusable, Samples
from ivr.speech.vosk_again import LONGEST_SAMPLES, Judgement, in_doubt, judge, judge_again
from ivr.speech.vosk_grammar import Dictionary, VoskGrammar
from ivr.speech.vosk_settings import with_fitting_blas, with_our_settings
from ivr.speech.widening import Widening

_MODEL_HZ = 16_000  # what all published models were trained on
_BATCH_SAMPLES = RATE_HZ * 60 // 1000  # the decoder works in larger blocks anyway; fewer calls, less CPU
_LOOK_AHEAD_SAMPLES = RATE_HZ * 400 // 1000  # of the decoder: one block and the right context of the network
_PAUSE_MS = 100  # shorter silences are closures of plosives; after one like this the look-ahead is made up
_PART_MS = 240  # as long as this, what was said so far is decided: the last words may still differ from the partial
_LEAD_SAMPLES = RATE_HZ * 200 // 1000  # of silence before the next part
_LESS_URGENT = 15  # of 19: second hearings at 5 held up callers who asked for a person (p95 349 for 308 ms at 60 calls)
_NOISE_AGAIN = 50.0, 3  # and its seed: another noise than at first, so other errors
_PATIENCE_S = 0.25  # for a second hearing, after a sentence's last 440 ms of silence; then the first one decides
_QUEUE = 3  # second hearings of one process under way or waiting: a fourth would not be there in time
_SPOKEN_NUMBER = 3  # words: fewer of them are part of a phrase ("one question")
_SHORTEST_WORD_S = 0.05  # clicks and hiss become words of a single frame of 30 ms
_REJECT_WORDS = ("[unk]", "<UNK>")  # English, French, Czech models; the Korean one
_SPARE = 8  # decoders of one process between two utterances, of 1.4 MB each; with 30 calls about five talk at a time
_KEPT_GRAMMARS = 64  # grammars ready to use: one for each language, kind of question and version of the files


class VoskModel:
    """A Vosk model of the kind that takes grammars (the "small" and "lgraph" ones), shared by all its calls.

    Loaded at once, so that processes forked later share its memory; it starts no threads.  Any number of recognisers
    may be used at the same time.
    """

    def __init__(self, path: Path | str) -> None:
        """Raises ModelUnusable.  Never downloads anything."""
        self._path = Path(path)
        self.name = f"vosk {self._path.parent.name if self._path.name == 'model' else self._path.name}"
        self._check_files()
        with with_fitting_blas():
            import vosk

        vosk.SetLogLevel(-1)
        self._recogniser = vosk.KaldiRecognizer
        with with_our_settings(self._path) as directory:
            try:
                self._model = vosk.Model(str(directory))
            except Exception as error:  # the library raises nothing more precise
                raise self._unusable("Vosk cannot load it, a file is missing or damaged") from error
        self._reject = next((word for word in _REJECT_WORDS if self._knows(word)), None)
        self._try_out()
        self._dictionary = Dictionary(self._knows, self._reject)
        self._grammars: dict[Vocabulary, VoskGrammar] = {}
        self._spare: deque[tuple[str, Any]] = deque(maxlen=_SPARE)  # and their phrases_json, the last used on the right
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._pool_of = 0  # the process that the pool's threads live in
        self._queued = 0
        self.patience_s: float | None = _PATIENCE_S
        """How long a recogniser waits for its second hearing at most; None for as long as it takes."""

    def listen(self, vocabulary: Vocabulary) -> "VoskRecogniser":
        """A recogniser for one utterance."""
        grammar = self._grammars.get(vocabulary)
        if grammar is None:
            while len(self._grammars) >= _KEPT_GRAMMARS:
                self._grammars.pop(next(iter(self._grammars)), None)
            grammar = self._grammars[vocabulary] = self._dictionary.compile(vocabulary)
        return VoskRecogniser(self, self._decoder_for(grammar.phrases_json), grammar, self._reject)

    def _decoder_for(self, phrases_json: str) -> Any:
        """A decoder that heard this grammar before, or a new one.

        A decoder works out a grammar's graph only where the words that it hears lead, and keeps what it worked out.
        """
        with self._lock:
            for spare in reversed(self._spare):
                if spare[0] == phrases_json:
                    self._spare.remove(spare)
                    return spare[1]
        return self._new(phrases_json)

    def spare(self, phrases_json: str, decoder: Any) -> None:
        """Keep a decoder for the next caller.  Its FinalResult was taken: it knows nothing of the voice any more."""
        with self._lock:
            self._spare.append((phrases_json, decoder))

    def phrases_json(self, vocabulary: Vocabulary) -> str:
        """The grammar as Vosk takes it; "" for none."""
        return self._dictionary.compile(vocabulary).phrases_json

    def again_soon(self, phrases: Sequence[str], audio: Samples) -> "SecondHearing | None":
        """Hear an utterance once more on the model's own threads; None when too many others wait for that."""
        grammar = self._dictionary.compile(Vocabulary("", tuple(phrases)))
        with self._lock:
            if self._pool is None or self._pool_of != os.getpid():  # threads do not survive a fork
                self._pool = ThreadPoolExecutor(os.cpu_count(), "vosk", _after_the_callers)
                self._pool_of, self._queued = os.getpid(), 0
            if self._queued >= _QUEUE:
                return None
            self._queued += 1
            pool = self._pool
        sound = Widening(*_NOISE_AGAIN).widen(audio).tobytes()
        future = pool.submit(self._decode_twice, grammar.phrases_json, sound)
        future.add_done_callback(self._done)
        return SecondHearing(future, grammar, self._reject)

    def _done(self, _: "Future[str]") -> None:
        with self._lock:
            self._queued -= 1

    def _decode_twice(self, phrases_json: str, sound: bytes) -> str:
        """Only what needs no interpreter: a thread that waits behind others must not keep that from them."""
        if not phrases_json:
            return "{}"
        decoder = self._new(phrases_json)
        decoder.AcceptWaveform(sound)
        decoder.Result()  # keeps the adaptation to the voice; FinalResult would throw it away
        decoder.AcceptWaveform(sound)
        result: str = decoder.FinalResult()
        return result

    def unknown_words(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """The words of these phrases that the model has no pronunciation for, in order of appearance.

        A phrase with such a word cannot be recognised and is left out of the grammar.
        """
        words = dict.fromkeys(word for phrase in phrases for word in phrase.split())
        return tuple(word for word in words if self._dictionary.split(word) is None)

    def _new(self, phrases_json: str) -> Any:
        # An empty list as grammar crashes the process (vosk 0.3.45); without one the model hears free speech.
        arguments = (phrases_json,) if phrases_json else ()
        recogniser = self._recogniser(self._model, _MODEL_HZ, *arguments)
        recogniser.SetWords(True)
        return recogniser

    def _knows(self, word: str) -> bool:
        return self._model.vosk_model_find_word(word) >= 0  # type: ignore[no-any-return]

    def _check_files(self) -> None:
        if not self._path.is_dir():
            raise self._unusable("there is no such directory")
        graph = self._path / "graph" if (self._path / "graph").is_dir() else self._path
        for needed in (graph / "HCLr.fst", graph / "Gr.fst"):
            if not needed.is_file():
                raise self._unusable(f"it has no {needed.name}: damaged, or a large model, which takes no grammar")

    def _try_out(self) -> None:
        """Recognise a little silence in a child process: what Vosk cannot use of a damaged model ends the process."""
        child = os.fork()
        if child == 0:
            status = 1
            faulthandler.disable()  # a crash is an answer here, not a bug to report
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            try:
                recogniser = self._new(json.dumps([self._reject]) if self._reject else "")
                recogniser.AcceptWaveform(bytes(_MODEL_HZ))
                recogniser.FinalResult()
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(child, 0)[1] != 0:
            raise self._unusable("Vosk fails while recognising with it, a file is missing or damaged")

    def _unusable(self, why: str) -> ModelUnusable:
        return ModelUnusable(self._path, why, "install a model with: ivr models install LANGUAGE")


class SecondHearing:
    """An utterance that is being heard again."""

    def __init__(self, result_json: "Future[str]", grammar: VoskGrammar, reject: str | None) -> None:
        self._result_json = result_json
        self._grammar = grammar
        self._reject = reject

    def text(self, patience_s: float | None) -> str:
        """In the words of its phrases.  Raises TimeoutError."""
        words = json.loads(self._result_json.result(patience_s)).get("text", "").split()
        return self._grammar.text([word for word in words if word != self._reject])

    def cancel(self) -> None:
        """Nobody needs it any more."""
        self._result_json.cancel()


def _after_the_callers() -> None:
    """On Linux a thread has a priority of its own: who asks for a person is not to wait for a second hearing."""
    os.nice(_LESS_URGENT)


class VoskRecogniser:
    """Hears one utterance.  See ``ivr.speech.recogniser.Recogniser``."""

    def __init__(self, model: VoskModel, decoder: Any, grammar: VoskGrammar, reject: str | None) -> None:
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
        if self._again is not None and self.judged and self._grammar.phrases:
            with suppress(TimeoutError):
                again = self._again.text(self._model.patience_s)
                self.judged = judge_again(self.judged, self._first(), again, self._grammar.phrases)
        return self.judged.heard if self.judged else self._first()

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
        """What was said so far, heard again where that is in doubt: now, so that it is known if this was the end."""
        if self._again is not None:
            self._again.cancel()
        self._again = self.judged = None
        phrases = self._grammar.phrases
        if sum(word in self._grammar.counting for word in self._partial.split()) >= _SPOKEN_NUMBER:
            return  # no phrase holds the number that was said with it
        if self._partial and phrases and self._length <= LONGEST_SAMPLES:
            first = self._first()
            self.judged = judge(first, self._seconds, phrases)
            if in_doubt(self.judged, phrases):
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
