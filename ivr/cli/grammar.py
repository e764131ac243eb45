"""``ivr grammar``: tools for those who write grammars."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ivr.config import ConfigError, Mistake, home, load
from ivr.config.files import GrammarFile
from ivr.config.source import Source, check, read
from ivr.grammar import LANGUAGE, TemplateError, expand
from ivr.grammar.authoring.exchange import Templates, decode, to_templates
from ivr.grammar.authoring.exchange import read as read_grammar
from ivr.grammar.authoring.lint import Finding, Line, Model, Pack, RuleLine, expanded, lint
from ivr.grammar.authoring.tree import MAX_CHARACTERS, Problem, Refused

Files = list[tuple[Source, GrammarFile]]

_SINGLE_WORDS = ("digits", "times", "numbers", "large", "several", "before")


@click.group()
def grammar() -> None:
    """Tools for grammar authors: lint, sentences, import, export."""


@grammar.command("lint")
@click.argument("directory", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--language", help="Only this language; it is still compared with the others.")
@click.option(
    "--models",
    "models_dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="IVR_MODELS",
    default=lambda: Path.home() / ".local" / "share" / "ivr" / "models",
    show_default="~/.local/share/ivr/models",
    show_envvar=True,
    help="Where recognition models lie.",
)
@click.option("--json", "as_json", is_flag=True)
def lint_grammars(directory: Path | None, language: str | None, models_dir: Path, as_json: bool) -> None:
    """What to mend in the grammars below DIRECTORY (default: where the server reads them).

    Words the recogniser does not know, sentences that collide or sound alike, missing human phrases.  Exit code 1 if
    there is an error; warnings are for you to judge.
    """
    from ivr.grammar.authoring.coverage import compare

    place = directory or home()
    languages = sorted(path.name for path in (place / "grammars").glob("*") if path.is_dir())
    if not languages or (language and language not in languages):
        raise click.ClickException(f"there is no {place / 'grammars' / (language or '*')}")
    found: list[Finding] = []
    packs: list[Pack] = []
    for each in languages:
        files, mistakes = _language_files(place, each)
        chosen = language in (None, each)
        notes: list[Finding] = []
        packs.append(_pack(each, files, _model(each, models_dir, notes) if chosen else None))
        if chosen:
            found += [Finding("error", "file", at.file, at.line, at.what, at.remedy) for at in mistakes]
            found += [*lint(packs[-1]), *notes]
    for finding in compare(packs):
        if language is None or f"grammars/{language}" in (finding.file, finding.file.rpartition("/")[0]):
            found.append(finding)
    _show(found, as_json)
    sys.exit(1 if any(finding.severity == "error" for finding in found) else 0)


def _show(found: list[Finding], as_json: bool) -> None:
    errors, warnings = (sum(finding.severity == each for finding in found) for each in ("error", "warning"))
    if as_json:
        keys = ("severity", "kind", "file", "line", "what", "remedy")
        listed = [{key: getattr(finding, key) for key in keys} for finding in found]
        click.echo(json.dumps({"errors": errors, "warnings": warnings, "findings": listed}, ensure_ascii=False))
        return
    for finding in found:
        click.echo(str(finding))
    click.echo(f"errors: {errors}, warnings: {warnings}", err=True)


def _language_files(place: Path, language: str) -> tuple[Files, list[Mistake]]:
    """The grammar files of a language that can be read, and what is wrong with the others."""
    files: Files = []
    mistakes: list[Mistake] = []
    for path in sorted((place / "grammars" / language).glob("*.yaml")):
        try:
            source = read(place, f"grammars/{language}/{path.name}")
            file = check(source, GrammarFile)
        except ConfigError as error:
            mistakes += error.mistakes
            continue
        files.append((source, file))
        if file.language != language:
            what = f"language is {file.language!r} in the folder of {language!r}"
            mistakes.append(source.mistake(("language",), what, "move the file or correct it"))
    return files, mistakes


def _lines(source: Source, file: GrammarFile) -> Iterator[Line]:
    for intent, entry in file.intents.items():
        for at, template in enumerate(entry.sentences):
            yield Line(template, intent, source.name, source.line(("intents", intent, "sentences", at)))
    for language, templates in file.languages.items():
        for at, template in enumerate(templates):
            yield Line(template, LANGUAGE + language, source.name, source.line(("languages", language, at)))


def _pack(language: str, files: Files, model: Model | None) -> Pack:
    return Pack(
        language,
        lines=[line for source, file in files for line in _lines(source, file)],
        rules=[
            RuleLine(name, body, source.name, source.line(("rules", name)))
            for source, file in files
            for name, body in file.rules.items()
        ],
        single_words=[
            Line(word, kind, source.name, source.line((kind, word)))
            for source, file in files
            for kind in _SINGLE_WORDS
            for word in getattr(file, kind)
        ],
        around=[template for _, file in files for template in _around(file)],
        model=model,
    )


def _around(file: GrammarFile) -> Iterator[str]:
    yield from (*file.carriers, *file.asking)
    yield from (pattern for patterns in file.near_misses.values() for pattern in patterns)
    yield from (template for entry in file.intents.values() for template in entry.act.values())


def _model(language: str, models_dir: Path, notes: list[Finding]) -> Model | None:
    """The language's Vosk model; a note where there is none to ask."""
    from ivr.speech.models import installed, remedy
    from ivr.speech.recogniser import ModelUnusable
    from ivr.speech.vosk import VoskModel
    from ivr.speech.words import words_of

    def note(what: str, remedy: str) -> None:
        notes.append(Finding("note", "unknown-word", f"grammars/{language}", None, what, remedy))

    path = installed(language, models_dir)
    if path is None:
        note(f"there is no Vosk model for {language!r}: whether it knows the words was not checked", remedy(language))
        return None
    try:
        model = VoskModel(path)
    except ModelUnusable as error:
        note(f"whether the model knows the words was not checked: {error.why}", error.remedy)
        return None
    words = words_of(path)
    if not words:
        note("the model carries no list of its words: the nearest known ones cannot be named", "nothing")
    return Model(model.unknown_words, words)


