"""Grammars of other systems as trees: what SRGS XML, SRGS ABNF, JSGF and our templates have in common."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

MAX_CHARACTERS = 1_000_000  # as our own grammar files; a grammar written by people has some kilobytes
MAX_NESTING = 40  # brackets or elements inside each other; people stop at about six
MAX_RULES = 2_000  # a grammar has some dozen; long lists are alternatives of one rule
MAX_REPEATS = 4  # each repeat is written out; more of them is a list, which our templates do not have
MAX_PROBLEMS = 200  # nobody mends more of them at once, and a hostile file has millions
_UNCOUNTABLE = 10**12  # counts stop here: beyond it only "too many" matters

_REPEAT = re.compile(r"(\d{1,9})\s*(?:(-)\s*(\d{1,9})?)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a grammar that was not taken over: at which line (from 1), what, and how to mend it."""

    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.line}: {self.what}; {self.remedy}"


class Refused(ValueError):
    """A grammar cannot be taken over.  ``problems`` has everything that stands against it, in order of lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Remarks:
    """Collects, so that one reading shows everything.  ``notes`` name what was left out without changing a sentence.

    ``without_tags``: the file's tags are left out, whatever they say.
    """

    without_tags: bool = False
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def problem(self, line: int, what: str, remedy: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(line, what, remedy))

    def note(self, line: int, what: str, remedy: str) -> None:
        if len(self.notes) < MAX_PROBLEMS:
            self.notes.append(Problem(line, what, remedy))

    def script(self, line: int, text: str, where: str = "") -> None:
        """A tag that would have to be run: nothing here runs it, so it is left out where all tags are."""
        what = f"tag {text.strip()[:60]!r}{where} is a script"
        if self.without_tags:
            self.note(line, f"{what}, left out", "nothing: every sentence has the one intent")
            return
        remedy = 'write the name of an intent: out.intent="name", or the name alone; or leave tags out with --intent'
        self.problem(line, what, remedy)

    def refuse_if_any(self) -> None:
        """Raises Refused when there are problems."""
        if self.problems:
            raise Refused(self.problems)


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are spoken, normalised."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; without items, nothing is said."""

    items: "tuple[Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """From ``low`` to ``high`` times; 0 to 1 is what may be left out."""

    item: "Expression"
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A rule of the same grammar."""

    rule: str
    line: int


@dataclass(frozen=True, slots=True)
class Tag:
    """What a grammar says about the meaning of the sentence it stands in."""

    text: str
    line: int


Expression: TypeAlias = Words | Sequence | OneOf | Repeat | Reference | Tag

NOTHING = Sequence()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it was written."""

    name: str
    body: Expression
    public: bool
    line: int


@dataclass(frozen=True, slots=True)
class RuleGrammar:
    """A grammar of rules.  ``root`` is None where it has none; then its public rules are what callers may say."""

    language: str | None
    root: str | None
    rules: Mapping[str, Rule]
    notes: tuple[Problem, ...] = ()

    @property
    def entries(self) -> tuple[Rule, ...]:
        """The rules that are whole sentences."""
        if self.root is not None:
            return (self.rules[self.root],)
        return tuple(rule for rule in self.rules.values() if rule.public)


def sequence(items: list[Expression]) -> Expression:
    """The items as one expression."""
    return items[0] if len(items) == 1 else Sequence(tuple(items))


def one_of(items: list[Expression]) -> Expression:
    """The alternatives as one expression."""
    return items[0] if len(items) == 1 else OneOf(tuple(items))


def optional(item: Expression) -> Expression:
    """The item, which may be left out."""
    return Repeat(item, 0, 1)


def repeated(item: Expression, bounds: str, line: int, remarks: Remarks) -> Expression:
    """The item as often as ``bounds`` says: "2", "0-1", "1-3".  Unbounded or too many is a problem."""
    match = _REPEAT.fullmatch(bounds.strip())
    if match is None:
        remarks.problem(line, f"repeat {bounds!r} cannot be read", 'write it like "2", "0-1" or "1-3"')
        return item
    low = int(match[1])
    if match[2] and not match[3]:
        what = f"repeat {bounds!r} has no end"
        remarks.problem(line, what, f"give it an end, at most {MAX_REPEATS}; digits are asked by their own question")
        return item
    high = int(match[3]) if match[2] else low
    if high > MAX_REPEATS:
        what = f"repeat {bounds!r} is more than {MAX_REPEATS} times"
        remarks.problem(line, what, f"write at most {MAX_REPEATS}; digits are asked by their own question")
        return item
    if low > high:
        remarks.problem(line, f"repeat {bounds!r} ends before it begins", "put the smaller number first")
        return item
    return Repeat(item, low, high)


def children(expression: Expression) -> "tuple[Expression, ...]":
    """What an expression consists of."""
    match expression:
        case Sequence(items) | OneOf(items):
            return items
        case Repeat(item):
            return (item,)
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and everything in it, in order."""
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))


def references(expression: Expression) -> Iterator[Reference]:
    """Every reference in an expression; not those behind it."""
    return (found for found in walk(expression) if isinstance(found, Reference))


def check_references(grammar: RuleGrammar, remarks: Remarks) -> None:
    """Names references to rules that are not there, rules that contain themselves, and rules too deep in each other."""
    if len(grammar.rules) > MAX_RULES:
        remarks.problem(1, f"there are {len(grammar.rules):,} rules, at most {MAX_RULES:,}", "write lists as one rule")
        return
    for rule in grammar.rules.values():
        for reference in references(rule.body):
            if reference.rule not in grammar.rules:
                what = f"rule {reference.rule!r} is not defined in this file"
                remarks.problem(reference.line, what, "define it here, or correct its name")
    done: dict[str, int] = {}
    for name in grammar.rules:
        _check_circles(grammar.rules, name, done, remarks)


def _check_circles(rules: Mapping[str, Rule], start: str, done: dict[str, int], remarks: Remarks) -> None:
    """Depth first without recursion of our own: a chain of rules may be as long as the file.

    ``done`` gets the depth of each rule: how many brackets and rules stand inside each other.
    """
    path: dict[str, Iterator[Reference]] = {}
    waiting = [start]
    while waiting:
        name = waiting[-1]
        if name in done:
            waiting.pop()
            continue
        for reference in path.setdefault(name, references(rules[name].body)):
            if reference.rule in path:
                circle = [*list(path)[list(path).index(reference.rule) :], reference.rule]
                what = f"rule {reference.rule!r} contains itself ({' > '.join(circle[:6])})"
                remarks.problem(reference.line, what, "sentences without an end are not supported: write them out")
            elif reference.rule in rules and reference.rule not in done:
                waiting.append(reference.rule)
                break
        else:
            done[name] = _depth(rules[name].body, done)
            below = max((done.get(each.rule, 0) for each in references(rules[name].body)), default=0)
            if done[name] > MAX_NESTING >= below:  # named once, not for every rule above it
                what = f"more than {MAX_NESTING} brackets and rules inside each other, below rule {name!r}"
                remarks.problem(rules[name].line, what, "write the inner ones out")
            del path[name]
            waiting.pop()


def _depth(expression: Expression, rules: Mapping[str, int]) -> int:
    if isinstance(expression, Reference):
        return 1 + rules.get(expression.rule, 0)
    return max((1 + _depth(child, rules) for child in children(expression)), default=0)


def capped(count: int) -> int:
    """A count, which stays a small number."""
    return min(count, _UNCOUNTABLE)
