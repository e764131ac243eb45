"""Expansions as SRGS ABNF and JSGF write them: ``[please] (where is | track) $order {tag}``.

The two share sequences, alternatives, brackets, weights, tags and comments.  Each gives its own lexemes and says what
its references are; everything else is here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ivr.grammar.authoring.tags import tag
from ivr.grammar.authoring.tree import (
    MAX_NESTING,
    NOTHING,
    Expression,
    Remarks,
    Words,
    one_of,
    optional,
    repeated,
    sequence,
)
from ivr.grammar.templates import normalise

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OPENED = re.compile(r"/\*|[\"{]")
_WEIGHT = re.compile(r"/[^/]*/")


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A piece of text.  ``kind``: word, quoted, reference, tag, weight, repeat, language, mark, end."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Notation:
    """What differs.  ``lexemes`` has one named group for each kind of lexeme; ``nothing`` is how silence is written."""

    lexemes: re.Pattern[str]
    reference: Callable[[Lexeme, Remarks], Expression]
    nothing: str
    language: Callable[[Lexeme, Remarks], None] = lambda lexeme, remarks: None


class Unreadable(Exception):
    """The text does not go on as the notation asks for."""

    def __init__(self, line: int, what: str, remedy: str) -> None:
        super().__init__(what)
        self.line, self.what, self.remedy = line, what, remedy


def scan(text: str, notation: Notation, line: int = 1) -> Iterator[Lexeme]:
    """The lexemes of a text, without spaces and comments; the last is of the kind "end"."""
    at = 0
    while at < len(text):
        match = notation.lexemes.match(text, at)
        if match is None:
            yield Lexeme("stray", text[at], line)
            if _OPENED.match(text, at):
                break  # it is closed nowhere; looking again from every following one would take forever
            at += 1
            continue
        if match.lastgroup not in (None, "space", "comment"):
            yield Lexeme(str(match.lastgroup), match[0], line)
        line += match[0].count("\n")
        at = match.end()
    yield Lexeme("end", "", line)


class Reader:
    """Reads lexemes one after the other."""

    def __init__(self, lexemes: Iterator[Lexeme], notation: Notation, remarks: Remarks) -> None:
        self._lexemes = lexemes
        self._notation = notation
        self.remarks = remarks
        self.next = next(lexemes)
        self._nesting = 0

    def take(self) -> Lexeme:
        """The next lexeme, which is then behind."""
        taken = self.next
        if taken.kind != "end":
            self.next = next(self._lexemes)
        return taken

    def at(self, text: str) -> bool:
        """Whether this mark or word comes next."""
        return self.next.text == text and self.next.kind in ("mark", "word")

    def expect(self, mark: str) -> None:
        """Go past a mark.  Raises Unreadable."""
        if not self.at(mark):
            found = self.next.text[:40] or "the end of the file"
            what = f"{found!r} stands where {mark!r} is expected"
            raise Unreadable(self.next.line, what, "check the brackets before it")
        self.take()

    def skip_statement(self) -> None:
        """Go past the next semicolon, so that reading goes on with what follows a mistake."""
        self._nesting = 0
        while self.next.kind != "end" and self.take().text != ";":
            pass

    def expansion(self) -> Expression:
        """Alternatives, up to what cannot belong to them.  Raises Unreadable."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise Unreadable(self.next.line, f"more than {MAX_NESTING} brackets inside each other", "use rules instead")
        alternatives = [self._sequence()]
        while self.at("|"):
            self.take()
            alternatives.append(self._sequence())
        self._nesting -= 1
        return one_of(alternatives)

    def _sequence(self) -> Expression:
        start = self.next
        if start.kind == "weight":
            self.remarks.note(start.line, f"weight {start.text} left out", "nothing: our recogniser takes no weights")
            self.take()
        items: list[Expression] = []
        while (item := self._item()) is not None:
            items.append(self._repeats(item))
        if not items:
            raise Unreadable(start.line, "an alternative is empty", f"write {self._notation.nothing}, or take it out")
        return sequence(items)

    def _item(self) -> Expression | None:
        lexeme = self.next
        match lexeme.kind:
            case "word" | "quoted":
                return self._words(self.take())
            case "reference":
                return self._notation.reference(self.take(), self.remarks)
            case "tag":
                return tag(_inner(self.take().text), lexeme.line, self.remarks)
            case "mark" if lexeme.text in "([":
                return self._bracket()
            case "stray":
                remedy = "close what it opens, or put it in quotes"
                raise Unreadable(lexeme.line, f"{lexeme.text!r} cannot be read here", remedy)
            case "weight" | "repeat" | "language":
                raise Unreadable(lexeme.line, f"{lexeme.text!r} has nothing before it", "put it where it belongs")
            case _:
                return None

    def _words(self, lexeme: Lexeme) -> Expression:
        text = _ESCAPED.sub(r"\1", lexeme.text[1:-1]) if lexeme.kind == "quoted" else lexeme.text
        return spoken(text, lexeme.line, self.remarks)

    def _bracket(self) -> Expression:
        opening = self.take().text
        closing = ")" if opening == "(" else "]"
        inner = NOTHING if self.at(closing) else self.expansion()
        self.expect(closing)
        return inner if opening == "(" else optional(inner)

    def _repeats(self, item: Expression) -> Expression:
        while True:
            lexeme = self.next
            if lexeme.kind == "repeat":
                bounds = lexeme.text.strip("<>")
                if _WEIGHT.search(bounds):
                    what = f"probability in {lexeme.text} left out"
                    self.remarks.note(lexeme.line, what, "nothing: our recogniser takes none")
                item = repeated(item, _WEIGHT.sub("", bounds), lexeme.line, self.remarks)
            elif lexeme.kind == "mark" and lexeme.text in "*+":
                what = f"{lexeme.text!r} repeats without an end"
                self.remarks.problem(lexeme.line, what, "write out how often: [a] or (a [a])")
            elif lexeme.kind == "language":
                self._notation.language(lexeme, self.remarks)
            else:
                return item
            self.take()


def _inner(text: str) -> str:
    """What stands in a tag, without its braces and escapes."""
    inner = text[3:-3] if text.startswith("{!{") else text[1:-1]
    return _ESCAPED.sub(r"\1", inner).strip()


def spoken(text: str, line: int, remarks: Remarks) -> Expression:
    """The words of a text; punctuation alone is nothing, and noted."""
    words = normalise(text)
    if not words and text.strip():
        remarks.note(line, f"{text.strip()[:40]!r} left out: it is not spoken", "nothing, or write it as it is said")
    return Words(words) if words else NOTHING
