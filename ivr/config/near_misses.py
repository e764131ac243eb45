"""``carriers:``, ``reversals:``, ``near_misses:`` and ``act:`` of grammar files -> the speech around requests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.config.files import GrammarFile
from ivr.config.source import Mistake, Mistakes, Source
from ivr.grammar import (
    FORMS,
    CarrierSpeech,
    NearMisses,
    RequestKinds,
    TemplateError,
    expand,
    forms_in,
    near_misses,
    normalise,
)
from ivr.grammar.templates import needed, slots_in

Files = list[tuple[Source, GrammarFile]]
Rules = Mapping[str, str]
_NAME = "name"  # the only slot of carrier speech: whatever somebody is called
_REMEDY = "see docs/supervisors.md, Near misses"


@dataclass(frozen=True)
class Around:
    """What one language says around requests, and near to them."""

    carrier: CarrierSpeech
    near_misses: NearMisses


def read_around(language: str, files: Files, rules: Rules, kinds: RequestKinds, mistakes: Mistakes) -> Around:
    """The carrier speech and the near misses of a language, with every mistake collected."""
    carrier = _carrier(files, rules, mistakes)
    patterns: dict[str, list[str]] = {}
    for source, file in files:
        for kind, lines in file.near_misses.items():
            for at, pattern in enumerate(lines):
                if mistake := _pattern_mistake(pattern, rules):
                    mistakes.found.append(source.mistake(("near_misses", kind, at), mistake, _REMEDY))
                else:
                    patterns.setdefault(kind, []).append(pattern)
    actions = dict(_actions(files, rules, mistakes))
    _check_changes(language, files, patterns, kinds, mistakes)
    return Around(carrier, near_misses(patterns, actions, rules))


def _carrier(files: Files, rules: Rules, mistakes: Mistakes) -> CarrierSpeech:
    phrases: list[str] = []
    named: list[str] = []
    asking: list[str] = []
    for source, file in files:
        for place, template in _around(file):
            slots = slots_in(" ".join([template, *needed(template, rules).values()]))
            if set(slots) - {_NAME}:
                what = f"{template!r}: {{{_NAME}}} is the only slot that carrier speech has"
                mistakes.found.append(source.mistake(place, what, _REMEDY))
                continue
            kind = asking if place[0] == "asking" else named if slots else phrases
            try:
                kind.extend(expand(template, needed(template, rules)))
            except TemplateError as error:
                mistakes.found.append(source.mistake(place, str(error), _REMEDY))
    every = [file for _, file in files]
    return CarrierSpeech(
        tuple(dict.fromkeys(phrases)),
        tuple(dict.fromkeys(named)),
        tuple(dict.fromkeys(asking)),
        frozenset(normalise(word) for file in every for word in file.hesitations),
        frozenset(_stem(word) for file in every for word in file.reversals),
    )


def _around(file: GrammarFile) -> Iterator[tuple[tuple[str, int], str]]:
    yield from ((("carriers", at), template) for at, template in enumerate(file.carriers))
    yield from ((("asking", at), template) for at, template in enumerate(file.asking))


def _stem(word: str) -> str:
    """A word that reverses, normalised, with its star before or behind it, or the apostrophe of an elision."""
    letters = word.strip("*")
    elision = "'" * letters.endswith("'")
    return "*" * word.startswith("*") + normalise(letters) + elision + "*" * word.endswith("*")


def _pattern_mistake(pattern: str, rules: Rules) -> str | None:
    forms = forms_in(pattern)
    if not forms:
        return (
            f"{pattern!r} names no form of a request: write one of {', '.join(f'{{{form}}}' for form in FORMS)} in it"
        )
    if unknown := [form for form in forms if form not in FORMS]:
        return f"{pattern!r}: there is no form {{{unknown[0]}}}, only {', '.join(f'{{{form}}}' for form in FORMS)}"
    try:
        expand(pattern, needed(pattern, rules))
    except TemplateError as error:
        return str(error)
    return None


def _actions(files: Files, rules: Rules, mistakes: Mistakes) -> Iterator[tuple[str, dict[str, str]]]:
    for source, file in files:
        for intent, entry in file.intents.items():
            forms: dict[str, str] = {}
            for form, template in entry.act.items():
                try:
                    expand(template, needed(template, rules))
                    forms[form] = template
                except TemplateError as error:
                    mistakes.found.append(source.mistake((file.place, intent, "act", form), str(error), _REMEDY))
            if forms:
                yield intent, forms


def _check_changes(
    language: str, files: Files, patterns: Mapping[str, list[str]], kinds: RequestKinds, mistakes: Mistakes
) -> None:
    """A change without near misses would be begun by its own refusal."""
    for source, file in files:
        for intent, entry in file.intents.items():
            if intent in kinds.changes and not entry.act:
                what = f"{intent} changes something, and has no `act`: its refusals and reports cannot be told from it"
                remedy = "say its action, such as act: {do: cancel my order, done: my order is cancelled}"
                mistakes.found.append(source.mistake((file.place, intent), what, remedy))
    changed = any(intent in kinds.changes for _, file in files for intent in file.intents)
    if changed and not patterns:
        what = f"has no near misses in {language!r}: 'I do not want to ...' would begin a change"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add near_misses.yaml as grammars/en has it"))