@grammar.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many sentences.")
@click.option("--near-misses", is_flag=True, help="Instead: what comes near to a request and must not begin it.")
@click.option("--language", help="With --near-misses: only this language.")
def sentences(files: tuple[Path, ...], limit: int | None, near_misses: bool, language: str | None) -> None:
    """Everything that FILES accept, as lines of: intent, tab, sentence.

    Our own YAML files (with the rules of the files beside them), SRGS XML, SRGS ABNF and JSGF.
    """
    if near_misses:
        listed = _near_misses(language)
        for line in listed[:limit]:
            click.echo(line)
        return
    if not files:
        raise click.UsageError("name the files, or say --near-misses")
    left = limit
    good = True
    for path in files:
        for intent, sentence in _accepted(path):
            if intent is None:
                click.echo(sentence, err=True)
                good = False
                continue
            if left == 0:
                sys.exit(0 if good else 1)
            click.echo(f"{intent}\t{sentence}")
            left = None if left is None else left - 1
    sys.exit(0 if good else 1)


def _near_misses(language: str | None) -> list[str]:
    """Lines of: language, request, kind, sentence."""
    try:
        grammars = load(home()).grammars
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    return [
        f"{name}\t{near.request}\t{near.kind}\t{near.sentence}"
        for name, grammar in grammars.items()
        if language in (None, name)
        for near in grammar.near_misses.sentences()
        if near.sentence not in grammar.sentences
    ]


