"""Spoken digits -> digits: "four two seven one nine", "double seven", "oh"."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DigitWords:
    """A language's words for digits.

    ``digits``: word -> "0" to "9".  ``times``: word -> how often the next digit is meant ("double" -> 2).
    """

    digits: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that may stand in a spoken number."""
        return (*self.digits, *self.times)

    def read(self, text: str) -> tuple[str, float]:
        """(digits, share of the words that were digits or belong to them).  ("", 0.0) when there are none.

        Written digits count too: a recogniser may give "42719".
        """
        found: list[str] = []
        understood, times = 0, 1
        words = text.split()
        for word in words:
            if word in self.times:
                times = self.times[word]
                understood += 1
            elif word in self.digits or (word.isascii() and word.isdigit()):
                found.append(self.digits.get(word, word) * times)
                understood, times = understood + 1, 1
        return "".join(found), understood / len(words) if found else 0.0
