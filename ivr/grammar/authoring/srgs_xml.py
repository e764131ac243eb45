"""SRGS 1.0 in its XML form (W3C): read from text, and written.

Document types, entities and anything outside the file are refused by the parser's own events, before they can do harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from ivr.grammar.authoring.notation import spoken
from ivr.grammar.authoring.tags import tag
from ivr.grammar.authoring.tree import (
    MAX_CHARACTERS,
    MAX_NESTING,
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
    one_of,
    repeated,
    sequence,
)

NAMESPACE = "http://www.w3.org/2001/06/grammar"
_XML = "http://www.w3.org/XML/1998/namespace"
_LANGUAGE = f"{_XML} lang"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance "

_CONTENT = {"token", "ruleref", "item", "one-of", "tag"}
_PLACES: Mapping[str, set[str]] = {  # element -> what may stand in it
    "grammar": {"rule", "lexicon", "meta", "metadata", "tag"},
    "rule": _CONTENT | {"example"},
    "item": _CONTENT,
    "one-of": {"item"},
}
_ATTRIBUTES: Mapping[str, set[str]] = {
    "grammar": {"version", _LANGUAGE, "mode", "root", "tag-format", f"{_XML} base", f"{_XML} id"},
    "rule": {"id", "scope"},
    "item": {"repeat", "repeat-prob", "weight", _LANGUAGE},
    "one-of": {_LANGUAGE},
    "token": {_LANGUAGE},
    "ruleref": {"uri", "special", "type", _LANGUAGE},
    "tag": set(),
    "example": set(),
}
_SPECIAL_REMEDY = "take it out; words around a sentence are allowed for already"


@dataclass(slots=True)
class _Element:
    """An element that is open."""

    name: str
    attributes: Mapping[str, str]
    line: int
    items: list[Expression] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    text_line: int = 0


class _Document:
    """What the parser has come across so far."""

    def __init__(self, without_tags: bool) -> None:
        self.remarks = Remarks(without_tags)
        self.language: str | None = None
        self.root: str | None = None
        self.root_line = 1
        self.rules: dict[str, Rule] = {}
        self._open: list[_Element] = []
        self._skipping = 0  # elements inside one that was named as a whole

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        namespace, _, local = name.rpartition(" ")
        if len(self._open) + self._skipping >= 2 * MAX_NESTING:
            what = f"more than {2 * MAX_NESTING} elements inside each other"
            raise Refused([Problem(line, what, "use rules instead")])
        if self._skipping or not self._belongs(local, namespace, line):
            self._skipping += 1
            return
        if self._open:
            self._flush(self._open[-1])
        self._check_attributes(local, attributes, line)
        self._open.append(_Element(local, attributes, line))
        if local == "grammar":
            self._head(attributes, line)

    def end(self, line: int) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        element = self._open.pop()
        self._flush(element)
        if element.name == "rule":
            self._rule(element)
        elif self._open and (expression := self._expression(element)) is not None:
            self._open[-1].items.append(expression)

    def data(self, text: str, line: int) -> None:
        if self._open and not self._skipping:
            element = self._open[-1]
            if not element.text_line and text.strip():
                element.text_line = line
            element.text.append(text)

    def _belongs(self, name: str, namespace: str, line: int) -> bool:
        """Whether an element can be taken over; if not, it is named."""
        if not self._open:
            if name == "grammar" and namespace in (NAMESPACE, ""):
                return True
            remedy = f'it begins with <grammar version="1.0" xmlns="{NAMESPACE}">'
            raise Refused([Problem(line, f"<{name}> is not the beginning of an SRGS grammar", remedy)])
        parent = self._open[-1].name
        if name == "lexicon":
            what, remedy = "<lexicon>: pronunciations are not supported", "take it out, and run `ivr grammar lint`"
        elif name in ("meta", "metadata"):
            self.remarks.note(line, f"<{name}> left out", "nothing: it does not change what is understood")
            return False
        elif name == "tag" and parent == "grammar":
            self.remarks.script(line, "<tag>", " at the head of the file")
            return False
        elif namespace in (NAMESPACE, "") and name in _PLACES.get(parent, ()):
            return True
        else:
            what, remedy = f"<{name}> is not supported in <{parent}>", "take it out, or move it to where it belongs"
        self.remarks.problem(line, what, remedy)
        return False

    def _check_attributes(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        for attribute in sorted(set(attributes) - _ATTRIBUTES[name]):
            if attribute.startswith(_SCHEMA):
                self.remarks.note(line, "the place of a schema left out", "nothing: files from outside are not read")
                continue
            what = f"attribute {attribute.rpartition(' ')[2]!r} of <{name}> is not supported"
            self.remarks.problem(line, what, "take it out, or check its spelling")
        language = attributes.get(_LANGUAGE)
        if name != "grammar" and language and (self.language or "")[:2].lower() != language[:2].lower():
            what = f"xml:lang={language!r} is a second language in one grammar"
            self.remarks.problem(line, what, "import each language from a file of its own")

    def _head(self, attributes: Mapping[str, str], line: int) -> None:
        self.language, self.root, self.root_line = attributes.get(_LANGUAGE), attributes.get("root"), line
        if attributes.get("version", "1.0") != "1.0":
            self.remarks.problem(line, f"SRGS version {attributes['version']!r}", "only version 1.0 is supported")
        if attributes.get("mode", "voice") != "voice":
            remedy = "take the grammar out; the keypad works beside every question"
            self.remarks.problem(line, f"mode={attributes['mode']!r}: keys are not spoken", remedy)

    def _flush(self, element: _Element) -> None:
        """Text between elements becomes words; a tag's text stays as it is."""
        text = "".join(element.text)
        if element.name in ("rule", "item", "token") and text.strip():
            element.items.append(spoken(text, element.text_line, self.remarks))
        elif element.name not in ("tag", "example") and text.strip():
            what = f"text {text.strip()[:40]!r} in <{element.name}>"
            self.remarks.problem(element.text_line, what, "put it into an <item>")
        if element.name != "tag":
            element.text, element.text_line = [], 0

    def _expression(self, element: _Element) -> Expression | None:
        match element.name:
            case "tag":
                return tag("".join(element.text), element.line, self.remarks)
            case "ruleref":
                return self._reference(element)
            case "one-of":
                if not element.items:
                    self.remarks.problem(element.line, "<one-of> has no <item>", "add what may be said")
                    return NOTHING
                return one_of(element.items)
            case "item":
                return self._item(element)
            case "token":
                return sequence(element.items)
            case _:
                return None

    def _item(self, element: _Element) -> Expression:
        for attribute in ("weight", "repeat-prob"):
            if attribute in element.attributes:
                what = f"{attribute} {element.attributes[attribute]!r} left out"
                self.remarks.note(element.line, what, "nothing: our recogniser takes none")
        item = sequence(element.items)
        bounds = element.attributes.get("repeat")
        return item if bounds is None else repeated(item, bounds, element.line, self.remarks)

    def _reference(self, element: _Element) -> Expression:
        uri, special = element.attributes.get("uri"), element.attributes.get("special")
        if special == "NULL":
            return NOTHING
        if special:
            self.remarks.problem(element.line, f"special={special!r} is not supported", _SPECIAL_REMEDY)
        elif not uri or uri == "#":
            self.remarks.problem(element.line, "<ruleref> names no rule", 'write <ruleref uri="#name"/>')
        elif not uri.startswith("#"):
            what = f"<ruleref uri={uri[:60]!r}> is a rule of another file"
            self.remarks.problem(element.line, what, "copy the rule into this file")
        else:
            return Reference(uri[1:], element.line)
        return NOTHING

    def _rule(self, element: _Element) -> None:
        name = element.attributes.get("id", "")
        if not name or name in self.rules:
            what = f"rule {name!r} is defined twice" if name else "<rule> has no id"
            self.remarks.problem(element.line, what, "give each rule an id of its own")
            return
        public = element.attributes.get("scope") == "public"
        self.rules[name] = Rule(name, sequence(element.items), public, element.line)


