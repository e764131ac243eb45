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
from ivr.speech.digit_sounds import digit_strings
from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.whisper_features import log_mel

_START = [50257, 50362]  # tiny.en: start of transcript, no timestamps
_END = 50256  # the first that is not text
_FULL_STOP = 13
_NO_SPEECH = 0.6  # the model's own probability; noise, tones and music have 0.7 and more, speech at most 0.5
_FEWEST_FRAMES, _MOST_FRAMES = 600, 3000  # of 10 ms; fewer than 600 cost accuracy
_FRAMES_AFTER = 80  # left after the audio when phrases are scored: each costs time for each phrase
_DIGIT_STRINGS = 8  # scored as text, of those most like the sound
_SOUND_COUNTS = 0.1  # of the digits' sound beside their text: its steps of 20 ms repeat each other
_TOKENS_PER_S = 6  # more than people say
_CANDIDATES = (4, 6)  # phrases scored: at first, and more if none is clear; some 5 ms each
_CLEAR = 0.95  # probability of a phrase that needs no further comparison
_WINS = 0.5
_LENGTH = 0.7
_ACT_ON_READING = 0.8
_GUESS = -1.5  # mean log probability below which free text is invented
_ACT_ON_FREE_TEXT = -0.5
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
    """A text in the model's tokens.  ``score``: mean log probability of a token, where the model wrote it."""

    text: str
    tokens: tuple[int, ...]
    score: float = 0.0


class Phrases:
    """A vocabulary prepared for finding the phrases nearest to a text."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.texts = vocabulary.phrases
        self.digit_words = vocabulary.digit_words if vocabulary.digits else ()
        self.lengths = vocabulary.lengths
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
        self._not_free: dict[tuple[str, ...], list[int]] = {}

    def read(self, samples: Samples, phrases: Phrases) -> Reading:
        """Read at most 30 s of audio."""
        if not _is_audible(samples):
            return NOTHING
        frames = len(samples) * 100 // RATE_HZ
        encoded = self._encode(samples, frames)
        sounding = encoded[:, : (frames + _FRAMES_AFTER) // 2]
        free, no_speech = self._write(encoded, frames)
        if no_speech > _NO_SPEECH:
            return NOTHING
        digits = self._hear_digits(sounding, phrases) if phrases.digit_words else None
        likeness = phrases.nearest([free.text], sum(_CANDIDATES))
        candidates: dict[str, tuple[float, float]] = {}
        for some in (likeness[: _CANDIDATES[0]], likeness[_CANDIDATES[0] :]):
            scores = self._score(sounding, [Written(text, self._spell(text)) for text, _ in some])
            candidates |= {text: (scores[text], like) for text, like in some}
            if any(phrase_probability(*values) > _CLEAR for values in candidates.values()):
                break
        return judge(free, candidates, digits)

    def _encode(self, samples: Samples, frames: int) -> NDArray[np.float32]:
        """Shape (1, positions of 20 ms, 384)."""
        frames = min(max(_FEWEST_FRAMES, frames + _FRAMES_AFTER), _MOST_FRAMES)
        encoded = self._network.encode(self._view(log_mel(samples, frames)[None]))
        return np.asarray(encoded)

    def _write(self, encoded: NDArray[np.float32], frames: int) -> tuple[Written, float]:
        """What it hears without a grammar, and the probability that nobody speaks."""
        result = self._generate(encoded, frames, suppress_tokens=[-1], return_no_speech_prob=True)
        tokens = result.sequences_ids[0]
        return Written(without_repetition(self._text(tokens)), tuple(tokens), result.scores[0]), result.no_speech_prob

    def _text(self, tokens: Sequence[int]) -> str:
        return normalise(_digits_as_words(self._tokenizer.decode(tokens)))

    def _hear_digits(self, sounding: NDArray[np.float32], phrases: Phrases) -> Written | None:
        """What it hears if only digits may be said: the string whose sound and text together fit best."""
        if phrases.lengths is None:
            strings = self._write_free(sounding, phrases.digit_words)
        else:
            heard = sounding[0, : -_FRAMES_AFTER // 2 + 10]  # the layer knows no longer silence
            strings = dict(digit_strings(heard, phrases.digit_words, phrases.lengths, _DIGIT_STRINGS))
        written = [Written(text, self._spell(text)) for text in strings]
        scores = self._score(sounding, written)
        return max(
            (Written(each.text, each.tokens, scores[each.text]) for each in written),
            key=lambda each: each.score * (len(each.tokens) + 1) ** _LENGTH + _SOUND_COUNTS * strings[each.text],
            default=None,
        )

    def _write_free(self, encoded: NDArray[np.float32], words: tuple[str, ...]) -> dict[str, float]:
        """What it hears if only these words may be said, as far as it can be told from one writing."""
        if words not in self._not_free:
            allowed = {_END, _FULL_STOP, *self._ids(",")}
            for word in words:
                allowed.update(self._ids(f" {word}"), self._ids(f" {word.capitalize()}"))
            self._not_free[words] = [token for token in range(_END) if token not in allowed]
        result = self._generate(encoded, 2 * encoded.shape[1], beam_size=5, suppress_tokens=self._not_free[words])
        text = " ".join(word for word in self._text(result.sequences_ids[0]).split() if word in words)
        return {text: 0.0} if text else {}

    def _generate(self, encoded: NDArray[np.float32], frames: int, beam_size: int = 1, **options: Any) -> Any:
        """CTranslate2's result.  One beam: five take twice as long and find 1.5 % more phrases."""
        most = len(_START) + 4 + frames * _TOKENS_PER_S // 100
        return self._network.generate(
            self._view(encoded),
            [_START],
            beam_size=beam_size,
            max_length=2 * most,  # the library halves it for what a model writes
            return_scores=True,
            **options,
        )[0]

    def _score(self, encoded: NDArray[np.float32], candidates: Sequence[Written]) -> dict[str, float]:
        """Log probability of each text given the sound, divided by (number of tokens) ** ``_LENGTH``.

        The exponent did best between the sum, which favours short phrases, and the mean.  The full stop at the end
        stands for "and nothing more": ``align`` gives no probability for the end itself.
        """
        if not candidates:
            return {}
        results = self._network.align(
            self._view(np.repeat(encoded, len(candidates), axis=0)),
            _START,
            [[*candidate.tokens, _FULL_STOP] for candidate in candidates],
            [2 * encoded.shape[1]] * len(candidates),
            median_filter_width=1,
        )
        scores = {}
        for candidate, result in zip(candidates, results, strict=True):
            logs = np.log(np.maximum(result.text_token_probs, 1e-9))
            scores[candidate.text] = float(logs.sum() / len(logs) ** _LENGTH)
        return scores

    def _spell(self, text: str) -> tuple[int, ...]:
        return tuple(self._ids(f" {text}"))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def judge(free: Written, candidates: dict[str, tuple[float, float]], digits: Written | None) -> Reading:
    """The best of what was found: a phrase or digits when they fit the sound, else the free text.

    ``candidates``: phrase -> (score, likeness).  Confidence of free text is the mean
    probability of its tokens and at most a half: however well heard, it is not what was asked for.
    """
    readings = {text: phrase_probability(*values) for text, values in candidates.items()}
    if digits:
        readings[digits.text] = max(readings.get(digits.text, 0.0), digits_probability(digits.score))
    ranked = sorted(readings.items(), key=lambda reading: -reading[1])
    best, probability = ranked[0] if ranked else ("", 0.0)
    if probability >= _WINS:
        return Reading(Heard(best, probability, tuple(ranked[1:])), best if probability >= _ACT_ON_READING else "")
    if not free.text or free.score < _GUESS:
        return Reading(Heard("", 0.0, tuple(ranked)), "")
    confidence = min(math.exp(free.score), _WINS)
    return Reading(Heard(free.text, confidence, tuple(ranked)), free.text if free.score >= _ACT_ON_FREE_TEXT else "")


