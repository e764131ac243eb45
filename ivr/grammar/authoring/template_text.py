"""Trees -> the text of our templates, and how many sentences that would be."""

from collections.abc import Mapping, MutableMapping

from ivr.grammar.authoring.tree import (
    Expression,
    OneOf,
    Reference,
    Repeat,
    Rule,
    Sequence,
    Words,
    capped,
    one_of,
    optional,
    sequence,
)


def reduced_rules(rules: Mapping[str, Rule]) -> dict[str, Expression]:
    """The bodies of the rules without tags, and without the rules that have no words at all."""
    left = dict(rules)
    while True:
        bodies = {name: reduced(rule.body, left) for name, rule in left.items()}
        empty = [name for name, body in bodies.items() if body is None]
        if not empty:
            return {name: body for name, body in bodies.items() if body is not None}
        for name in empty:
            del left[name]


def reduced(expression: Expression, rules: Mapping[str, object]) -> Expression | None:
    """The same sentences in fewer brackets; None when nothing would be said.  Only references to ``rules`` stay."""
    match expression:
        case Words():
            return expression
        case Reference(name):
            return expression if name in rules else None
        case Sequence(items):
            left = [item for each in items if (item := reduced(each, rules)) is not None]
            flat = [part for item in left for part in (item.items if isinstance(item, Sequence) else (item,))]
            return sequence(flat) if flat else None
        case OneOf(items):
            each_of = [reduced(item, rules) for item in items]
            spoken = [part for item in each_of if item is not None for part in alternatives(item)]
            if not spoken:
                return None
            return _optional(one_of(spoken)) if None in each_of else one_of(spoken)
        case Repeat(item, low, high):
            inner = reduced(item, rules)
            if inner is None or high == 0:
                return None
            if (low, high) == (0, 1):
                return _optional(inner)
            return inner if (low, high) == (1, 1) else Repeat(inner, low, high)
        case _:
            return None


def _optional(item: Expression) -> Expression:
    return item if isinstance(item, Repeat) and item.low == 0 else optional(item)


def alternatives(expression: Expression) -> tuple[Expression, ...]:
    """The alternatives of an expression; one when there is no choice."""
    return expression.items if isinstance(expression, OneOf) else (expression,)


def count(expression: Expression, bodies: Mapping[str, Expression], known: MutableMapping[str, int]) -> int:
    """How many sentences an expression stands for, up to a trillion.  ``known`` keeps what rules count."""
    match expression:
        case Reference(name):
            if name not in known:
                known[name] = count(bodies[name], bodies, known)
            return known[name]
        case Sequence(items):
            total = 1
            for item in items:
                total = capped(total * count(item, bodies, known))
            return total
        case OneOf(items):
            return capped(sum(count(item, bodies, known) for item in items))
        case Repeat(item, low, high):
            one = count(item, bodies, known)
            return capped(sum(one**times for times in range(low, high + 1)))
        case _:
            return 1


def length(expression: Expression) -> int:
    """About how long the text of an expression is, in characters, up to a trillion."""
    match expression:
        case Words(words):
            return len(words) + 1
        case Reference(name):
            return len(name) + 3
        case Sequence(items) | OneOf(items):
            return capped(sum(3 + length(item) for item in items))
        case Repeat(item, _, high):
            return capped(high * (length(item) + 4))
        case _:
            return 1


def text(expression: Expression, names: Mapping[str, str]) -> str:
    """An expression as a template.  ``names``: what each rule is called there."""
    match expression:
        case Words(words):
            return words
        case Reference(name):
            return f"<{names[name]}>"
        case Sequence(items):
            return " ".join(text(item, names) for item in items)
        case OneOf(items):
            return f"({_choice(items, names)})"
        case Repeat(item, low, high):
            inner = _choice(alternatives(item), names)
            may_follow = ""
            for _ in range(high - low):
                more = f" {may_follow}" if may_follow else ""
                may_follow = f"[({inner}){more}]" if more and len(alternatives(item)) > 1 else f"[{inner}{more}]"
            return " ".join([text(item, names)] * low + [may_follow] * bool(may_follow))
        case _:
            return ""


def _choice(items: tuple[Expression, ...], names: Mapping[str, str]) -> str:
    return " | ".join(text(item, names) for item in items)
