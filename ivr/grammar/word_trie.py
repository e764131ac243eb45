"""Sentences by their words: finds every sentence that begins at a given word of an utterance."""

from collections.abc import Iterable, Mapping, Sequence

NO_PARTS: Mapping[str, "WordTrie"] = {}
_NOTHING: dict[str, "_Node"] = {}  # half of all nodes have nothing after them


class _Node:
    """``ends``: what the sentences mean that end here; ``below``: what those mean that go on, when it was asked for."""

    __slots__ = ("after", "below", "ends")

    def __init__(self) -> None:
        self.after = _NOTHING
        self.ends: tuple[str, ...] = ()
        self.below: frozenset[str] | None = None


class WordTrie:
    """A set of sentences, each with a meaning.  Made once, then only read."""

    def __init__(self, sentences: Iterable[tuple[str, str]], parts: Mapping[str, "WordTrie"] = NO_PARTS) -> None:
        """``sentences``: pairs of a normalised sentence and its meaning.

        ``parts``: a word of a sentence -> the phrases that stand in its place; their meaning ends the sentence's.
        """
        self._parts = parts
        self._root = _Node()
        for sentence, meaning in sentences:
            node = self._root
            for word in sentence.split():
                after = node.after.get(word)
                if after is None:
                    if node.after is _NOTHING:
                        node.after = {}
                    after = node.after[word] = _Node()
                node = after
            if meaning not in node.ends:
                node.ends = (*node.ends, meaning)

    def found(self, words: Sequence[str], start: int) -> list[tuple[int, str]]:
        """(end, meaning) of every sentence that stands in ``words`` from ``start`` on."""
        matches: list[tuple[int, str]] = []
        self._follow(self._root, words, start, "", matches)
        return matches

    def _follow(self, node: _Node, words: Sequence[str], at: int, part: str, matches: list[tuple[int, str]]) -> None:
        """Go on from a node.  ``part``: the meaning of the phrase that stands in a place of the sentence so far."""
        while True:
            matches += [(at, meaning + part) for meaning in node.ends]
            for place, phrases in self._parts.items():
                if place in node.after:
                    for end, meaning in phrases.found(words, at):
                        if part in ("", meaning):
                            self._follow(node.after[place], words, end, meaning, matches)
            after = node.after.get(words[at]) if at < len(words) else None
            if after is None:
                return
            node, at = after, at + 1

    def begun(self, words: Sequence[str]) -> frozenset[str]:
        """The meanings of the longer sentences that begin with all these words."""
        node = self._root
        for word in words:
            if word not in node.after:
                return frozenset()
            node = node.after[word]
        return _below(node)


def _below(node: _Node) -> frozenset[str]:
    """The meanings of what goes on from a node, remembered there: threads may work out the same result twice."""
    if node.below is None:
        found: set[str] = set()
        for after in node.after.values():
            found.update(after.ends, _below(after))
        node.below = frozenset(found)
    return node.below
