"""One utterance read by Whisper: free text, the phrases it may have been, and how sure we are.

Whisper's free text is often wrong on telephone audio where the sound leaves little doubt among the sentences a caller
may say.  So the phrases that look or sound like the free text are scored against the audio: how probable is each of
their words, given the words before it and the sound.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from ivr.call.events import Heard
from ivr.grammar import Vocabulary, normalise
from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.whisper_features import log_mel

_START = [50257, 50362]  # tiny.en: start of transcript, no timestamps
_END = 50256  # the first that is not text
_FULL_STOP = 13
_FEWEST_FRAMES, _MOST_FRAMES = 600, 3000  # of 10 ms; with fewer than 600, digits are lost
_FRAMES_AFTER = 80  # left after the audio when phrases are scored: each costs time for each phrase
_TOKENS_PER_S = 6  # more than people say
_CANDIDATES = 12
_HYPOTHESES = 3
_FAINTEST = 30.0  # -60 dB of full scale in the loudest 100 ms: nobody speaks so quietly into a telephone
_SOUNDS = (
    *(("tion", "shn"), ("ph", "f"), ("ck", "k"), ("tch", "j"), ("dge", "j"), ("sh", "j"), ("ch", "j"), ("th", "t")),
    *(("gh", ""), ("qu", "kw"), ("x", "ks"), ("kn", "n"), ("wr", "r")),
)
_ALIKE = str.maketrans("bdgzvmcq", "ptksfnkk")  # pairs a telephone hardly tells apart
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Reading:
    """``partial``: what a call may act upon before the utterance is over, or ""."""

    heard: Heard
    partial: str


NOTHING = Reading(Heard("", 0.0), "")


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the model's tokens.  ``score``: mean log probability of a token, as the model wrote it."""

    text: str
    tokens: tuple[int, ...]
    score: float = 0.0


