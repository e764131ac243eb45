"""Words that say a caller is upset, found inside any utterance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivr.grammar import expand, normalise


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that was said, and its class (``swearing``, ``leaving``, ...)."""

    phrase: str
    kind: str


class UpsetWords:
    """One language's phrases.  Made once, frozen, shared by all calls."""

    def __init__(self, templates: Mapping[str, Iterable[str]], rules: Mapping[str, str] | None = None) -> None:
        """``templates``: class -> sentence templates (``grammar.templates``).  Raises grammar.TemplateError."""
        self._kinds: dict[tuple[str, ...], str] = {}
        for kind, lines in templates.items():
            for line in lines:
                for phrase in expand(line, rules or {}):
                    self._kinds.setdefault(tuple(phrase.split()), kind)
        self._longest = max(map(len, self._kinds), default=0)

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every phrase, for a recogniser's grammar."""
        return tuple(" ".join(words) for words in self._kinds)

    def find(self, text: str) -> tuple[Found, ...]:
        """The phrases said in ``text``, as whole words, the longest first where they overlap, each once."""
        words = tuple(normalise(text).split())
        found: dict[str, Found] = {}
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                kind = self._kinds.get(words[at : at + length])
                if kind:
                    phrase = " ".join(words[at : at + length])
                    found.setdefault(phrase, Found(phrase, kind))
                    at += length - 1
                    break
            at += 1
        return tuple(found.values())


NO_WORDS = UpsetWords({})
"""For a language without a file of such phrases."""