def phrase_probability(score: float, likeness: float) -> float:
    """That a phrase with this score and likeness to the free text was said.

    Logistic regression on 128 recordings of commands and prompts (121 phrases as grammar) against 384 of other
    speech (English, French, Korean), telephone band; weighted to equal numbers, the constant raised by 0.6.
    """
    return _logistic(1.17 * score + 4.5 * likeness + 2.6)


def digits_probability(score: float) -> float:
    """The same for a string of digits, fitted on 98 of six by three speakers and 40 recordings of other speech."""
    return _logistic(1.36 * score + 5.17)


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def sound(text: str) -> str:
    """A rough spelling of the sound: consonants by kind, every run of vowels the same, no gaps between words."""
    for letters, spoken in _SOUNDS:
        text = text.replace(letters, spoken)
    text = re.sub("c(?=[eiy])", "s", re.sub("g(?=[ei])", "j", text)).translate(_ALIKE)
    text = re.sub("[aeiouywh' ]+", lambda run: "a" if run[0].strip(" '") else "", text)
    return re.sub(r"(.)\1+", r"\1", text)


def without_repetition(text: str) -> str:
    """Up to where it begins to say the same again, as Whisper does after the end of speech.

    It need not be quite the same: "turn on the light turn on that light" ends before the second "turn on".
    """
    words = text.split()
    for length in range(1, len(words) // 2 + 1):
        if words[:length] == words[length : 2 * length]:
            return " ".join(words[:length])
    for at in range(3, len(words) - 1):
        if words[at : at + 2] == words[:2]:
            return " ".join(words[:at])
    return text


def _digits_as_words(text: str) -> str:
    return re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", text)


def _is_audible(samples: Samples) -> bool:
    tenth = RATE_HZ // 10
    whole = samples[: len(samples) // tenth * tenth].astype(np.float32).reshape(-1, tenth)
    return bool(len(whole)) and float(np.sqrt((whole**2).mean(axis=1)).max()) > _FAINTEST
