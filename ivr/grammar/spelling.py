"""Slips of keyboards and recognisers: a word that no sentence holds -> the known word that was meant."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from ivr.grammar.keywords import SLIP_FROM

_KEPT = 20_000  # different words remembered; more than a language's callers use


class Spelling:
    """The words of one language.

    Corrects missing accents and apostrophes ("objednavka", "dont"), and one slip inside a long word ("delvery").
    A word with another ending is another word: "orders" is not "order".
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        bare: dict[str, str | None] = {}
        for word in self._known:
            for spelling in {_bare(word), word.replace("'", "")} - {word}:
                bare[spelling] = word if bare.setdefault(spelling, word) == word else None
        self._bare = {spelling: word for spelling, word in bare.items() if word and spelling not in self._known}
        self._long: dict[tuple[str, int], list[str]] = {}
        for word in self._known:
            if len(word) >= SLIP_FROM:
                self._long.setdefault((word[0], len(word)), []).append(word)
        self.corrected = lru_cache(_KEPT)(self._corrected)

    def joined(self, words: Sequence[str]) -> list[str]:
        """The words, two of them as one where that is a long known word: "in voice" was said "invoice"."""
        found: list[str] = []
        for word in words:
            whole = found[-1] + word if found else ""
            if len(whole) > SLIP_FROM and whole in self._known:
                found[-1] = whole
            else:
                found.append(word)
        return found

    def _corrected(self, word: str) -> str:
        """The known word that is meant, or the word itself."""
        if word in self._known:
            return word
        if word in self._bare:
            return self._bare[word]
        if len(word) < SLIP_FROM or not word.isalpha():
            return word
        alike = [
            known
            for length in (len(word) - 1, len(word), len(word) + 1)
            for known in self._long.get((word[0], length), ())
            if _is_slip(word, known)
        ]
        return alike[0] if len(alike) == 1 else word


def _is_slip(word: str, known: str) -> bool:
    """One letter more, less, another, or two exchanged; the ending, which carries meaning, is the same."""
    if OSA.distance(word, known, score_cutoff=1) > 1:
        return False
    return word[-1] == known[-1] or (len(word) == len(known) and sorted(word) == sorted(known))


def _bare(word: str) -> str:
    """Without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