def _accepted(path: Path) -> Iterator[tuple[str | None, str]]:
    """(intent, sentence) for each sentence; (None, what is wrong) for each mistake."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        try:
            taken = _taken_over(path, None, None)
        except Refused as error:
            yield from ((None, f"{path}:{problem}") for problem in error.problems)
            return
        for intent, templates in taken.intents.items():
            for template in templates:
                yield from ((intent, sentence) for sentence in expand(template, taken.rules))
        return
    try:
        source = read(path.parent, path.name)
        file = check(source, GrammarFile)
    except ConfigError as error:
        yield from ((None, str(mistake)) for mistake in error.mistakes)
        return
    rules = {**_rules_beside(path), **file.rules}
    for line in _lines(source, file):
        found = expanded(line.template, rules)
        if isinstance(found, TemplateError):
            yield None, f"{path}:{line.line}: {found}"
        else:
            yield from ((line.intent, sentence) for sentence in found)


def _rules_beside(path: Path) -> dict[str, str]:
    """The rules of the files in the same folder, which all files of a language share."""
    rules: dict[str, str] = {}
    for other in sorted(path.parent.glob("*.yaml")):
        try:
            rules |= check(read(other.parent, other.name), GrammarFile).rules
        except ConfigError:
            continue  # it is not the file that was asked for; `ivr check` names what is wrong with it
    return rules


@grammar.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--intent", help="The intent of every sentence; tags in the file are then left out.")
@click.option("--language", help="Where the file does not say it.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A new grammar file.")
@click.option("--force", is_flag=True, help="Replace --output where it exists.")
def import_grammar(file: Path, intent: str | None, language: str | None, output: Path | None, force: bool) -> None:
    """FILE (SRGS XML, SRGS ABNF or JSGF) as a grammar file of ours.

    Everything that is not supported is named with its line, and nothing is written then.
    """
    if output and output.exists() and not force:
        raise click.ClickException(f"{output} exists: choose another name, or replace it with --force")
    try:
        taken = _taken_over(file, intent, language)
    except Refused as error:
        _tell(file, "", error.problems)
        click.echo(f"{len(error.problems)} to mend; nothing was written", err=True)
        sys.exit(1)
    _tell(file, "note: ", taken.notes)
    if output is None:
        click.echo(taken.yaml, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(taken.yaml, encoding="utf-8")
    click.echo(f"{output}: intents {', '.join(taken.intents)}; next: ivr check, ivr grammar lint", err=True)


def _tell(file: Path, kind: str, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(f"{file}:{problem.line}: {kind}{problem.what}; {problem.remedy}", err=True)


def _taken_over(file: Path, intent: str | None, language: str | None) -> Templates:
    """A grammar of another system in our terms.  Raises Refused."""
    try:
        with file.open("rb") as opened:
            data = opened.read(2 * MAX_CHARACTERS + 1)  # enough to see that it is too large
    except OSError as error:
        raise Refused([Problem(1, f"cannot be read ({error.strerror})", "check its permissions")]) from None
    return to_templates(read_grammar(decode(data), intent is not None), intent, language)


@grammar.command()
@click.argument("language")
@click.option("--format", "notation", type=click.Choice(["srgs", "jsgf"]), default="srgs", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Instead of printing it.")
def export(language: str, notation: str, output: Path | None) -> None:
    """All sentences of LANGUAGE as SRGS XML or JSGF, with their intents as tags.

    Digits are not in it: numbers are read by rules of their own, not by sentences.
    """
    from ivr.grammar.authoring import jsgf, srgs_xml
    from ivr.grammar.authoring.template_tree import as_rules

    files, mistakes = _language_files(home(), language)
    if not files and not mistakes:
        raise click.ClickException(f"there are no files in {home() / 'grammars' / language}")
    if mistakes:
        raise click.ClickException("\n".join(map(str, mistakes)))
    intents: dict[str, list[str]] = {}
    for line in (line for source, file in files for line in _lines(source, file)):
        intents.setdefault(line.intent, []).append(line.template)
    rules = {name: body for _, file in files for name, body in file.rules.items()}
    try:
        written = {"srgs": srgs_xml, "jsgf": jsgf}[notation].write(as_rules(language, intents, rules))
    except TemplateError as error:
        raise click.ClickException(f"{error}; run: ivr check") from error
    if output:
        output.write_text(written, encoding="utf-8")
    else:
        click.echo(written, nl=False)
