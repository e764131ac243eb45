"""YAML 1.2 (core schema, dates and merge keys) as values and nodes with their lines; read and written by PyYAML.

PyYAML alone follows YAML 1.1, in which the language ``no`` is false, ``12:30`` is 750 and ``017`` is 15.
"""

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError

MAX_VALUES = 100_000  # with every alias written out; the largest shipped file has some thousand

_SCALARS = {
    "null": ([*"~nN", ""], r"~|null|Null|NULL|"),
    "bool": ("tTfF", r"true|True|TRUE|false|False|FALSE"),
    "int": ("-+0123456789", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": (
        "-+.0123456789",
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    ),
    "timestamp": ("0123456789", r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d*)?([ \t]*(Z|[-+]\d\d?(:\d\d)?))?)?"),
    "merge": ("<", r"<<"),
}
"""What is no text: first characters, and the whole of it."""


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml is 20 times faster
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # a 13th month, `!!bool perhaps`
            raise ConstructorError(None, None, f"cannot be read ({error})", node.start_mark) from error

    def integer(self, node: yaml.ScalarNode) -> int:
        text = self.construct_scalar(node)
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)


class _Writer(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  what it leaves unquoted is what the reader takes for text

    def text(self, text: str) -> yaml.ScalarNode:
        style = None if text.isprintable() else '"'  # other quotes change a U+0085
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


for _tag, (_first, _pattern) in _SCALARS.items():
    for _class in (_Reader, _Writer):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Reader.add_constructor("tag:yaml.org,2002:int", _Reader.integer)
_Writer.add_representer(str, _Writer.text)


class Endless(yaml.YAMLError):
    """The text is small, what it stands for is not: an alias inside what it names, or aliases of aliases."""


def parse(text: str) -> tuple[Any, yaml.Node | None]:
    """The values of one document, and its nodes, whose marks have lines from 0.  Raises yaml.YAMLError."""
    reader = _Reader(text)
    try:
        node = reader.get_single_node()
        if node is None:
            return None, None
        if _size(node, {}) > MAX_VALUES:
            raise Endless("repeats itself without end (an alias inside what it stands for, or aliases of aliases)")
        return reader.construct_document(node), node
    finally:
        reader.dispose()


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """How many values a node holds when its aliases are written out.  Raises ConstructorError for double keys."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = float("inf")  # until it is known: for one that contains itself
    inside = node.value
    if isinstance(node, yaml.MappingNode):
        _refuse_double_keys(node)
        inside = [each for pair in node.value for each in pair]
    known[id(node)] = 1 + sum(_size(each, known) for each in inside)
    return known[id(node)]


def _refuse_double_keys(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                raise ConstructorError(None, None, f"duplicate key {key.value!r}", key.start_mark)
            seen.add((key.tag, key.value))


def dump(data: Any) -> str:
    """Values as text that ``parse`` gives back, in the order they have."""
    return yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120)
