"""``grammars/<language>/*.yaml`` and ``config/upset/<language>.yaml`` -> what is understood in a language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.config.files import GrammarFile, UpsetFile
from ivr.config.near_misses import Around, read_around
from ivr.config.questions import Questions
from ivr.config.source import Mistake, Mistakes, Source, check, read
from ivr.grammar import (
    BUILT_IN,
    LANGUAGE,
    PERSON,
    DigitWords,
    Grammar,
    RequestKinds,
    SentenceSlot,
    TemplateError,
    expand,
    normalise,
)
from ivr.grammar.keywords import Keywords
from ivr.grammar.keywords import parse as parse_keywords
from ivr.grammar.templates import needed, slots_in
from ivr.tone import NO_WORDS, UpsetWords


def load_upset_words(home: Path, language: str, mistakes: Mistakes) -> UpsetWords:
    """What upset callers say in a language; nothing for a language without such a file."""
    name = f"config/upset/{language}.yaml"
    if not (home / name).is_file():
        return NO_WORDS
    source = mistakes.gather(lambda: read(home, name))
    file = mistakes.gather(lambda: check(source, UpsetFile)) if source else None
    if source is None or file is None:
        return NO_WORDS
    try:
        return UpsetWords({str(kind): lines for kind, lines in file.upset.items()}, file.rules)
    except TemplateError as error:
        mistakes.found.append(source.mistake(("upset",), str(error), "see docs/supervisors.md, Grammars"))
        return NO_WORDS


Served = Mapping[str, tuple[SentenceSlot, ...]]


@dataclass(frozen=True)
class _Pack:
    """The files of one language.  ``asking``: how its speakers ask for it where another language is spoken."""

    files: list[tuple[Source, GrammarFile]]
    sentences: dict[str, str]
    slots: dict[str, tuple[SentenceSlot, ...]]
    asking: tuple[str, ...]
    around: Around

    def abroad(self, language: str) -> dict[str, str]:
        """What counts in every other language too."""
        human = {sentence: PERSON for sentence, intent in self.sentences.items() if intent == PERSON}
        return {**human, **dict.fromkeys(self.asking, LANGUAGE + language)}


def load_grammars(
    home: Path,
    asides: Mapping[str, tuple[str, ...]],
    served: Served,
    kinds: RequestKinds,
    questions: Mapping[str, Questions],
    mistakes: Mistakes,
) -> dict[str, Grammar]:
    """The grammars of these languages; those that have no files are left out, with the mistakes collected.

    ``asides``: language -> what upset callers say in it.  ``served``: intent -> the values it needs.
    """
    spoken = set(asides)
    packs = {each: pack for each in asides if (pack := _pack(home, questions[each], served, kinds, spoken, mistakes))}
    return {
        language: Grammar(
            language,
            pack.sentences,
            _digit_words([file for _, file in pack.files]),
            tuple(_keywords(pack.files, mistakes)),
            frozenset(normalise(word) for _, file in pack.files for word in file.fillers),
            asides[language],
            {
                sentence: intent
                for other, theirs in packs.items()
                if other != language
                for sentence, intent in theirs.abroad(other).items()
            },
            pack.slots,
            tuple(dict.fromkeys(normalise(word) for _, file in pack.files for word in file.decoys)),
            pack.around.near_misses,
            pack.around.carrier,
            kinds,
        )
        for language, pack in packs.items()
    }


def _pack(
    home: Path, questions: Questions, served: Served, kinds: RequestKinds, spoken: set[str], mistakes: Mistakes
) -> _Pack | None:
    language = questions[1].language
    served = {**served, **dict.fromkeys(questions[1].intents, ())}
    folder = home / "grammars" / language
    names = sorted(f"grammars/{language}/{path.name}" for path in folder.glob("*.yaml"))
    if not names:
        what = f"has no grammar files for {language!r}"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add at least the human phrases"))
        return None
    files: list[tuple[Source, GrammarFile]] = [questions]
    for name in names:
        source = mistakes.gather(lambda name=name: read(home, name))  # type: ignore[misc]
        file = mistakes.gather(lambda source=source: check(source, GrammarFile)) if source else None  # type: ignore[misc]
        if source and file:
            files.append((source, file))
    rules = _rules(files, mistakes)
    sentences: dict[str, str] = {}
    slots: dict[str, tuple[SentenceSlot, ...]] = {}
    asking: tuple[str, ...] = ()
    for source, file in files:
        if file.language != language:
            what = f"language is {file.language!r} in the folder of {language!r}"
            mistakes.found.append(source.mistake(("language",), what, "move the file or correct it"))
        for place, intent, template in _templates(source, file, served, spoken, mistakes):
            expanded = _expanded(source, place, template, rules, mistakes)
            named = slots_in(" ".join([template, *needed(template, rules).values()]))
            for name in named:
                known = {slot.name: slot for slot in served.get(intent, ())}
                if name in known:
                    slots[intent] = tuple({*slots.get(intent, ()), known[name]})
                else:
                    what = f"{{{name}}}: {intent} has no slot of this name that can stand in a sentence"
                    remedy = f"one of: {', '.join(known)}" if known else "write the sentence without it"
                    mistakes.found.append(source.mistake(place, what, remedy))
            if intent == LANGUAGE + language:
                asking += expanded
            for sentence in expanded:
                if (other := sentences.setdefault(sentence, intent)) != intent:
                    what = f"{sentence!r} already means {other!r}"
                    mistakes.found.append(source.mistake(place, what, "keep it in one intent"))
    if PERSON not in sentences.values():
        what = f"no sentence asks for a person in {language!r}"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add the intent `person`: nobody is trapped"))
    return _Pack(files, sentences, slots, asking, read_around(language, files, rules, kinds, mistakes))


Place = tuple[str | int, ...]


def _rules(files: list[tuple[Source, GrammarFile]], mistakes: Mistakes) -> dict[str, str]:
    """The rules of all files of a language, which share them."""
    first: dict[str, tuple[Source, str]] = {}
    for source, file in files:
        for name, body in file.rules.items():
            other, other_body = first.setdefault(name, (source, body))
            if other is not source and other_body != body:
                what = (
                    f"rule <{name}> is already defined at {other.name}:{other.line(('rules', name))}, with other words"
                )
                remedy = "rename one of them: rules are shared by all files of a language"
                mistakes.found.append(source.mistake(("rules", name), what, remedy))
    return {name: body for name, (_, body) in first.items()}


def _templates(
    source: Source, file: GrammarFile, served: Served, spoken: set[str], mistakes: Mistakes
) -> Iterator[tuple[Place, str, str]]:
    """(place, intent, template) for each line of a file."""
    for intent, entry in file.intents.items():
        if intent not in served and intent not in BUILT_IN:
            what = f"intent {intent!r} is not in config/requests.yaml"
            mistakes.found.append(source.mistake((file.place, intent), what, "add it there, or correct the name"))
        for at, template in enumerate(entry.sentences):
            yield (file.place, intent, "sentences", at), intent, template
    for language, templates in file.languages.items():
        for at, template in enumerate(templates):
            if language in spoken:
                yield ("languages", language, at), LANGUAGE + language, template


def _expanded(
    source: Source, place: Place, template: str, rules: Mapping[str, str], mistakes: Mistakes
) -> tuple[str, ...]:
    try:
        return expand(template, rules)
    except TemplateError as error:
        mistakes.found.append(source.mistake(place, str(error), "see docs/supervisors.md, Grammars"))
        return ()


def _digit_words(files: list[GrammarFile]) -> DigitWords:
    """The words for numbers of all files of a language."""
    return DigitWords(
        digits={word: str(value) for file in files for word, value in file.digits.items()},
        homophones={word: str(value) for file in files for word, value in file.homophones.items()},
        times={word: value for file in files for word, value in file.times.items()},
        numbers={word: value for file in files for word, value in file.numbers.items()},
        large={word: value for file in files for word, value in file.large.items()},
        teens_after=frozenset(ten for file in files for ten in file.teens_after),
        joined_by=tuple(word for file in files for word in file.joined_by),
        before={word: value for file in files for word, value in file.before.items()},
        several={word: str(value) for file in files for word, value in file.several.items()},
        asides=frozenset(word for file in files for word in file.asides),
        lead_ins=frozenset(word for file in files for word in file.lead_ins),
        things={name: tuple(words) for file in files for name, words in file.things.items()},
        other_things=tuple(word for file in files for word in file.other_things),
        restarts=tuple(word for file in files for word in file.restarts),
        excludes=tuple(word for file in files for word in file.excludes),
        run_together=any(file.run_together for file in files),
    )


def _keywords(files: list[tuple[Source, GrammarFile]], mistakes: Mistakes) -> Iterator[Keywords]:
    words = {name: alternatives for _, file in files for name, alternatives in file.words.items()}
    for source, file in files:
        for intent, entry in file.intents.items():
            for at, line in enumerate(entry.keywords):
                try:
                    yield parse_keywords(intent, line, words)
                except TemplateError as error:
                    place = (file.place, intent, "keywords", at)
                    mistakes.found.append(source.mistake(place, str(error), "see docs/supervisors.md, Keywords"))
