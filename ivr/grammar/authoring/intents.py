"""Which intent each part of another system's grammar stands for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ivr.grammar.authoring.tags import constant
from ivr.grammar.authoring.tree import (
    MAX_NESTING,
    NOTHING,
    Expression,
    OneOf,
    Reference,
    Remarks,
    Repeat,
    Rule,
    RuleGrammar,
    Sequence,
    Tag,
    walk,
)

MAX_BRANCHES = 500  # of one rule, after its tags were told apart; a grammar has some dozen intents
MAX_NODES = 10_000  # of one branch; telling tags apart copies what stands beside them

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WITH_INTENT = "name the intent of the whole file with --intent"


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of a rule whose sentences have one intent; None where no tag says which."""

    intent: str | None
    body: Expression
    line: int = 1
    nodes: int = field(default=1, compare=False)
    depth: int = field(default=1, compare=False)


class _Entangled(Exception):
    """Tags and what they stand beside cannot be told apart within reason."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def intent_name(text: str) -> str | None:
    """A name as our files write intents: "Order Status" -> "order_status".  None when it has no Latin letters."""
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()).strip("_")
    return name if _NAME.fullmatch(name) else None


class Intents:
    """Reads the tags of a grammar.  ``intent`` names all sentences; the tags are then left out, with a note."""

    def __init__(self, grammar: RuleGrammar, intent: str | None, remarks: Remarks) -> None:
        self._grammar = grammar
        self._intent = intent
        self._remarks = remarks
        self._of_tag: dict[Tag, str | None] = {}
        self._named: dict[str, str] = {}  # our name -> the name it was made from
        self._branches_of: dict[str, list[Branch]] = {}
        self._tagged: dict[str, bool] = {}

    def found(self) -> dict[str, list[Branch]]:
        """Intent -> what may be said for it."""
        for rule in self._grammar.rules.values():
            for tag in walk(rule.body):
                if isinstance(tag, Tag):
                    self._of_tag[tag] = self._read(tag)
        found: dict[str, list[Branch]] = {}
        for rule in self._grammar.entries:
            for branch in self._apart(rule):
                if branch.intent is not None and branch not in found.setdefault(branch.intent, []):
                    found[branch.intent].append(branch)
        return found

    def _apart(self, rule: Rule) -> list[Branch]:
        try:
            return self._entry(rule)
        except _Entangled as error:
            what = f"the tags of rule {rule.name!r} cannot be told apart, they stand inside each other too often"
            self._remarks.problem(error.line, what, f"use fewer tags, or {_WITH_INTENT}")
            return []

    def _entry(self, rule: Rule) -> list[Branch]:
        if self._intent is not None:
            return [Branch(self._intent, rule.body, rule.line)]
        named: list[Branch] = []
        branches = self._of(rule.body, rule.line)
        beside = any(branch.intent is not None for branch in branches)
        for branch in branches:
            if branch.intent is not None:
                named.append(branch)
                continue
            items = branch.body.items if isinstance(branch.body, OneOf) else (branch.body,)
            rules = [item for item in items if isinstance(item, Reference)]
            if beside and branch.body != NOTHING:
                what = f"{len(items)} of the items of rule {rule.name!r} have no tag: an intent of their own"
                self._remarks.note(rule.line, what, f"give each a tag, or {_WITH_INTENT}")
            if len(rules) == len(items) and len(rules) + len(branches) > 2:  # a menu: each of its rules is an intent
                named += [Branch(self._name(each.rule, each.line), each, each.line) for each in rules]
            elif branch.body != NOTHING:
                named.append(Branch(self._name(rule.name, rule.line), branch.body, rule.line))
        return named

    def _name(self, text: str, line: int) -> str | None:
        """Our name for an intent; None when there is none, which is then a problem."""
        name = intent_name(text)
        if name is None:
            self._remarks.problem(line, f"{text[:40]!r} cannot be the name of an intent", _WITH_INTENT)
        elif self._named.setdefault(name, text) != text:
            what = f"{text!r} and {self._named[name]!r} would both be the intent {name!r}"
            self._remarks.problem(line, what, "rename one of them")
        elif name != text:
            self._remarks.note(line, f"intent {text!r} is called {name!r}", "use this name in config/requests.yaml")
        return name

    def _read(self, tag: Tag) -> str | None:
        """The intent a tag names."""
        meaning = constant(tag.text)
        if meaning is None:  # an empty tag; scripts were refused when the file was read
            return None
        if self._intent is not None:
            what = f"tag {tag.text[:60]!r} left out"
            self._remarks.note(tag.line, what, f"nothing: every sentence means {self._intent!r}")
            return None
        name, value = meaning
        if name not in (None, "intent"):
            what = f"tag {tag.text[:60]!r} fills {name!r}: slots are filled by their own question"
            self._remarks.problem(tag.line, what, f"take it out, or {_WITH_INTENT}")
            return None
        return self._name(value, tag.line)

    def _of(self, expression: Expression, line: int) -> list[Branch]:
        """An expression by intents; the branches together have the sentences it has."""
        if not self._has_tags(expression):
            return [Branch(None, expression, line, sum(1 for _ in walk(expression)))]
        match expression:
            case Tag():
                return [Branch(self._of_tag.get(expression), NOTHING, expression.line)]
            case Reference(name):
                if name not in self._branches_of:
                    rule = self._grammar.rules[name]
                    self._branches_of[name] = self._of(rule.body, rule.line)
                return self._branches_of[name]
            case OneOf(items):
                return _merged([branch for item in items for branch in self._of(item, line)])
            case Repeat(item, low, high):
                ways = [Sequence((item,) * times) for times in range(low, high + 1)]
                return _merged([branch for way in ways for branch in self._of(way, line)])
            case Sequence(items):
                return self._one_after_the_other(items, line)
            case _:
                return [Branch(None, expression, line)]

    def _one_after_the_other(self, items: tuple[Expression, ...], line: int) -> list[Branch]:
        so_far = [Branch(None, NOTHING, line)]
        for item in items:
            following = self._of(item, line)
            if len(so_far) * len(following) > MAX_BRANCHES:
                raise _Entangled(line)
            so_far = _merged([self._joined(first, second) for first in so_far for second in following])
        return so_far

    def _joined(self, first: Branch, second: Branch) -> Branch:
        if first.intent and second.intent and first.intent != second.intent:
            what = f"one sentence means {first.intent!r} and {second.intent!r}"
            self._remarks.problem(second.line, what, f"leave one tag in it, or {_WITH_INTENT}")
        parts = first.body.items if isinstance(first.body, Sequence) else (first.body,)
        line = second.line if second.intent else first.line
        body = Sequence((*parts, second.body))
        return _measured(first.intent or second.intent, body, line, (first, second))

    def _has_tags(self, expression: Expression) -> bool:
        return any(
            isinstance(found, Tag) or (isinstance(found, Reference) and self._rule_has_tags(found.rule))
            for found in walk(expression)
        )

    def _rule_has_tags(self, name: str) -> bool:
        if name not in self._tagged:
            self._tagged[name] = self._has_tags(self._grammar.rules[name].body)
        return self._tagged[name]


def _merged(branches: list[Branch]) -> list[Branch]:
    """One branch for each intent, in order of appearance."""
    by_intent: dict[str | None, list[Branch]] = {}
    for branch in branches:
        by_intent.setdefault(branch.intent, []).append(branch)
    return [
        same[0] if len(same) == 1 else _measured(intent, OneOf(tuple(each.body for each in same)), same[0].line, same)
        for intent, same in by_intent.items()
    ]


def _measured(intent: str | None, body: Expression, line: int, parts: Iterable[Branch]) -> Branch:
    """A branch made of others.  Raises _Entangled when it became too large."""
    nodes, depth = 1, 1
    for part in parts:
        nodes, depth = nodes + part.nodes, max(depth, part.depth + 1)
    if nodes > MAX_NODES or depth > MAX_NESTING:
        raise _Entangled(line)
    return Branch(intent, body, line, nodes, depth)
