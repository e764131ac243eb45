"""Our templates -> trees, so that they can be written in other notations."""

from collections.abc import Mapping
from collections.abc import Sequence as Series
from itertools import permutations
from typing import Any, NamedTuple

from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference, TextChunk
from hassil.expression import Sequence as Pieces
from hassil.parse_expression import parse_sentence
from hassil.sample import sample_expression

from ivr.grammar.authoring.template_text import reduced, reduced_rules
from ivr.grammar.authoring.tree import (
    NOTHING,
    Expression,
    OneOf,
    Reference,
    Rule,
    RuleGrammar,
    Tag,
    Words,
    one_of,
    sequence,
)
from ivr.grammar.templates import TemplateError, expand, needed, normalise, without_slots

_ROOT = "intents"


def as_rules(language: str, intents: Mapping[str, Series[str]], rules: Mapping[str, str]) -> RuleGrammar:
    """One language's templates as a grammar of rules, whose root has one tag for each intent.

    Raises TemplateError as ``expand`` does.
    """
    for text in (text for templates in intents.values() for text in templates):
        expand(text, needed(text, rules))
    converter = _Converter(rules)
    bodies = {
        f"intent_{intent}": one_of([converter.convert(parse_sentence(text).expression) for text in templates])
        for intent, templates in intents.items()
    }
    shared = reduced_rules({name: Rule(name, body, False, 1) for name, body in converter.rules.items()})
    root = OneOf(
        tuple(
            sequence([Reference(_free(f"intent_{intent}", shared), 1), Tag(f'out.intent="{intent}"', 1)])
            for intent in intents
        )
    )
    found = {_free(name, shared): reduced(body, shared) or NOTHING for name, body in bodies.items()}
    first = _free(_ROOT, shared)
    every = {first: one_of(list(root.items)), **found, **shared}
    return RuleGrammar(language, first, {name: Rule(name, body, name == first, 1) for name, body in every.items()})


def _free(wanted: str, taken: Mapping[str, object]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted


class _Edges(NamedTuple):
    """How a piece may meet its neighbours: whether it may begin or end with a letter, or be nothing at all."""

    begins: bool
    ends: bool
    nothing: bool


class _Converter:
    """Templates join their pieces letter by letter ("order[s]"), the other notations word by word.

    Pieces that may grow together are written out as whole words; all others keep their structure.
    ``rules`` has the rules that were met on the way.
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._sources = rules
        self._parsed: dict[str, Any] = {}
        self.rules: dict[str, Expression] = {}

    def convert(self, expression: object) -> Expression:
        match expression:
            case ListReference():
                return NOTHING
            case TextChunk(original_text=text):
                words = normalise(text)
                return Words(words) if words else NOTHING
            case RuleReference(rule_name=name):
                if name not in self.rules:
                    self.rules[name] = self.convert(self._rule(name).expression)
                return Reference(name, 1)
            case Alternative(items=items):
                return OneOf(tuple(self.convert(item) for item in items))
            case Permutation(items=items):
                return OneOf(tuple(sequence([self.convert(item) for item in order]) for order in permutations(items)))
            case Group(items=items):
                return self._sequence(items)
            case _:
                raise TemplateError(f"{expression!r} is not supported")

    def _rule(self, name: str) -> Any:
        if name not in self._parsed:
            self._parsed[name] = parse_sentence(self._sources[name])
        return self._parsed[name]

    def _sequence(self, items: Series[object]) -> Expression:
        runs: list[list[object]] = []
        for item in items:
            run = [item]
            while runs and self._grow_together(runs, run):
                run = [*runs.pop(), *run]
            runs.append(run)
        return sequence([self.convert(run[0]) if len(run) == 1 else self._written_out(run) for run in runs])

    def _grow_together(self, before: Series[list[object]], run: list[object]) -> bool:
        if not self._edges_of_all(run).begins:
            return False
        for earlier in reversed(before):
            edges = self._edges_of_all(earlier)
            if edges.ends or not edges.nothing:
                return edges.ends
        return False

    def _edges(self, expression: object) -> _Edges:
        match expression:
            case ListReference():
                return _Edges(False, False, True)
            case TextChunk(original_text=text):
                return _Edges(text[:1].strip() != "", text[-1:].strip() != "", text == "")
            case RuleReference(rule_name=name):
                return self._edges(self._rule(name).expression)
            case Alternative(items=items):
                each = [self._edges(item) for item in items]
                return _Edges(*(any(edge) for edge in zip(*each, strict=True)))
            case Permutation():
                return _Edges(True, True, all(self._edges(item).nothing for item in expression.items))
            case Group(items=items):
                return self._edges_of_all(items)
            case _:
                return _Edges(True, True, True)

    def _edges_of_all(self, items: Series[object]) -> _Edges:
        each = [self._edges(item) for item in items]
        return _Edges(
            _outermost([(edges.begins, edges.nothing) for edges in each]),
            _outermost([(edges.ends, edges.nothing) for edges in reversed(each)]),
            all(edges.nothing for edges in each),
        )

    def _written_out(self, run: list[object]) -> Expression:
        for name in self._sources:
            self._rule(name)
        spoken = sample_expression(Pieces(items=run), {}, self._parsed, expand_lists=False)
        texts = dict.fromkeys(normalise(without_slots(text)) for text in spoken)
        return one_of([Words(text) if text else NOTHING for text in texts])


def _outermost(edges: list[tuple[bool, bool]]) -> bool:
    """Whether a letter may stand outermost, looking through what may be nothing."""
    for letter, nothing in edges:
        if letter or not nothing:
            return letter
    return False
