"""Near misses: what callers say that comes near to a request and is none of it.

"I don't want to cancel my order", "who cancelled my order", "only the second item".  A pattern says how a language
makes them (``i (do not | don't) want to {do}``); each request says its action in the forms that patterns ask for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from ivr.grammar.templates import expand, needed

FORMS = ("do", "doing", "did", "done")
"""The forms of a request's action: "cancel my order", "cancelling my order", "cancelled my order", "my order was
cancelled".  A request that lacks a form of a pattern has no near miss by that pattern."""

_FORM = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One sentence that is none of ``request``, although near to it."""

    sentence: str
    request: str
    kind: str


@dataclass(frozen=True, slots=True)
class NearMisses:
    """The near misses of one language: patterns, and the forms that fill them.

    They stand for some ten thousand sentences, so these are only written out where somebody wants to read them.
    ``patterns``: kind and sentences of each, ``place(form)`` where a form stands.  ``forms``: form -> pairs of words
    and their request.
    """

    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    forms: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def sentences(self) -> Iterator[NearMiss]:
        """Every near miss of every request."""
        return (each for kind, pattern in self.patterns for sentence in pattern for each in self._of(kind, sentence))

    def rivals(self) -> Iterator[NearMiss]:
        """For each pattern and request the first: a recogniser listens for it beside the request's own sentences."""
        for kind, pattern in self.patterns:
            first = {each.request: each for each in reversed(list(self._of(kind, pattern[0])))}
            yield from first.values()

    def words(self) -> set[str]:
        """Every word of a near miss."""
        of_patterns = {word for _, pattern in self.patterns for sentence in pattern for word in sentence.split()}
        of_forms = {word for said in self.forms.values() for words, _ in said for word in words.split()}
        return (of_patterns - set(map(place, FORMS))) | of_forms

    def _of(self, kind: str, sentence: str) -> Iterator[NearMiss]:
        named = [form for form in FORMS if place(form) in sentence.split()]
        for chosen in product(*(self.forms.get(form, ()) for form in named)):
            if len({request for _, request in chosen}) == 1:
                filled = sentence
                for form, (words, _) in zip(named, chosen, strict=True):
                    filled = filled.replace(place(form), words)
                yield NearMiss(filled, chosen[0][1], kind)


NO_NEAR_MISSES = NearMisses()


def place(form: str) -> str:
    """The word that stands for a form in an expanded pattern."""
    return f"formof{form}x"


def forms_in(pattern: str) -> tuple[str, ...]:
    """The forms a pattern asks for."""
    return tuple(dict.fromkeys(_FORM.findall(pattern)))


def near_misses(
    patterns: Mapping[str, Sequence[str]], actions: Mapping[str, Mapping[str, str]], rules: Mapping[str, str]
) -> NearMisses:
    """The near misses of a language.  Raises TemplateError.

    ``patterns``: kind -> patterns.  ``actions``: request -> form -> template.
    """
    expanded = [
        (kind, expand(template, needed(template, rules)))
        for kind, lines in patterns.items()
        for template in (_FORM.sub(lambda form: f" {place(form[1])} ", pattern) for pattern in lines)
    ]
    forms: dict[str, list[tuple[str, str]]] = {}
    for request, said in actions.items():
        for form, template in said.items():
            forms.setdefault(form, []).extend((words, request) for words in expand(template, needed(template, rules)))
    return NearMisses(tuple(expanded), {form: tuple(said) for form, said in forms.items()})
