"""SRGS 1.0 in its ABNF form (W3C): read from text."""

import re

from ivr.grammar.authoring.notation import Lexeme, Notation, Reader, Unreadable, scan
from ivr.grammar.authoring.tree import (
    NOTHING,
    Expression,
    Problem,
    Reference,
    Refused,
    Remarks,
    Rule,
    RuleGrammar,
    check_references,
)

_HEADER = re.compile(r"#ABNF[ \t]+(?P<version>[\d.]+)(?:[ \t]+(?P<encoding>[\w.:-]+))?[ \t]*;")
_LEXEMES = re.compile(
    r"""(?P<space>\s+) | (?P<comment>//[^\n]* | /\*.*?\*/)
      | (?P<weight>/\s*(?:[\d.]+\s*)?/) | (?P<quoted>"[^"]*") | (?P<tag>\{!\{.*?\}!\} | \{[^{}]*\})
      | (?P<reference>\$\$?<[^<>]*>(?:~<[^<>]*>)? | \$[\w.-]+) | (?P<repeat><[^<>]*>) | (?P<language>![A-Za-z][\w-]*)
      | (?P<mark>[;=|()\[\]*+]) | (?P<word>[^\s;=|*+<>()\[\]{}/"$!]+)""",
    re.VERBOSE | re.DOTALL,
)


class _File:
    """What the declarations at the head of a file say."""

    def __init__(self) -> None:
        self.language: str | None = None
        self.root: tuple[str, int] | None = None
        self.rules: dict[str, Rule] = {}


def read(text: str, without_tags: bool = False) -> RuleGrammar:
    """An ABNF file as rules.  Raises Refused with everything that is wrong or not supported."""
    remarks = Remarks(without_tags)
    text = text.lstrip("\ufeff")
    header = _HEADER.match(text)
    if header is None:
        raise Refused([Problem(1, "the first line is not an ABNF header", "begin with: #ABNF 1.0 UTF-8;")])
    if header["version"] != "1.0":
        remarks.problem(1, f"SRGS version {header['version']}", "only version 1.0 is supported")
    file = _File()
    notation = Notation(_LEXEMES, _reference, "$NULL", lambda lexeme, into: _same_language(lexeme, file, into))
    reader = Reader(scan(text[header.end() :], notation), notation, remarks)
    while reader.next.kind != "end":
        try:
            _statement(reader, file)
        except Unreadable as error:
            remarks.problem(error.line, error.what, error.remedy)
            reader.skip_statement()
    root = _root(file, remarks)
    grammar = RuleGrammar(file.language, root, file.rules, tuple(remarks.notes))
    check_references(grammar, remarks)
    remarks.refuse_if_any()
    return grammar


def _root(file: _File, remarks: Remarks) -> str | None:
    if file.root and file.root[0] not in file.rules:
        remarks.problem(file.root[1], f"the root ${file.root[0]} is not defined", "define it, or correct its name")
        return None
    if file.root is None and not any(rule.public for rule in file.rules.values()):
        what = "there is no root and no public rule, so nobody could say anything"
        remarks.problem(1, what, "add `root $name;` to the head of the file")
    return file.root[0] if file.root else None


def _statement(reader: Reader, file: _File) -> None:
    first = reader.take()
    if first.kind == "word" and first.text in _DECLARATIONS:
        _DECLARATIONS[first.text](reader, file, first)
    elif first.kind == "tag":
        reader.remarks.script(first.line, first.text, " at the head of the file")
        reader.expect(";")
    elif first.kind == "reference":
        _rule(reader, file, first, False)
    elif first.kind == "word" and first.text in ("public", "private") and reader.next.kind == "reference":
        _rule(reader, file, reader.take(), first.text == "public")
    elif first.text != ";":
        raise Unreadable(first.line, f"{first.text[:40]!r} stands where a rule should begin", "write: $name = words ;")


def _rule(reader: Reader, file: _File, named: Lexeme, public: bool) -> None:
    name = named.text[1:]
    if name in file.rules or name in ("NULL", "VOID", "GARBAGE") or name.startswith(("$", "<")):
        what = f"rule ${name} is defined twice" if name in file.rules else f"${name} cannot be the name of a rule"
        reader.remarks.problem(named.line, what, "rename one of them")
    file.rules[name] = Rule(name, NOTHING, public, named.line)  # known, also when what follows cannot be read
    reader.expect("=")
    body = reader.expansion()
    reader.expect(";")
    file.rules[name] = Rule(name, body, public, named.line)


def _declare_language(reader: Reader, file: _File, first: Lexeme) -> None:
    file.language = reader.take().text
    reader.expect(";")


def _declare_root(reader: Reader, file: _File, first: Lexeme) -> None:
    file.root = reader.take().text.lstrip("$"), first.line
    reader.expect(";")


def _declare_mode(reader: Reader, file: _File, first: Lexeme) -> None:
    mode = reader.take().text
    if mode != "voice":
        what = f"mode {mode}: keys are not spoken"
        reader.remarks.problem(first.line, what, "take the grammar out; the keypad works beside every question")
    reader.expect(";")


def _declare_lexicon(reader: Reader, file: _File, first: Lexeme) -> None:
    what = "a lexicon of pronunciations is not supported"
    reader.remarks.problem(first.line, what, "take it out; `ivr grammar lint` names the words the model does not know")
    reader.skip_statement()


def _declare_other(reader: Reader, file: _File, first: Lexeme) -> None:
    if first.text != "tag-format":
        reader.remarks.note(first.line, f"{first.text} left out", "nothing: it does not change what is understood")
    reader.skip_statement()


_DECLARATIONS = {
    "language": _declare_language,
    "root": _declare_root,
    "mode": _declare_mode,
    "lexicon": _declare_lexicon,
    "tag-format": _declare_other,
    "base": _declare_other,
    "meta": _declare_other,
    "http-equiv": _declare_other,
}


def _reference(lexeme: Lexeme, remarks: Remarks) -> Expression:
    name = lexeme.text[1:]
    if name == "NULL":
        return NOTHING
    if name in ("VOID", "GARBAGE"):
        remedy = "take it out; words around a sentence are allowed for already" if name == "GARBAGE" else "take it out"
        remarks.problem(lexeme.line, f"${name} is not supported", remedy)
        return NOTHING
    if name.startswith(("<", "$")):
        remarks.problem(lexeme.line, f"{lexeme.text[:60]} is a rule of another file", "copy it into this file")
        return NOTHING
    return Reference(name, lexeme.line)


def _same_language(lexeme: Lexeme, file: _File, remarks: Remarks) -> None:
    if file.language is None or lexeme.text[1:3].lower() != file.language[:2].lower():
        what = f"{lexeme.text} is a second language in one grammar"
        remarks.problem(lexeme.line, what, "import each language from a file of its own")
