"""Grammars of other systems -> our templates: SRGS XML, SRGS ABNF and JSGF, whichever it is."""

import codecs
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.grammar.authoring import jsgf, srgs_abnf, srgs_xml
from ivr.grammar.authoring.intents import Branch, Intents, intent_name
from ivr.grammar.authoring.template_text import alternatives, count, length, reduced, reduced_rules, text
from ivr.grammar.authoring.tree import (
    MAX_CHARACTERS,
    Expression,
    OneOf,
    Problem,
    Reference,
    Refused,
    Remarks,
    RuleGrammar,
    references,
)
from ivr.grammar.templates import MAX_SENTENCES, TemplateError, expand, needed

MAX_ALL_SENTENCES = 50_000  # of one file; a language with a tenth of them is a large one

_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z0-9_-]+)?")
_DECLARED = re.compile(
    rb"\s*(?:<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)|#(?:JSGF|ABNF)[ \t]+V?[\d.]+[ \t]+([A-Za-z][\w.:-]+))"
)
_ENCODINGS = ("utf-8", "utf-16", "ascii", "iso8859", "cp125", "latin", "euc", "cp949", "koi8")  # Python's names of text
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SMALLER = "leave optional parts out, or write several smaller rules"


@dataclass(frozen=True, slots=True)
class Templates:
    """A grammar in our own terms.  ``notes`` name what was left out without changing a sentence."""

    language: str
    rules: Mapping[str, str]
    intents: Mapping[str, tuple[str, ...]]
    notes: tuple[Problem, ...] = ()

    @property
    def yaml(self) -> str:
        """The same as a grammar file."""
        lines = [f"language: {self.language}"]
        if self.rules:
            lines += ["rules:", *(f"  {json.dumps(name)}: {_quoted(body)}" for name, body in self.rules.items())]
        lines.append("intents:")
        for intent, sentences in self.intents.items():
            lines += [f"  {json.dumps(intent)}:", "    sentences:", *(f"      - {_quoted(each)}" for each in sentences)]
        return "\n".join(lines) + "\n"


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


def decode(data: bytes) -> str:
    """A file's text, in the encoding it names itself, else UTF-8.  Raises Refused."""
    if len(data) > 2 * MAX_CHARACTERS:
        raise _too_long()
    declared = _DECLARED.match(data[:200])
    named = (declared[1] or declared[2]).decode() if declared else "utf-8"
    marked = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)
    if declared and declared[2] and _LANGUAGE.fullmatch(named):  # "#JSGF V1.0 en;": a language without an encoding
        named = "utf-8"
    try:
        encoding = marked or codecs.lookup(named).name
        decoded = data.decode(encoding) if encoding.startswith(_ENCODINGS) else None
    except (LookupError, UnicodeDecodeError):
        decoded = None
    if decoded is None:
        raise Refused([Problem(1, f"is not text in {marked or named}", "save it as UTF-8")])
    return decoded.replace("\r\n", "\n").replace("\r", "\n")


def _too_long() -> Refused:
    return Refused([Problem(1, f"the file has more than {MAX_CHARACTERS:,} characters", "split it")])


def read(written: str, without_tags: bool = False) -> RuleGrammar:
    """A grammar in any of the three notations.  Raises Refused with everything that is wrong or not supported.

    ``without_tags``: one intent is named for all sentences, so what tags say, scripts too, does not matter.
    """
    if len(written) > MAX_CHARACTERS:
        raise _too_long()
    start = written.lstrip("\ufeff")
    if start.startswith("#ABNF"):
        return srgs_abnf.read(start, without_tags)
    if start.startswith("#JSGF"):
        return jsgf.read(start, without_tags)
    if start.lstrip().startswith("<"):
        return srgs_xml.read(start, without_tags)
    what = "is none of SRGS XML, SRGS ABNF and JSGF"
    raise Refused([Problem(1, what, "the first line must be <?xml ...>, #ABNF 1.0; or #JSGF V1.0;")])


