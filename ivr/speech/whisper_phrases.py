"""The phrases of a vocabulary, compared with what Whisper writes freely, in letters and in sound."""

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from num2words import num2words
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from ivr.grammar import Vocabulary, normalise

_SOUNDS = (
    *(("tion", "shn"), ("ph", "f"), ("ck", "k"), ("tch", "j"), ("dge", "j"), ("sh", "j"), ("ch", "j"), ("th", "t")),
    *(("gh", ""), ("qu", "kw"), ("x", "ks"), ("kn", "n"), ("wr", "r")),
)
_ALIKE = str.maketrans("bdgzvmcq", "ptksfnkk")  # pairs a telephone hardly tells apart
_SPOKEN_ALIKE = """
four for fore|to two too|one won|eight ate eighth|oh o owe|be b bee|see c sea|i eye|are r|you u|why y|tea t tee|pea p
queue q cue|zed z zee|by buy bye|no know|new knew|right write|here hear|there their|wait weight|mail male|week weak
whole hole|hour our|your youre|check cheque"""
_FIRST_OF_ALIKE = {word: words.split()[0] for words in re.split(r"[|\n]", _SPOKEN_ALIKE) for word in words.split()}
_NUMERAL = re.compile(r"\d{1,4}(st|nd|rd|th)?\b")  # longer ones are said digit by digit


_JOINED = 0.85  # likeness of two words to the one they are written as: "don't want" is not "want"


class Phrases:
    """A vocabulary prepared for finding the phrases nearest to a text."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.texts = vocabulary.phrases
        self.digit_words = vocabulary.digit_words if vocabulary.digits else ()
        self.lengths = vocabulary.lengths
        self.fillers = vocabulary.decoys
        self.meaning = dict(zip(vocabulary.phrases, vocabulary.meanings or vocabulary.phrases, strict=True))
        self._sounds = [sound(text) for text in self.texts]

    def nearest(self, texts: Iterable[str], most: int) -> list[tuple[str, float]]:
        """The phrases most like any of these texts in letters or sound, with that likeness (0 to 1), best first.

        At most half of them mean the same, so that there is always something else it could have been.
        """
        if not self.texts:
            return []
        likeness = np.zeros(len(self.texts), dtype=np.float32)
        for text in dict.fromkeys(texts):
            np.maximum(likeness, cdist([text], self.texts, scorer=fuzz.ratio)[0], out=likeness)
            np.maximum(likeness, cdist([sound(text)], self._sounds, scorer=fuzz.ratio)[0], out=likeness)
        found: list[tuple[str, float]] = []
        of_meaning: dict[str, int] = {}
        for index in np.argsort(-likeness, kind="stable"):
            text = self.texts[index]
            count = of_meaning[self.meaning[text]] = of_meaning.get(self.meaning[text], 0) + 1
            if count <= max(1, most // 2):
                found.append((text, float(likeness[index]) / 100))
            if len(found) == most:
                break
        return found


def sound(text: str) -> str:
    """A rough spelling of the sound: consonants by kind, every run of vowels the same, no gaps between words."""
    for letters, spoken in _SOUNDS:
        text = text.replace(letters, spoken)
    text = re.sub("c(?=[eiy])", "s", re.sub("g(?=[ei])", "j", text)).translate(_ALIKE)
    text = re.sub("[aeiouywh' ]+", lambda run: "a" if run[0].strip(" '") else "", text)
    return re.sub(r"(.)\1+", r"\1", text)


def spoken_alike(text: str) -> str:
    """The same for texts that nobody can tell apart by ear."""
    return " ".join(_FIRST_OF_ALIKE.get(word, word) for word in text.replace("'", "").split())


def same_words(phrase: str, free: str) -> bool:
    """Whether both are the same words, though spelt in another way: "p m" and "pm", "press 1" and "press one"."""
    one, other = with_numbers(phrase), with_numbers(free)
    return one.replace(" ", "") == other.replace(" ", "") or spoken_alike(one) == spoken_alike(other)


def unmatched(phrase: str, free: str, fillers: Iterable[str] = ()) -> float:
    """How many words of either text the other does not account for, compared by spelling and by sound.

    Two words may be written as one.  A word that is another one counts twice, in part where it is like it.
    """
    left, right = ([word for word in text.split() if word not in set(fillers)] for text in (phrase, free))
    costs = [list(map(float, range(len(right) + 1)))]
    for row, word in enumerate(left, 1):
        line = [float(row)]
        for column, other in enumerate(right, 1):
            ways = [costs[-1][column] + 1, line[-1] + 1, costs[-1][column - 1] + _other_word(word, other)]
            if row > 1:
                ways.append(costs[-2][column - 1] + _other_word(left[row - 2] + word, other, _JOINED))
            if column > 1:
                ways.append(costs[-1][column - 2] + _other_word(word, right[column - 2] + other, _JOINED))
            line.append(min(ways))
        costs.append(line)
    return costs[-1][-1]


@lru_cache(20_000)
def _other_word(word: str, other: str, least: float = 0.5) -> float:
    """0 for words that sound the same, 2 for words with less than ``least`` in common."""
    if spoken_alike(word) == spoken_alike(other):
        return 0.0
    alike = max(fuzz.ratio(word, other), fuzz.ratio(sound(word), sound(other))) / 100
    return 2.0 * (1.0 - alike) if alike >= least else 2.0


def free_text(raw: str) -> str:
    """A text with numerals as they are said: ordinals and up to two digits as numbers, longer ones digit by digit."""
    digit_by_digit = re.sub(r"\d{3,}(?!\d|st|nd|rd|th)", lambda digits: f" {' '.join(digits[0])} ", raw)
    return with_numbers(digit_by_digit)


def with_numbers(text: str) -> str:
    """A text with its numerals as they are said: Whisper writes "30" and "18th"."""
    return normalise(_NUMERAL.sub(lambda numeral: f" {_spoken(numeral[0])} ", text))


def _spoken(numeral: str) -> str:
    number = int(re.sub(r"\D", "", numeral))
    return str(num2words(number, to="cardinal" if numeral.isdecimal() else "ordinal"))
