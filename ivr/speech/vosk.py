"""Vosk: streaming recognition limited to a grammar of phrases, one recogniser for each utterance."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.call.events import Heard
from ivr.grammar.vocabulary import Vocabulary
from ivr.speech.recogniser import RATE_HZ, Samples

_MODEL_HZ = 16_000  # what all published models were trained on
_BATCH_SAMPLES = RATE_HZ * 60 // 1000  # the decoder works in larger blocks anyway; fewer calls, less CPU
_PAUSE_MS = 100  # shorter silences are closures of plosives; a pause this long may be the end
_PADDING_SAMPLES = RATE_HZ * 400 // 1000  # what the network looks ahead: its right context and one block
_NOISE = 50.0  # see _Widening
_REJECT_WORDS = ("[unk]", "<UNK>")  # English, French, Czech models; the Korean one
_KEPT_GRAMMARS = 64  # grammars ready to use: one for each language, kind of question and version of the files
_HANGUL = re.compile("[가-힣]+")


class ModelUnusable(Exception):
    """A recognition model cannot be used; the message says which, why, and what to do."""

    def __init__(self, path: Path | str, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}; {remedy}")
        self.path, self.why, self.remedy = path, why, remedy


@dataclass(frozen=True, slots=True)
class _Grammar:
    """A vocabulary in the model's own words: Vosk's JSON, and whole words by the pieces the model has for them."""

    phrases_json: str
    wholes: dict[tuple[str, ...], str]
    longest: int  # pieces of one whole


class VoskModel:
    """A Vosk model of the kind that takes grammars (the "small" and "lgraph" ones), shared by all its calls.

    Loaded at once, so that processes forked later share its memory; it starts no threads.  Any number of recognisers
    may be used at the same time.  ``decoys`` are frequent words of the language, added to every grammar: speech that
    is not in it can become these instead of the nearest phrase.
    """

    def __init__(self, path: Path | str, decoys: tuple[str, ...] = ()) -> None:
        """Raises ModelUnusable.  Never downloads anything."""
        self._path = Path(path)
        self.name = f"vosk {self._path.parent.name if self._path.name == 'model' else self._path.name}"
        self._decoys = decoys
        self._check_files()
        import vosk

        vosk.SetLogLevel(-1)
        self._recogniser = vosk.KaldiRecognizer
        try:
            self._model = vosk.Model(str(self._path))
        except Exception as error:  # the library raises nothing more precise
            raise self._unusable("Vosk cannot load it, a file is missing or damaged") from error
        self._try_out()
        self._reject = next((word for word in _REJECT_WORDS if self._knows(word)), None)
        self._pieces: dict[str, tuple[str, ...] | None] = {}
        self._grammars: dict[Vocabulary, _Grammar] = {}

    def listen(self, vocabulary: Vocabulary) -> "VoskRecogniser":
        """A recogniser for one utterance."""
        grammar = self._grammars.get(vocabulary)
        if grammar is None:
            while len(self._grammars) >= _KEPT_GRAMMARS:
                self._grammars.pop(next(iter(self._grammars)), None)
            grammar = self._grammars[vocabulary] = self._compile(vocabulary)
        return VoskRecogniser(self._new(grammar.phrases_json), grammar, self._reject)

    def unknown_words(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """The words of these phrases that the model has no pronunciation for, in order of appearance.

        A phrase with such a word cannot be recognised and is left out of the grammar.
        """
        words = dict.fromkeys(word for phrase in phrases for word in phrase.split())
        return tuple(word for word in words if self._split(word) is None)

    def _compile(self, vocabulary: Vocabulary) -> _Grammar:
        wholes: dict[tuple[str, ...], str] = {}
        phrases: dict[str, None] = {}
        for phrase in (*vocabulary.phrases, *(vocabulary.digit_words if vocabulary.digits else ()), *self._decoys):
            split = [self._split(word) for word in phrase.split()]
            known = [pieces for pieces in split if pieces]
            if known and len(known) == len(split):
                phrases[" ".join(piece for pieces in known for piece in pieces)] = None
                wholes.update(
                    (pieces, word) for pieces, word in zip(known, phrase.split(), strict=True) if len(pieces) > 1
                )
        if self._reject:
            phrases[self._reject] = None
        # ASCII-only JSON would lose every other word: the library does not decode \u escapes.
        text = json.dumps(list(phrases), ensure_ascii=False) if phrases else ""
        return _Grammar(text, wholes, max(map(len, wholes), default=1))

    def _new(self, phrases_json: str) -> Any:
        # An empty list as grammar crashes the process (vosk 0.3.45); without one the model hears free speech.
        arguments = (phrases_json,) if phrases_json else ()
        recogniser = self._recogniser(self._model, _MODEL_HZ, *arguments)
        recogniser.SetWords(True)
        return recogniser

    def _knows(self, word: str) -> bool:
        return self._model.vosk_model_find_word(word) >= 0  # type: ignore[no-any-return]

    def _split(self, word: str) -> tuple[str, ...] | None:
        """The fewest pieces known to the model that make up a word, or None.

        Korean models know stems and endings, not inflected words; in other scripts only whole words count, as their
        pieces would be pronounced otherwise.
        """
        if word not in self._pieces:
            self._pieces[word] = self._fewest_pieces(word) if _HANGUL.fullmatch(word) else self._whole(word)
        return self._pieces[word]

    def _whole(self, word: str) -> tuple[str, ...] | None:
        return (word,) if self._knows(word) else None

    def _fewest_pieces(self, word: str) -> tuple[str, ...] | None:
        best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
        for end in range(1, len(word) + 1):
            for start in range(end):
                before, piece = best[start], word[start:end]
                if before is not None and self._knows(piece):
                    best[end] = min((*before, piece), best[end] or (), key=lambda pieces: len(pieces) or len(word) + 1)
        return best[-1]

    def _check_files(self) -> None:
        if not self._path.is_dir():
            raise self._unusable("there is no such directory")
        for needed in ("graph/HCLr.fst", "graph/Gr.fst"):
            if not (self._path / needed).is_file():
                raise self._unusable(f"{needed} is missing: damaged, or a large model, which cannot take a grammar")

    def _try_out(self) -> None:
        """Recognise a little silence in a child process: what Vosk cannot use of a damaged model ends the process."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                recogniser = self._new(json.dumps(_REJECT_WORDS))
                recogniser.AcceptWaveform(bytes(_MODEL_HZ))
                recogniser.FinalResult()
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(child, 0)[1] != 0:
            raise self._unusable("Vosk fails while recognising with it, a file is missing or damaged")

    def _unusable(self, why: str) -> ModelUnusable:
        return ModelUnusable(self._path, why, "install a model with: ivr models install LANGUAGE")


