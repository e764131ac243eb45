"""Sentence templates (hassil syntax) -> the sentences they accept.

``(where is | track) my (order | parcel) [please]`` with shared rules as ``<rule>``.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import prod

from hassil.errors import HassilError
from hassil.expression import (
    Alternative,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    Sequence,
    TextChunk,
)
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.sample import sample_expression

MAX_SENTENCES = 5_000  # of one template; a recogniser's grammar of one language stays in the same order of size
_MAX_DEPTH = 50  # rules inside rules; deeper is a rule that contains itself

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})
_NOT_SPOKEN = re.compile(r"[^\w' ]|_")
_RULE = re.compile(r"<(\w+)>")
_SLOT = re.compile(r"\{(\w+)\}")
_SPACES = re.compile(r"\s+")


class TemplateError(ValueError):
    """A template that cannot be used; the message says what is wrong and how to mend it."""


def normalise(text: str) -> str:
    """What two spellings of the same spoken sentence have in common: lower case, no punctuation, single spaces."""
    words = _SPACES.sub(" ", _NOT_SPOKEN.sub(" ", text.translate(_APOSTROPHES).lower())).split(" ")
    return " ".join(stripped for word in words if (stripped := word.strip("'")))


def expand(text: str, rules: Mapping[str, str]) -> tuple[str, ...]:
    """Every sentence a template accepts, normalised, in order, without doubles.  Slots (``{order_number}``) are left
    out: they may be said or not, and where they stand in a sentence does not matter (``slots_in``).

    Raises TemplateError for bad syntax, unknown or endless rules, and more than MAX_SENTENCES sentences.
    """
    return _expand(text, tuple(rules.items()))


@lru_cache(maxsize=4096)  # when one file is edited, the others' templates are not written out again
def _expand(text: str, rules: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    sentence = _parse(text)
    parsed = {name: _parse(body) for name, body in rules}
    count = _count(sentence.expression, parsed, 0)
    if count > MAX_SENTENCES:
        raise TemplateError(f"{text!r} stands for {count:,} sentences, at most {MAX_SENTENCES:,} are allowed: split it")
    found = dict.fromkeys(normalise(sample) for sample in _sample(sentence, parsed))
    found.pop("", None)
    if not found:
        raise TemplateError(f"{text!r} has no words" + (" beside its slot" if slots_in(text) else ""))
    return tuple(found)


def needed(template: str, rules: Mapping[str, str]) -> dict[str, str]:
    """The rules a template uses, directly or through others: expanding parses all it is given."""
    found: dict[str, str] = {}
    waiting = [template]
    while waiting:
        for name in _RULE.findall(waiting.pop()):
            if name in rules and name not in found:
                found[name] = rules[name]
                waiting.append(rules[name])
    return found


def slots_in(text: str) -> tuple[str, ...]:
    """The slots a template names."""
    return tuple(dict.fromkeys(_SLOT.findall(text)))


def without_slots(text: str) -> str:
    """The words around the slots."""
    return _SLOT.sub(" ", text)


@lru_cache(maxsize=4096)  # every template of a language refers to the same rules
def _parse(text: str) -> Sentence:
    try:
        return parse_sentence(text)
    except (ParseError, HassilError, ValueError, IndexError) as error:
        raise TemplateError(f"{text!r} cannot be read: {error or 'check its brackets'}") from error
    except AssertionError:
        raise TemplateError(f"{text!r} has brackets with nothing in them") from None


def _sample(sentence: Sentence, rules: Mapping[str, Sentence]) -> Iterator[str]:
    for sample in sample_expression(sentence.expression, {}, dict(rules), expand_lists=False):
        yield without_slots(sample)


def _count(expression: object, rules: Mapping[str, Sentence], depth: int) -> int:
    """How many sentences an expression stands for, without listing them; also finds what cannot be listed."""
    if depth > _MAX_DEPTH:
        raise TemplateError("a rule contains itself: rules may use other rules, but never in a circle")
    match expression:
        case TextChunk():
            return 1
        case RuleReference(rule_name=name):
            if name not in rules:
                known = ", ".join(sorted(rules)) or "none"
                raise TemplateError(f"rule <{name}> is not defined (defined here: {known})")
            return _count(rules[name].expression, rules, depth + 1)
        case Alternative(items=items):
            return sum(_count(item, rules, depth + 1) for item in items)
        case Permutation(items=items):
            orders = prod(range(1, len(items) + 1))
            return orders * prod(_count(item, rules, depth + 1) for item in items)
        case Sequence(items=items) | Group(items=items):
            return prod(_count(item, rules, depth + 1) for item in items)
        case ListReference():
            return 1
        case _:
            raise TemplateError(f"{expression!r} is not supported")
