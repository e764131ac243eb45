"""The words a Vosk model knows: Vosk 0.3.45 answers for one word at a time, the list stands in the model's files."""

import struct
import unicodedata
from collections.abc import Sequence
from pathlib import Path

_FST, _SYMBOLS = 2125659606, 2125658996  # OpenFst's magic numbers of a graph and of a symbol table
_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS = 1, 2
_MOST_BYTES = 64_000_000  # the table of the largest small model (ko) has 12 MB
_FILLER_LETTERS = 2, 3  # of the words that stand for sounds: a Korean syllable, open or closed
_FILLERS = 200  # with 5,000, all the syllables of the language, a hearing takes three times as long and tells no more
_NOT_A_WORD = ("<", "[", "#", "!")  # how the names of silences, noises and disambiguation symbols begin


def words_of(model: Path) -> tuple[str, ...]:
    """Every word, in the order of the model; empty where the model does not carry a list.

    It is ``words.txt`` beside the graph, or the symbol table that the small models carry inside ``Gr.fst``.
    """
    graph = model / "graph" if (model / "graph").is_dir() else model
    try:
        if (graph / "words.txt").is_file():
            lines = (graph / "words.txt").read_text(encoding="utf-8").splitlines()
            symbols = [line.split()[0] for line in lines if line.strip()]
        else:
            with (graph / "Gr.fst").open("rb") as file:
                symbols = _symbols(file.read(_MOST_BYTES))
    except (OSError, UnicodeDecodeError, struct.error):
        return ()
    return tuple(word for word in symbols if not word.startswith(_NOT_A_WORD))


def fillers(words: Sequence[str]) -> tuple[str, ...]:
    """Short words spread over the sounds of a language, for whatever is said and is no word of a grammar."""
    found: list[str] = []
    for letters in _FILLER_LETTERS:
        short = sorted(
            word for word in words if _is_spoken(word) and len(unicodedata.normalize("NFD", word)) == letters
        )
        wanted = _FILLERS // len(_FILLER_LETTERS)
        found += short[:: max(1, -(-len(short) // wanted))]
    return tuple(found)


def _is_spoken(word: str) -> bool:
    """No abbreviation, which is spelt: that is long."""
    return word.isalpha() and word == word.lower()


def _symbols(data: bytes) -> list[str]:
    """The first symbol table of an OpenFst file, version 2 of its layout.  Raises struct.error where there is none."""
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(kind, data, at)
        at += struct.calcsize(kind)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("<i")
        if not 0 <= length <= len(data) - at:
            raise struct.error
        at += length
        return data[at - length : at].decode("utf-8")

    if number("<i") != _FST:
        return []
    text(), text()  # kinds of graph and of arc
    number("<i")
    if not number("<i") & (_HAS_INPUT_SYMBOLS | _HAS_OUTPUT_SYMBOLS):
        return []
    at += 32  # properties, start, states, arcs
    if number("<i") != _SYMBOLS:
        return []
    text(), number("<q")
    found = []
    for _ in range(number("<q")):
        found.append(text())
        at += 8
    return found
