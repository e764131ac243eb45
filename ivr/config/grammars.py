"""``grammars/<language>/*.yaml`` and ``config/upset/<language>.yaml`` -> what is understood in a language."""

from collections.abc import Mapping
from pathlib import Path

from ivr.config.files import GrammarFile, UpsetFile
from ivr.config.source import Mistake, Mistakes, Source, check, read
from ivr.grammar import BUILT_IN, PERSON, DigitWords, Grammar, TemplateError, expand, normalise
from ivr.grammar.keywords import Keywords
from ivr.grammar.keywords import parse as parse_keywords
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


def load_grammar(
    home: Path, language: str, served: set[str], asides: tuple[str, ...], mistakes: Mistakes
) -> Grammar | None:
    """The grammar of a language; None, with the mistakes collected, when it has no files."""
    folder = home / "grammars" / language
    names = sorted(f"grammars/{language}/{path.name}" for path in folder.glob("*.yaml"))
    if not names:
        what = f"has no grammar files for {language!r}"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add at least the human phrases"))
        return None
    files: list[tuple[Source, GrammarFile]] = []
    for name in names:
        source = mistakes.gather(lambda name=name: read(home, name))  # type: ignore[misc]
        file = mistakes.gather(lambda source=source: check(source, GrammarFile)) if source else None  # type: ignore[misc]
        if source and file:
            files.append((source, file))
    rules = {name: body for _, file in files for name, body in file.rules.items()}
    sentences: dict[str, str] = {}
    for source, file in files:
        if file.language != language:
            what = f"language is {file.language!r} in the folder of {language!r}"
            mistakes.found.append(source.mistake(("language",), what, "move the file or correct it"))
        _expand_file(source, file, rules, served, (sentences, mistakes))
    if PERSON not in sentences.values():
        what = f"no sentence asks for a person in {language!r}"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add the intent `person`: nobody is trapped"))
    keywords = [
        rule
        for source, file in files
        for intent, entry in file.intents.items()
        for at, line in enumerate(entry.keywords)
        if (rule := _keywords(source, intent, at, line, mistakes))
    ]
    fillers = frozenset(normalise(word) for _, file in files for word in file.fillers)
    return Grammar(language, sentences, _digit_words([file for _, file in files]), tuple(keywords), fillers, asides)


def _digit_words(files: list[GrammarFile]) -> DigitWords:
    """The words for numbers of all files of a language."""
    return DigitWords(
        digits={word: str(value) for file in files for word, value in file.digits.items()},
        times={word: value for file in files for word, value in file.times.items()},
        numbers={word: value for file in files for word, value in file.numbers.items()},
        large={word: value for file in files for word, value in file.large.items()},
        teens_after=frozenset(ten for file in files for ten in file.teens_after),
        joined_by=tuple(word for file in files for word in file.joined_by),
        before={word: value for file in files for word, value in file.before.items()},
        several={word: str(value) for file in files for word, value in file.several.items()},
        asides=frozenset(word for file in files for word in file.asides),
        restarts=tuple(word for file in files for word in file.restarts),
        run_together=any(file.run_together for file in files),
    )


def _keywords(source: Source, intent: str, at: int, line: str, mistakes: Mistakes) -> Keywords | None:
    try:
        return parse_keywords(intent, line)
    except TemplateError as error:
        place = ("intents", intent, "keywords", at)
        mistakes.found.append(source.mistake(place, str(error), "see docs/supervisors.md, Keywords"))
        return None


def _expand_file(
    source: Source,
    file: GrammarFile,
    rules: Mapping[str, str],
    served: set[str],
    into: tuple[dict[str, str], Mistakes],
) -> None:
    sentences, mistakes = into
    for intent, entry in file.intents.items():
        if intent not in served and intent not in BUILT_IN:
            what = f"intent {intent!r} is not in config/requests.yaml"
            mistakes.found.append(source.mistake(("intents", intent), what, "add it there, or correct the name"))
        for at, template in enumerate(entry.sentences):
            try:
                expanded = expand(template, rules)
            except TemplateError as error:
                place = ("intents", intent, "sentences", at)
                mistakes.found.append(source.mistake(place, str(error), "see docs/supervisors.md, Grammars"))
                continue
            for sentence in expanded:
                other = sentences.setdefault(sentence, intent)
                if other != intent:
                    what = f"{sentence!r} already means {other!r}"
                    place = ("intents", intent, "sentences", at)
                    mistakes.found.append(source.mistake(place, what, "keep it in one intent"))
