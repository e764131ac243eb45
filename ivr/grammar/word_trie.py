"""Sentences by their words: finds every sentence that begins at a given word of an utterance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Node:
    """``ends``: what the sentences mean that end here; ``below``: what those mean that go on from here."""

    after: dict[str, "_Node"] = field(default_factory=dict)
    ends: tuple[str, ...] = ()
    below: frozenset[str] = frozenset()


class WordTrie:
    """A set of sentences, each with a meaning.  Made once, then only read."""

    def __init__(self, sentences: Iterable[tuple[str, str]]) -> None:
        """``sentences``: pairs of a normalised sentence and its meaning."""
        self._root = _Node()
        for sentence, meaning in sentences:
            node = self._root
            for word in sentence.split():
                if meaning not in node.below:
                    node.below |= {meaning}
                node = node.after.setdefault(word, _Node())
            if meaning not in node.ends:
                node.ends = (*node.ends, meaning)

    def found(self, words: Sequence[str], start: int) -> list[tuple[int, str]]:
        """(end, meaning) of every sentence that stands in ``words`` from ``start`` on, the shortest first."""
        matches: list[tuple[int, str]] = []
        node: _Node | None = self._root
        for at in range(start, len(words)):
            node = node.after.get(words[at]) if node else None
            if node is None:
                break
            matches += [(at + 1, meaning) for meaning in node.ends]
        return matches

    def begun(self, words: Sequence[str]) -> frozenset[str]:
        """The meanings of the longer sentences that begin with all these words."""
        node = self._root
        for word in words:
            if word not in node.after:
                return frozenset()
            node = node.after[word]
        return node.below
