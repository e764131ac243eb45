"""JSGF, the Java Speech Grammar Format 1.0: read and written as text."""

import re

from ivr.grammar.authoring.notation import Lexeme, Notation, Reader, Unreadable, scan
from ivr.grammar.authoring.tree import (
    NOTHING,
    Expression,
    OneOf,
    Problem,
    Reference,
    Refused,
    Remarks,
    Repeat,
    Rule,
    RuleGrammar,
    Sequence,
    Tag,
    Words,
    check_references,
)

_HEADER = re.compile(
    r"#JSGF[ \t]+V(?P<version>[\d.]+)(?:[ \t]+(?P<encoding>[\w.:-]+))?(?:[ \t]+(?P<locale>[\w-]+))?[ \t]*;"
)
_LOCALE = re.compile(r"[A-Za-z]{2}(?:[-_]\w+)*")
_LEXEMES = re.compile(
    r"""(?P<space>\s+) | (?P<comment>//[^\n]* | /\*.*?\*/)
      | (?P<weight>/\s*\d[\d.eE+-]*\s*/) | (?P<quoted>"(?:[^"\\]|\\.)*") | (?P<tag>\{(?:[^{}\\]|\\.)*\})
      | (?P<reference><[^<>;\n]+>) | (?P<mark>[;=|()\[\]*+]) | (?P<word>[^\s;=|*+<>()\[\]{}/"\\]+)""",
    re.VERBOSE | re.DOTALL,
)
_RESERVED = ("grammar", "import", "public")  # written in quotes where a caller says them


def read(text: str, without_tags: bool = False) -> RuleGrammar:
    """A JSGF file as rules.  Raises Refused with everything that is wrong or not supported."""
    remarks = Remarks(without_tags)
    header = _HEADER.match(text.lstrip("\ufeff"))
    if header is None:
        raise Refused([Problem(1, "the first line is not a JSGF header", "begin with: #JSGF V1.0 UTF-8 en;")])
    encoding, locale = header["encoding"], header["locale"]
    if encoding and locale is None and _LOCALE.fullmatch(encoding):
        locale = encoding  # the encoding may be left out
    if header["version"] not in ("1", "1.0"):
        remarks.problem(1, f"JSGF version {header['version']}", "only version 1.0 is supported")
    body = text.lstrip("\ufeff")[header.end() :]
    reader = Reader(scan(body, _NOTATION), _NOTATION, remarks)
    rules: dict[str, Rule] = {}
    while reader.next.kind != "end":
        try:
            _statement(reader, rules)
        except Unreadable as error:
            remarks.problem(error.line, error.what, error.remedy)
            reader.skip_statement()
    if not any(rule.public for rule in rules.values()):
        remarks.problem(1, "no rule is public, so nobody could say anything", "write `public` before a rule")
    grammar = RuleGrammar(locale, None, rules, tuple(remarks.notes))
    check_references(grammar, remarks)
    remarks.refuse_if_any()
    return grammar


def _statement(reader: Reader, rules: dict[str, Rule]) -> None:
    line = reader.next.line
    if reader.at("grammar"):
        reader.skip_statement()
        return
    if reader.at("import"):
        reader.take()
        what = f"import {reader.next.text}: other files are not read"
        reader.remarks.problem(line, what, "copy the rules that are used into this file")
        reader.skip_statement()
        return
    public = reader.at("public")
    if public:
        reader.take()
    if reader.next.kind != "reference":
        found = reader.next.text[:40] or "the end of the file"
        raise Unreadable(line, f"{found!r} stands where a rule should begin", "write: <name> = words ;")
    name = reader.take().text[1:-1]
    if name in rules or name in ("NULL", "VOID"):
        what = f"rule <{name}> is defined twice" if name in rules else f"rule <{name}> is a name of JSGF itself"
        reader.remarks.problem(line, what, "rename one of them")
    rules[name] = Rule(name, NOTHING, public, line)  # known, also when what follows cannot be read
    reader.expect("=")
    body = reader.expansion()
    reader.expect(";")
    rules[name] = Rule(name, body, public, line)


def _reference(lexeme: Lexeme, remarks: Remarks) -> Expression:
    name = lexeme.text[1:-1]
    if name == "NULL":
        return NOTHING
    if name == "VOID":
        remarks.problem(lexeme.line, "<VOID> is not supported", "take the alternative out")
        return NOTHING
    if "." in name:
        remarks.problem(lexeme.line, f"<{name}> is a rule of another grammar", "define the rule in this file")
        return NOTHING
    return Reference(name, lexeme.line)


_NOTATION = Notation(_LEXEMES, _reference, "<NULL>")


def write(grammar: RuleGrammar) -> str:
    """Rules as a JSGF file in UTF-8."""
    lines = [f"#JSGF V1.0 UTF-8 {grammar.language};", f"grammar call_us.{grammar.language};"]
    for rule in grammar.rules.values():
        public = "public " if rule in grammar.entries else ""
        items = rule.body.items if isinstance(rule.body, OneOf) else (rule.body,)
        body = "\n  | ".join(_text(item) for item in items)
        lines.append(f"\n{public}<{rule.name}> =\n    {body}\n  ;")
    return "\n".join(lines) + "\n"


def _text(expression: Expression) -> str:
    match expression:
        case Words(text):
            return " ".join(f'"{word}"' if word in _RESERVED else word for word in text.split())
        case Sequence(items):
            return " ".join(map(_text, items)) or "<NULL>"
        case OneOf(items):
            return f"({' | '.join(map(_text, items))})"
        case Repeat(OneOf(items), 0, 1):
            return f"[{' | '.join(map(_text, items))}]"
        case Repeat(item, 0, 1):
            return f"[{_text(item)}]"
        case Repeat(item, low, high):
            return " ".join([f"({_text(item)})"] * low + [f"[{_text(item)}]"] * (high - low)) or "<NULL>"
        case Reference(rule):
            return f"<{rule}>"
        case Tag(text):
            return "{" + re.sub(r"([\\{}])", r"\\\1", text) + "}"
