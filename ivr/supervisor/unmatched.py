"""What callers say that nothing is made of, gathered into subjects, with the grammar each is nearest to."""

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from ivr.grammar import Expecting, Grammar

ALIKE = 75  # of 100; the same words in another order or with a few more
NEAR = 0.3  # likeness of a sentence worth looking at; "is there parking" is 0.19 like "is there a warranty"
MOST = 25


@dataclass(frozen=True, slots=True)
class Subject:
    """Sentences alike.

    ``intent``: the one whose sentence is nearest, which may be the one to extend; "" where none is near.
    """

    language: str
    times: int
    examples: tuple[str, ...]
    intent: str
    nearest: str


def subjects(unmatched: Mapping[tuple[str, str], int], grammars: Mapping[str, Grammar]) -> list[Subject]:
    """The subjects, the most frequent first, ``MOST`` at most."""
    found: list[Subject] = []
    for language in sorted({language for language, _ in unmatched}):
        texts = {text: times for (spoken, text), times in unmatched.items() if spoken == language}
        found += [_subject(language, group, texts, grammars.get(language)) for group in _groups(texts)]
    return sorted(found, key=lambda subject: -subject.times)[:MOST]


def _groups(texts: Mapping[str, int]) -> list[list[str]]:
    """Each sentence joins the first, more frequent one that it is like."""
    waiting = sorted(texts, key=lambda text: (-texts[text], text))
    groups = []
    while waiting:
        head = waiting[0]
        alike = process.extract(head, waiting, scorer=fuzz.token_set_ratio, limit=None, score_cutoff=ALIKE)
        members = [text for text, _, _ in alike]
        groups.append(sorted(members, key=lambda text: -texts[text]))
        gone = set(members)
        waiting = [text for text in waiting if text not in gone]
    return groups


def _subject(language: str, group: list[str], texts: Mapping[str, int], grammar: Grammar | None) -> Subject:
    times, examples = sum(texts[text] for text in group), tuple(group[:3])
    if grammar is None:
        return Subject(language, times, examples, "", "")
    meaning = grammar.understand(group[0], Expecting("request"))
    if meaning.likeness < NEAR:
        return Subject(language, times, examples, "", "")
    intent = meaning.intent or grammar.sentences.get(meaning.sentence, "")
    return Subject(language, times, examples, intent, meaning.sentence)
