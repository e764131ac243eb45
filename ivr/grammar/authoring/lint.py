"""What a grammar author should mend: every finding with its place, what it is, and how to mend it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rapidfuzz import fuzz, process

from ivr.grammar.authoring.sound_alikes import Alike, sound_alikes
from ivr.grammar.request_reader import NO, PERSON, YES
from ivr.grammar.templates import TemplateError, expand, needed

MANY_SENTENCES = 1_000  # of one template: a recogniser's grammar of a whole language is not much larger
SHORT_LETTERS = 3  # a single word of so few letters is also heard in noise and in other words
SHORT_SYLLABLES = 1  # the same in Hangul, where a letter is a syllable

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend.  ``line`` is None where a whole file or folder is meant."""

    severity: Severity
    kind: str
    file: str
    line: int | None
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.severity}: {self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Line:
    """A template where it stands."""

    template: str
    intent: str
    file: str
    line: int | None

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule where it stands."""

    name: str
    body: str
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Model:
    """What a recogniser's model can hear.

    ``unknown``: phrases -> their words it does not know.  ``words``: all it knows; empty where it does not say.
    """

    unknown: Callable[[Sequence[str]], Sequence[str]]
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Pack:
    """All templates and rules of one language.

    ``single_words``: what stands alone, such as the words for digits.  ``around``: templates of carrier speech, of near
    misses and of actions.
    """

    language: str
    lines: Sequence[Line]
    rules: Sequence[RuleLine] = ()
    single_words: Sequence[Line] = ()
    around: Sequence[str] = ()
    model: Model | None = None

    @cached_property
    def sentences(self) -> Mapping[Line, Sequence[str]]:
        """What each template that can be used stands for."""
        return {line: found for line, found in self._expanded.items() if not isinstance(found, TemplateError)}

    @cached_property
    def mistakes(self) -> Mapping[Line, TemplateError]:
        """The templates that cannot be used."""
        return {line: found for line, found in self._expanded.items() if isinstance(found, TemplateError)}

    @cached_property
    def _expanded(self) -> Mapping[Line, Sequence[str] | TemplateError]:
        bodies = {rule.name: rule.body for rule in self.rules}
        return {line: expanded(line.template, bodies) for line in self.lines}


def expanded(template: str, rules: Mapping[str, str]) -> Sequence[str] | TemplateError:
    """The sentences of a template, or why it has none."""
    for known in (needed(template, rules), rules):  # all of them only where the message has to name them
        try:
            return expand(template, known)
        except TemplateError as error:
            mistake = error
    return mistake


def lint(pack: Pack) -> list[Finding]:
    """Everything to mend within one language, in order of files and lines."""
    checks = (_templates, _rules, _collisions, _sound_alikes, _never_reached, _short, _unknown_words)
    found = [finding for check in checks for finding in check(pack)]
    return sorted(found, key=lambda finding: (finding.file, finding.line or 0))


def _at(line: Line | RuleLine, severity: Severity, kind: str, what: str, remedy: str) -> Finding:
    return Finding(severity, kind, line.file, line.line, what, remedy)


def _templates(pack: Pack) -> Iterable[Finding]:
    for line, error in pack.mistakes.items():
        yield _at(line, "error", "template", str(error), "see docs/supervisors.md, Grammars")
    for line, sentences in pack.sentences.items():
        if len(sentences) > MANY_SENTENCES:
            what = f"{line.template!r} stands for {len(sentences):,} sentences, which all have to be told apart"
            yield _at(line, "warning", "explosion", what, "leave optional parts out, or split it")


def _rules(pack: Pack) -> Iterable[Finding]:
    first: dict[str, RuleLine] = {}
    for rule in pack.rules:
        other = first.setdefault(rule.name, rule)
        if other.body != rule.body:
            what = f"rule <{rule.name}> is already defined at {other.file}:{other.line}, with other words"
            yield _at(rule, "error", "rule", what, "rename one of them: rules are shared by all files of a language")
    templates = (*(line.template for line in pack.lines), *pack.around)
    everything = " ".join([*templates, *(rule.body for rule in pack.rules)])
    for name, rule in first.items():
        if f"<{name}>" not in everything:
            yield _at(rule, "warning", "rule", f"rule <{name}> is not used", "use it, or take it out")


def _collisions(pack: Pack) -> Iterable[Finding]:
    first: dict[str, Line] = {}
    reported: set[tuple[Line, Line]] = set()
    for line, sentences in pack.sentences.items():
        for sentence in sentences:
            other = first.setdefault(sentence, line)
            if other.intent != line.intent and (other, line) not in reported:
                reported.add((other, line))
                what = f"{sentence!r} means {line.intent!r} here and {other.intent!r} at {other.place}"
                yield _at(line, "error", "collision", what, "keep it in one intent")


def _sound_alikes(pack: Pack) -> Iterable[Finding]:
    spoken: dict[str, Line] = {}
    for line, sentences in pack.sentences.items():
        for sentence in sentences:
            spoken.setdefault(sentence, line)
    by_places: dict[tuple[Line, Line], list[Alike]] = {}
    intents = {sentence: line.intent for sentence, line in spoken.items()}
    for alike in sound_alikes(intents, pack.language):
        by_places.setdefault((spoken[alike.first], spoken[alike.second]), []).append(alike)
    for (first, second), all_alike in by_places.items():
        alike = next((each for each in all_alike if each.same), all_alike[0])
        how = "sounds the same as" if alike.same else "sounds much like"
        more = f" (and {len(all_alike) - 1} more such pairs)" if len(all_alike) > 1 else ""
        what = f"{alike.second!r} ({second.intent}) {how} {alike.first!r} ({first.intent}) at {first.place}{more}"
        severity: Severity = "error" if alike.same else "warning"
        yield _at(second, severity, "sound-alike", what, "say one of them with other or more words")


def _never_reached(pack: Pack) -> Iterable[Finding]:
    human = {
        tuple(sentence.split())
        for line, sentences in pack.sentences.items()
        if line.intent == PERSON
        for sentence in sentences
    }
    lengths = {len(words) for words in human}
    for line, sentences in pack.sentences.items():
        if line.intent == PERSON:
            continue
        phrases = [_phrase_within(tuple(sentence.split()), human, lengths) for sentence in sentences]
        if all(phrases):
            what = f"{line.template!r} always leads to a person: {' '.join(phrases[0] or ())!r} is in it"
            yield _at(line, "warning", "never-reached", what, "take it out, or say it without this human phrase")


def _phrase_within(words: tuple[str, ...], phrases: set[tuple[str, ...]], lengths: set[int]) -> tuple[str, ...] | None:
    for length in lengths:
        for at in range(len(words) - length + 1):
            if words[at : at + length] in phrases:
                return words[at : at + length]
    return None


def _short(pack: Pack) -> Iterable[Finding]:
    for line, sentences in pack.sentences.items():
        if line.intent in (YES, NO, "hello", "finished"):
            continue  # these have to be short: answers to a question, or a greeting that noise costs nothing
        for sentence in sentences:
            letters = SHORT_SYLLABLES if "가" <= sentence[0] <= "힣" else SHORT_LETTERS
            if " " not in sentence and len(sentence) <= letters:
                what = f"{sentence!r} ({line.intent}) is one short word, which is also heard in noise"
                yield _at(line, "warning", "short", what, "add a word, or take it out")


def _unknown_words(pack: Pack) -> Iterable[Finding]:
    if pack.model is None:
        return
    spoken = {**pack.sentences, **{line: (line.template,) for line in pack.single_words}}
    unknown = set(pack.model.unknown([sentence for sentences in spoken.values() for sentence in sentences]))
    nearest = {word: _nearest(word, pack.model.words) for word in unknown}
    for line, sentences in spoken.items():
        words = dict.fromkeys(word for sentence in sentences for word in sentence.split() if word in unknown)
        lost = sum(any(word in unknown for word in sentence.split()) for sentence in sentences)
        severity: Severity = "error" if lost == len(sentences) else "warning"
        for word in words:
            known = f" (nearest it knows: {nearest[word]!r})" if nearest[word] else ""
            what = f"the recogniser's model does not know {word!r}{known}"
            what += f", so {lost} of {len(sentences)} sentences of this line cannot be heard"
            yield _at(line, severity, "unknown-word", what, "say it with other words, or write it as it sounds")


def _nearest(word: str, known: Sequence[str]) -> str | None:
    found = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=50)
    return found[0] if found else None
