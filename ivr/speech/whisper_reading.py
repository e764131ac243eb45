"""One utterance read by Whisper: free text, the phrases it may have been, and how sure we are.

Whisper's free text is often wrong on telephone audio where the sound leaves little doubt among the sentences a caller
may say.  So the phrases that look or sound like the free text are scored against the audio: how probable is each of
their words, given the words before it and the sound.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.grammar import normalise
from ivr.speech.digit_sounds import digit_strings, digits_in
from ivr.speech.recogniser import RATE_HZ, Samples
from ivr.speech.whisper_features import log_mel
from ivr.speech.whisper_judging import NOTHING, NumberEvidence, Reading, Written, judge, weigh
from ivr.speech.whisper_phrases import Phrases, free_text, same_words, unmatched, with_numbers
from ivr.speech.whisper_repetition import repeats, sound_of, without_repetition, words_of

_START = [50257, 50362]  # tiny.en: start of transcript, no timestamps
_END = 50256  # the first that is not text
_FULL_STOP = 13
_NO_SPEECH = 0.6  # the model's own probability; noise, tones and music have 0.7 and more, speech at most 0.5
_FEWEST_FRAMES, _MOST_FRAMES = 600, 3000  # of 10 ms; fewer than 600 cost accuracy
_FRAMES_AFTER = 80  # left after the audio when phrases are scored: each costs time for each phrase
_DIGIT_STRINGS = 8  # scored as text, of those most like the sound
_SOUND_COUNTS = 0.2  # of the digits' sound beside their text: its steps of 20 ms repeat each other
_TOKENS_PER_S = 6  # more than people say
_CANDIDATES = 10  # phrases scored, in one call; some 5 ms each
_LENGTH = 0.7
_FAINTEST = 30.0  # -60 dB of full scale in the loudest 100 ms: nobody speaks so quietly into a telephone

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


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
        free, raw, no_speech = self._write(encoded, sounding, samples)
        if no_speech > _NO_SPEECH:
            return NOTHING
        digits = self._hear_digits(sounding, phrases) if phrases.digit_words else None
        texts = {free.text, normalise(_digits_as_words(raw)), with_numbers(raw)}
        near = phrases.nearest(texts, _CANDIDATES)
        written = dict.fromkeys([*(text for text, _ in near), *filter(None, [free.text])])
        logs = self._score(sounding, [Written(text, self._spell(text)) for text in written])
        fits = {text: float(each.mean()) for text, each in logs.items()}
        for text in texts & fits.keys():
            fits[text] = max(fits[text], free.score)  # with the capitals or numerals it likes to write
        against = {text: self._against(text, logs, free, phrases) for text, _ in near}
        return judge(free, weigh(near, fits, phrases.meaning, against), digits)

    def _against(
        self, text: str, logs: dict[str, NDArray[np.float64]], free: Written, phrases: Phrases
    ) -> tuple[float, float, float]:
        """What speaks against a phrase: its worst token, its distance to the free text in sound and in words.

        The distances count as much as the free text is sure.  Far ones tell no more than less far ones; words that only
        are spelt in another way are at no distance.
        """
        apart = unmatched(with_numbers(text), free.text, phrases.fillers)
        further = free.text and not same_words(text, free.text)
        behind = float(logs[free.text].sum() - logs[text].sum()) if further else 0.0
        worst, sure = float(logs[text].min()), free.sure if free.text else 0.0
        return worst, sure * max(-3.0, min(behind, 12.0)), sure * min(apart, 4.0)

    def write(self, samples: Samples) -> str:
        """Free speech, greedily, as for short utterances; "" where nobody speaks."""
        if not _is_audible(samples):
            return ""
        frames = len(samples) * 100 // RATE_HZ
        encoded = self._encode(samples, frames)
        result = self._generate(
            encoded,
            frames,
            suppress_tokens=[-1],
            return_no_speech_prob=True,
            no_repeat_ngram_size=6,  # it says things again and again after the end of speech
        )
        if result.no_speech_prob > _NO_SPEECH:
            return ""
        sounding = encoded[:, : (frames + _FRAMES_AFTER) // 2]
        text: str = self._tokenizer.decode(self._without_repetition(result.sequences_ids[0], sounding, samples)[0])
        return text.strip()

    def sounding(self, samples: Samples) -> NDArray[np.float32]:
        """What the layer for digits hears: positions of 20 ms, with 200 ms of silence at the end, shape (.., 384)."""
        frames = len(samples) * 100 // RATE_HZ
        return self._encode(samples, frames)[0, : (frames + _FRAMES_AFTER) // 2 - _FRAMES_AFTER // 2 + 10]

    def _encode(self, samples: Samples, frames: int) -> NDArray[np.float32]:
        """Shape (1, positions of 20 ms, 384)."""
        frames = min(max(_FEWEST_FRAMES, frames + _FRAMES_AFTER), _MOST_FRAMES)
        encoded = self._network.encode(self._view(log_mel(samples, frames)[None]))
        return np.asarray(encoded)

    def _write(
        self, encoded: NDArray[np.float32], sounding: NDArray[np.float32], samples: Samples
    ) -> tuple[Written, str, float]:
        """What it hears without a grammar, the same as it wrote it, and the probability that nobody speaks."""
        frames = len(samples) * 100 // RATE_HZ
        result = self._generate(encoded, frames, suppress_tokens=[-1], return_no_speech_prob=True)
        tokens, score = self._without_repetition(result.sequences_ids[0], sounding, samples)
        raw = self._tokenizer.decode(tokens)
        written = Written(free_text(raw), tuple(tokens), result.scores[0] if score is None else score)
        return written, raw, result.no_speech_prob

    def _without_repetition(
        self, tokens: list[int], sounding: NDArray[np.float32], samples: Samples
    ) -> tuple[list[int], float | None]:
        """The tokens up to a repetition that nobody spoke, and their mean log probability where one is left out."""
        pieces = [self._tokenizer.decode([token]) for token in tokens]
        if not repeats(words_of(pieces)):
            return tokens, None
        aligned = self._network.align(
            self._view(sounding), _START, [tokens], [2 * sounding.shape[1]], median_filter_width=1
        )[0]
        begins: dict[int, int] = {}
        for token, position in aligned.alignments:
            begins.setdefault(token, position)
        begins_s = list(accumulate((begins.get(at, 0) * 0.02 for at in range(len(tokens))), max))
        end = without_repetition(words_of(pieces, begins_s), sound_of(samples))
        if end is None:
            return tokens, None
        return tokens[:end], float(np.log(np.maximum(aligned.text_token_probs[:end], 1e-9)).mean())

    def _text(self, tokens: Sequence[int]) -> str:
        return normalise(_digits_as_words(self._tokenizer.decode(tokens)))

    def _hear_digits(self, sounding: NDArray[np.float32], phrases: Phrases) -> tuple[str, NumberEvidence] | None:
        """What it hears if only digits may be said: the string whose sound and text together fit best."""
        if phrases.lengths is None:
            strings = self._write_free(sounding, phrases.digit_words)
        else:
            heard = sounding[0, : -_FRAMES_AFTER // 2 + 10]  # the layer knows no longer silence
            strings = dict(digit_strings(heard, phrases.digit_words, phrases.lengths, _DIGIT_STRINGS))
        logs = self._score(sounding, [Written(text, self._spell(text)) for text in strings])
        total = {text: float(logs[text].sum()) + _SOUND_COUNTS * likely for text, likely in strings.items()}
        best = max(total, key=total.__getitem__, default=None)
        if not best:
            return None
        others = [value for text, value in total.items() if digits_in(text) != digits_in(best)]
        asked = len(digits_in(best).split()) in (phrases.lengths or ())  # else it may be no digits at all
        ahead = total[best] - max(others) if others and asked else None
        return best, NumberEvidence(float(logs[best].sum() / len(logs[best]) ** _LENGTH), ahead)

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

    def _score(self, encoded: NDArray[np.float32], candidates: Sequence[Written]) -> dict[str, NDArray[np.float64]]:
        """The log probability of each token of each text given the sound.

        The full stop at the end stands for "and nothing more": ``align`` gives no probability for the end itself.
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
        return {
            candidate.text: np.log(np.maximum(result.text_token_probs, 1e-9))
            for candidate, result in zip(candidates, results, strict=True)
        }

    def _spell(self, text: str) -> tuple[int, ...]:
        return tuple(self._ids(f" {text}"))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def _digits_as_words(text: str) -> str:
    return re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", text)


def _is_audible(samples: Samples) -> bool:
    tenth = RATE_HZ // 10
    whole = samples[: len(samples) // tenth * tenth].astype(np.float32).reshape(-1, tenth)
    return bool(len(whole)) and float(np.sqrt((whole**2).mean(axis=1)).max()) > _FAINTEST