def read(text: str, without_tags: bool = False) -> RuleGrammar:
    """An SRGS XML file as rules.  Raises Refused with everything that is wrong or not supported."""
    if len(text) > MAX_CHARACTERS:
        raise Refused([Problem(1, f"the file has more than {MAX_CHARACTERS:,} characters", "split it")])
    document = _Document(without_tags)
    parser = expat.ParserCreate("utf-8", " ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def refuse(*_: object) -> int:
        what = "a document type or an entity: files from outside are refused, whatever they hold"
        raise Refused([Problem(parser.CurrentLineNumber, what, "take out <!DOCTYPE ...> and write entities out")])

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = lambda name, attributes: document.start(name, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = lambda name: document.end(parser.CurrentLineNumber)
    parser.CharacterDataHandler = lambda text: document.data(text, parser.CurrentLineNumber)
    try:
        parser.Parse(text.lstrip("\ufeff").encode("utf-8", "replace"), True)
    except Refused as error:
        raise Refused([*document.remarks.problems, *error.problems]) from None
    except expat.ExpatError as error:
        what = f"is not XML: {expat.ErrorString(error.code)}"
        document.remarks.problem(error.lineno, what, "check the tags there and just before")
        document.remarks.refuse_if_any()
    return _checked(document)


def _checked(document: _Document) -> RuleGrammar:
    remarks, rules = document.remarks, document.rules
    if document.root is not None and document.root not in rules:
        what = f"the root {document.root!r} is not defined"
        remarks.problem(document.root_line, what, "define it, or correct its name")
        remarks.refuse_if_any()
    if document.root is None and not any(rule.public for rule in rules.values()):
        what = "there is no root and no public rule, so nobody could say anything"
        remarks.problem(document.root_line, what, 'add root="name" to <grammar>')
    grammar = RuleGrammar(document.language, document.root, rules, tuple(remarks.notes))
    check_references(grammar, remarks)
    remarks.refuse_if_any()
    return grammar


def write(grammar: RuleGrammar) -> str:
    """Rules as an SRGS XML file in UTF-8."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<grammar version="1.0" xmlns="{NAMESPACE}" xml:lang={quoteattr(grammar.language or "")} mode="voice"'
        f' root={quoteattr(grammar.root or "")} tag-format="semantics/1.0">',
    ]
    for rule in grammar.rules.values():
        scope = ' scope="public"' if rule in grammar.entries else ""
        lines += [f"  <rule id={quoteattr(rule.name)}{scope}>", f"    {_text(rule.body)}", "  </rule>"]
    return "\n".join([*lines, "</grammar>"]) + "\n"


def _text(expression: Expression) -> str:
    match expression:
        case Words(text):
            return escape(text)
        case Sequence(items):
            return " ".join(map(_text, items)) or '<ruleref special="NULL"/>'
        case OneOf(items):
            return "<one-of>" + "".join(f"\n      <item>{_text(item)}</item>" for item in items) + "</one-of>"
        case Repeat(item, low, high):
            bounds = str(low) if low == high else f"{low}-{high}"
            return f'<item repeat="{bounds}">{_text(item)}</item>'
        case Reference(rule):
            return f"<ruleref uri={quoteattr('#' + rule)}/>"
        case Tag(text):
            return f"<tag>{escape(text)}</tag>"
