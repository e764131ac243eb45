"""A vocabulary in the words that a Vosk model knows."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.grammar.vocabulary import Vocabulary
from ivr.speech.vosk_again import Phrases

_LIKELIER = 4  # times as often as a rival each phrase is in the list that Vosk counts pairs of words in
_HANGUL = re.compile("[가-힣]+")


@dataclass(frozen=True, slots=True)
class VoskGrammar:
    """A vocabulary in the model's own words: Vosk's JSON, and whole words by the pieces the model has for them."""

    phrases_json: str
    wholes: dict[tuple[str, ...], str]
    longest: int  # pieces of one whole
    phrases: Phrases | None  # to hear again for; None for digits, which follow each other freely
    counting: frozenset[str]  # words of a number that may be said in one breath with a phrase

    def text(self, pieces: Sequence[str]) -> str:
        """Pieces of words put together again, as the vocabulary writes them."""
        whole: list[str] = []
        at = 0
        while at < len(pieces):
            for length in range(self.longest, 1, -1):
                joined = self.wholes.get(tuple(pieces[at : at + length]))
                if joined:
                    break
            else:
                length, joined = 1, pieces[at]
            whole.append(joined)
            at += length
        return " ".join(whole)


class Dictionary:
    """The words of one model, and how others are made up of them.  Shared by threads."""

    def __init__(self, knows: Callable[[str], bool], reject: str | None) -> None:
        """``reject``: the model's word for what is none of the others."""
        self._knows = knows
        self._reject = reject
        self._pieces: dict[str, tuple[str, ...] | None] = {}

    def compile(self, vocabulary: Vocabulary, rivals: Sequence[str] = ()) -> VoskGrammar:
        """What is needed to hear a vocabulary; phrases with a word the model cannot make up are left out.

        ``rivals``: words of the model that may stand between and instead of the phrases' words.
        """
        wholes: dict[tuple[str, ...], str] = {}
        phrases: dict[str, None] = {}
        for phrase in (
            *vocabulary.phrases,
            *vocabulary.foreign,
            *vocabulary.digit_words,
            *vocabulary.group_words,
            *vocabulary.decoys,
        ):
            split = [self.split(word) for word in phrase.split()]
            known = [pieces for pieces in split if pieces]
            if known and len(known) == len(split):
                phrases[" ".join(piece for pieces in known for piece in pieces)] = None
                wholes.update(
                    (pieces, word) for pieces, word in zip(known, phrase.split(), strict=True) if len(pieces) > 1
                )
        others = [*rivals, self._reject] if self._reject else list(rivals)
        listed = [*list(phrases) * (_LIKELIER if rivals else 1), *(each for each in others if each not in phrases)]
        # ASCII-only JSON would lose every other word: the library does not decode \u escapes.
        text = json.dumps(listed, ensure_ascii=False) if listed else ""
        asked = vocabulary.phrases and not vocabulary.digits
        again = Phrases(vocabulary.phrases, vocabulary.decoys, vocabulary.meanings) if asked else None
        counting = frozenset(vocabulary.digit_words)
        return VoskGrammar(text, wholes, max(map(len, wholes), default=1), again, counting)

    def split(self, word: str) -> tuple[str, ...] | None:
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