def to_templates(grammar: RuleGrammar, intent: str | None = None, language: str | None = None) -> Templates:
    """Rules as templates: what callers may say becomes intents.  Raises Refused.

    The intents are ``intent`` when it is given, else what constant tags say, else the names of the rules.
    """
    remarks = Remarks(notes=list(grammar.notes))
    code = _language(language or grammar.language, remarks)
    if intent is not None and intent_name(intent) != intent:
        remarks.problem(1, f"{intent!r} cannot be the name of an intent", "use small letters, digits and _")
    found = Intents(grammar, intent, remarks).found()
    remarks.refuse_if_any()
    bodies = reduced_rules(grammar.rules)
    parts = {name: _parts(branches, bodies) for name, branches in found.items()}
    if not any(parts.values()):
        remarks.problem(1, "nothing can be said", "add words to the rules that callers begin with")
    _check_size(parts, bodies, remarks)
    remarks.refuse_if_any()
    names = _rule_names(parts, bodies, grammar, remarks)
    rules = {ours: text(bodies[name], names) for name, ours in names.items()}
    intents = {
        name: tuple(dict.fromkeys(text(part.body, names) for part in each)) for name, each in parts.items() if each
    }
    _check_sentences(intents, parts, rules, remarks)
    remarks.refuse_if_any()
    return Templates(code, rules, intents, tuple(sorted(remarks.notes, key=lambda note: note.line)))


def _language(tag: str | None, remarks: Remarks) -> str:
    match = _LANGUAGE.fullmatch(tag or "")
    if match is None:
        what = f"language {tag!r} is not one like `en` or `fr-CA`" if tag else "the file does not name its language"
        remarks.problem(1, what, "name it with --language")
    return match[1].lower() if match else ""


def _parts(branches: list[Branch], bodies: Mapping[str, Expression]) -> list[Branch]:
    """One part for each template: alternatives stand on lines of their own, also those of a rule standing alone."""
    parts: dict[Expression, Branch] = {}
    written_out: set[str] = set()
    for branch in branches:
        body = reduced(branch.body, bodies)
        waiting = deque([] if body is None else [body])
        while waiting:
            first = waiting.popleft()
            if isinstance(first, Reference):
                if first.rule not in written_out:
                    written_out.add(first.rule)
                    waiting.extendleft(reversed(alternatives(bodies[first.rule])))
            elif isinstance(first, OneOf):
                waiting.extendleft(reversed(first.items))
            else:
                parts.setdefault(first, Branch(branch.intent, first, branch.line))
    return list(parts.values())


def _check_size(parts: Mapping[str, list[Branch]], bodies: Mapping[str, Expression], remarks: Remarks) -> None:
    known: dict[str, int] = {}
    total = 0
    for part in (part for each in parts.values() for part in each):
        sentences = count(part.body, bodies, known)
        total += sentences
        if sentences > MAX_SENTENCES:
            what = f"a line of intent {part.intent!r} stands for {sentences:,} sentences, at most {MAX_SENTENCES:,}"
            remarks.problem(part.line, what, _SMALLER)
    if total > MAX_ALL_SENTENCES and not remarks.problems:
        remarks.problem(1, f"it stands for {total:,} sentences, at most {MAX_ALL_SENTENCES:,}", _SMALLER)
    written = sum(map(length, bodies.values())) + sum(length(part.body) for each in parts.values() for part in each)
    if written > MAX_CHARACTERS:
        remarks.problem(1, f"its templates would have {written:,} characters, at most {MAX_CHARACTERS:,}", _SMALLER)


def _rule_names(
    parts: Mapping[str, list[Branch]], bodies: Mapping[str, Expression], grammar: RuleGrammar, remarks: Remarks
) -> dict[str, str]:
    """Rule -> its name in our file, for the rules that are used."""
    used: set[str] = set()
    waiting = [part.body for each in parts.values() for part in each]
    while waiting:
        fresh = {each.rule for each in references(waiting.pop())} - used
        used |= fresh
        waiting += [bodies[name] for name in fresh]
    names: dict[str, str] = {}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for name in (name for name in bodies if name in used):
        ours = wanted = intent_name(name) or "rule"
        while ours in taken:
            numbers[wanted] = numbers.get(wanted, 1) + 1
            ours = f"{wanted}_{numbers[wanted]}"
        names[name] = ours
        taken.add(ours)
        if ours != name:
            remarks.note(grammar.rules[name].line, f"rule {name!r} is called {ours!r}", "nothing")
    return names


def _check_sentences(
    intents: Mapping[str, tuple[str, ...]],
    parts: Mapping[str, list[Branch]],
    rules: Mapping[str, str],
    remarks: Remarks,
) -> None:
    """What ``ivr check`` would say about the result, said now, with the lines of the original."""
    meanings: dict[str, str] = {}
    for name, templates in intents.items():
        line = parts[name][0].line
        for template in templates:
            try:
                sentences = expand(template, needed(template, rules))
            except TemplateError as error:
                remarks.problem(line, f"the template cannot be used: {error}", "use fewer brackets inside each other")
                continue
            for sentence in sentences:
                other = meanings.setdefault(sentence, name)
                if other != name:
                    what = f"{sentence!r} means {other!r} and {name!r}"
                    remarks.problem(line, what, "keep it in one intent, or name one for all with --intent")