class VoskRecogniser:
    """Hears one utterance.  See ``ivr.speech.recogniser.Recogniser``."""

    def __init__(self, decoder: Any, grammar: _Grammar, reject: str | None) -> None:
        self._decoder = decoder
        self._grammar = grammar
        self._reject = reject
        self._widening = _Widening()
        self._pending: list[Samples] = []
        self._pending_samples = 0
        self._borrowed = 0
        self._words: list[dict[str, Any]] = []
        self._partial = ""

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        """Text in the words of the vocabulary; words the model rejected are left out.

        When the caller pauses, the decoder is given silence in advance: what it looks ahead is then behind it, and the
        last word stands in the text at once instead of half a second later.  That much of the real pause is skipped.
        """
        if quiet_ms < _PAUSE_MS:
            self._borrowed = 0
        samples = self._repay(samples)
        if len(samples):
            self._pending.append(samples)
            self._pending_samples += len(samples)
        if quiet_ms >= _PAUSE_MS and not self._borrowed and self._pending:
            quiet = samples[-min(len(samples), RATE_HZ // 50) :]
            self._borrowed = _PADDING_SAMPLES
            self._pending.append(np.resize(quiet, _PADDING_SAMPLES))
            self._decode()
        elif self._pending_samples >= _BATCH_SAMPLES:
            self._decode()
        return self._partial

    def finish(self) -> Heard:
        """``confidence``: the words' posteriors averaged over time, rejected words counting as 0.

        The posteriors compare the paths the decoder kept and are often 1.0 for wrong words: a low value means doubt, a
        high one proves nothing without the distance of the text to the grammar.
        """
        self._decode()
        self._keep(self._decoder.FinalResult())
        return Heard(self._text(word["word"] for word in self._words), self._confidence())

    def _repay(self, samples: Samples) -> Samples:
        skipped = min(self._borrowed - 1, len(samples)) if self._borrowed > 1 else 0
        self._borrowed -= skipped
        return samples[skipped:]

    def _decode(self) -> None:
        if not self._pending:
            return
        samples = np.concatenate(self._pending)
        self._pending, self._pending_samples = [], 0
        if self._decoder.AcceptWaveform(self._widening.widen(samples).tobytes()):
            self._keep(self._decoder.Result())
        running = json.loads(self._decoder.PartialResult()).get("partial", "").split()
        self._partial = self._text([*(word["word"] for word in self._words), *running])

    def _keep(self, result_json: str) -> None:
        self._words += json.loads(result_json).get("result", [])

    def _text(self, words: Any) -> str:
        """Words as the vocabulary writes them: without the rejected, pieces put together again."""
        pieces = [word for word in words if word != self._reject]
        whole: list[str] = []
        at = 0
        while at < len(pieces):
            for length in range(self._grammar.longest, 1, -1):
                joined = self._grammar.wholes.get(tuple(pieces[at : at + length]))
                if joined:
                    break
            else:
                length, joined = 1, pieces[at]
            whole.append(joined)
            at += length
        return " ".join(whole)

    def _confidence(self) -> float:
        known = total = 0.0
        for word in self._words:
            seconds = max(word["end"] - word["start"], 0.01)
            total += seconds
            known += seconds * word["conf"] * (word["word"] != self._reject)
        return min(known / total, 1.0) if total else 0.0


class _Widening:
    """Telephone audio at the rate of the model, with something in the band a telephone does not carry.

    Models are trained on 16 kHz; nothing at all above 4 kHz is unlike anything they have heard.  Noise of standard
    deviation 50 there and below (about 30 dB under speech) nearly doubled the sentences recognised.
    """

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)
        self._last = 0

    def widen(self, samples: Samples) -> NDArray[np.int16]:
        wide = np.empty(2 * len(samples), dtype=np.float32)
        wide[1::2] = samples
        wide[2::2] = (samples[:-1].astype(np.float32) + samples[1:]) / 2
        wide[0] = (self._last + float(samples[0])) / 2
        self._last = int(samples[-1])
        wide += self._random.standard_normal(len(wide), dtype=np.float32) * _NOISE
        return np.clip(wide, -32768, 32767).astype(np.int16)