class Phrases:
    """A vocabulary prepared for finding the phrases nearest to a text."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.texts = vocabulary.phrases
        self.digit_words = vocabulary.digit_words if vocabulary.digits else ()
        self._sounds = [sound(text) for text in self.texts]

    def nearest(self, texts: Iterable[str], most: int) -> list[tuple[str, float]]:
        """The phrases most like any of these texts in letters or sound, with that likeness (0 to 1), best first."""
        if not self.texts:
            return []
        likeness = np.zeros(len(self.texts), dtype=np.float32)
        for text in dict.fromkeys(texts):
            np.maximum(likeness, cdist([text], self.texts, scorer=fuzz.ratio)[0], out=likeness)
            np.maximum(likeness, cdist([sound(text)], self._sounds, scorer=fuzz.ratio)[0], out=likeness)
        best = np.argsort(-likeness, kind="stable")[:most]
        return [(self.texts[index], float(likeness[index]) / 100) for index in best]


class Reader:
    """The network.  May be used from several threads at once, each reading on a core of its own."""

    def __init__(self, path: Path, workers: int) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        self._view = ctranslate2.StorageView.from_array
        self._network = ctranslate2.models.Whisper(
            str(path), device="cpu", compute_type="int8", inter_threads=workers, intra_threads=1
        )
        self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        self._silenced: dict[tuple[str, ...], list[int]] = {}

    def read(self, samples: Samples, phrases: Phrases) -> Reading:
        """Read at most 30 s of audio."""
        if not _is_audible(samples):
            return NOTHING
        frames = len(samples) * 100 // RATE_HZ
        encoded = self._encode(samples, frames)
        free = self._write(encoded, frames)
        digits = self._write_digits(encoded, frames, phrases.digit_words) if phrases.digit_words else None
        near = phrases.nearest((written.text for written in free), _CANDIDATES)
        candidates = [Written(text, self._spell(text)) for text, _ in near]
        if digits:
            candidates.append(digits)
        scores = self._score(encoded[:, : (frames + _FRAMES_AFTER) // 2], candidates)
        return judge(free, dict(near), {c.text: s for c, s in zip(candidates, scores, strict=True)}, digits)

    def _encode(self, samples: Samples, frames: int) -> NDArray[np.float32]:
        """Shape (1, positions of 20 ms, 384)."""
        frames = min(max(_FEWEST_FRAMES, frames + _FRAMES_AFTER), _MOST_FRAMES)
        encoded = self._network.encode(self._view(log_mel(samples, frames)[None]))
        return np.asarray(encoded)

    def _write(self, encoded: NDArray[np.float32], frames: int) -> list[Written]:
        """What it hears without a grammar, best first."""
        result = self._generate(encoded, frames, suppress_tokens=[-1], no_repeat_ngram_size=3)
        found = []
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True):
            text = without_repetition(normalise(_digits_as_words(self._tokenizer.decode(tokens))))
            found.append(Written(text, tuple(tokens), score))
        return found

    def _generate(self, encoded: NDArray[np.float32], frames: int, **options: Any) -> Any:
        return self._network.generate(
            self._view(encoded),
            [_START],
            beam_size=5,
            num_hypotheses=_HYPOTHESES,
            max_length=2 * (len(_START) + 4 + frames * _TOKENS_PER_S // 100),
            return_scores=True,
            **options,
        )[0]

    def _write_digits(self, encoded: NDArray[np.float32], frames: int, words: tuple[str, ...]) -> Written | None:
        """What it hears if only digits may be said."""
        if words not in self._silenced:
            allowed = {_END, *self._ids(" ,"), *self._ids(","), *self._ids("-"), *self._ids(" -"), _FULL_STOP}
            for word in (*words, *"0123456789"):
                for form in (f" {word}", word, f" {word.capitalize()}", word.capitalize()):
                    allowed.update(self._ids(form))
            self._silenced[words] = [token for token in range(_END) if token not in allowed]
        result = self._generate(encoded, frames, suppress_tokens=self._silenced[words])
        tokens = result.sequences_ids[0]
        text = normalise(_digits_as_words(self._tokenizer.decode(tokens)))
        kept = [word for word in text.split() if word in words]
        return Written(" ".join(kept), tuple(t for t in tokens if t < _END), result.scores[0]) if kept else None

    def _score(self, encoded: NDArray[np.float32], candidates: Sequence[Written]) -> list[float]:
        """Log probability of each text given the sound, divided by (number of tokens) ** 0.7.

        The exponent did best between the sum, which favours short phrases, and the mean.  The full stop at the end
        stands for "and nothing more": ``align`` gives no probability for the end itself.
        """
        if not candidates:
            return []
        tokens = [[*(t for t in candidate.tokens if t != _FULL_STOP), _FULL_STOP] for candidate in candidates]
        results = self._network.align(
            self._view(np.repeat(encoded, len(tokens), axis=0)),
            _START,
            tokens,
            [2 * encoded.shape[1]] * len(tokens),
            median_filter_width=1,
        )
        logs = [np.log(np.maximum(result.text_token_probs, 1e-9)) for result in results]
        return [float(log.sum() / len(log) ** 0.7) for log in logs]

    def _spell(self, text: str) -> tuple[int, ...]:
        return tuple(self._ids(f" {text}"))

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids  # type: ignore[no-any-return]


def judge(
    free: Sequence[Written], likeness: dict[str, float], scores: dict[str, float], digits: Written | None
) -> Reading:
    """The best of what was found.  ``likeness`` and ``scores``: for each candidate phrase."""
    ranked = sorted(((_probability(scores[text], likeness[text]), text) for text in likeness), reverse=True)
    best, text = ranked[0] if ranked else (0.0, "")
    heard = Heard(text, best, tuple((other, probability) for probability, other in ranked[1:]))
    return Reading(heard, text if best >= 0.5 else "")


def _probability(score: float, likeness: float) -> float:
    return 1.0 / (1.0 + math.exp(-(1.6 * score + 8.0 * likeness - 2.0)))


def sound(text: str) -> str:
    """A rough spelling of the sound: consonants by kind, every run of vowels the same, no gaps between words."""
    for letters, spoken in _SOUNDS:
        text = text.replace(letters, spoken)
    text = re.sub("c(?=[eiy])", "s", re.sub("g(?=[ei])", "j", text)).translate(_ALIKE)
    text = re.sub("[aeiouywh' ]+", lambda run: "a" if run[0].strip(" '") else "", text)
    return re.sub(r"(.)\1+", r"\1", text)


def without_repetition(text: str) -> str:
    """Up to where it begins to say the same again, as Whisper does after the end of speech."""
    words = text.split()
    for length in range(1, len(words) // 2 + 1):
        if words[:length] == words[length : 2 * length]:
            return " ".join(words[:length])
    return text


def _digits_as_words(text: str) -> str:
    return re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", text)


def _is_audible(samples: Samples) -> bool:
    tenth = RATE_HZ // 10
    whole = samples[: len(samples) // tenth * tenth].astype(np.float32).reshape(-1, tenth)
    return bool(len(whole)) and float(np.sqrt((whole**2).mean(axis=1)).max()) > _FAINTEST
