"""Vosk: streaming recognition limited to a grammar of phrases.  The model, and the decoders its calls share."""

import faulthandler
import json
import os
import resource
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ivr.grammar.vocabulary import Vocabulary
from ivr.speech.recogniser import ModelUnusable, Samples
from ivr.speech.vosk_grammar import Dictionary, VoskGrammar
from ivr.speech.vosk_recogniser import SecondHearing, VoskRecogniser
from ivr.speech.vosk_settings import with_fitting_blas, with_our_settings
from ivr.speech.widening import Widening
from ivr.speech.words import fillers, words_of

_MODEL_HZ = 16_000  # what all published models were trained on
_LESS_URGENT = 15  # of 19: second hearings at 5 held up callers who asked for a person (p95 349 for 308 ms at 60 calls)
_NOISE_AGAIN = 50.0, 3  # and its seed: another noise than at first, so other errors
_PATIENCE_S = 0.25  # for a second hearing, after a sentence's last 440 ms of silence; then the first one decides
_STEP_BYTES = 2 * _MODEL_HZ  # of sound, a second: after each it is asked whether anybody still waits
_QUEUE = 3  # second hearings of one process under way or waiting: a fourth would not be there in time
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
        self._fillers = fillers(words_of(self._path))
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
        grammar = self._dictionary.compile(Vocabulary("", tuple(phrases)), self._fillers)
        with self._lock:
            if self._pool is None or self._pool_of != os.getpid():  # threads do not survive a fork
                self._pool = ThreadPoolExecutor(os.cpu_count(), "vosk", _after_the_callers)
                self._pool_of, self._queued = os.getpid(), 0
            if self._queued >= _QUEUE:
                return None
            self._queued += 1
            pool = self._pool
        sound = Widening(*_NOISE_AGAIN).widen(audio).tobytes()
        unwanted = threading.Event()
        future = pool.submit(self._decode_twice, grammar.phrases_json, sound, unwanted)
        future.add_done_callback(self._done)
        return SecondHearing(future, unwanted, grammar, self._reject)

    def _done(self, _: "Future[tuple[str, ...]]") -> None:
        with self._lock:
            self._queued -= 1

    def _decode_twice(self, phrases_json: str, sound: bytes, unwanted: threading.Event) -> tuple[str, ...]:
        """Both results, of which the second knows the voice.

        In a few long steps: a thread that waits behind others must not keep the interpreter from them.
        """
        decoder = self._new(phrases_json)
        results = []
        for end in (decoder.Result, decoder.FinalResult):  # only the first keeps the adaptation to the voice
            for at in range(0, len(sound), _STEP_BYTES):
                if unwanted.is_set():
                    return ()
                decoder.AcceptWaveform(sound[at : at + _STEP_BYTES])
            results.append(end())
        return tuple(results)

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


def _after_the_callers() -> None:
    """On Linux a thread has a priority of its own: who asks for a person is not to wait for a second hearing."""
    os.nice(_LESS_URGENT)
