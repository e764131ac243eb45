"""``ivr evaluate silence``: labelled recordings between silences, heard with the silence and without."""

import json
from pathlib import Path

import click

from ivr.config import ConfigError, home, load
from ivr.config.settings import models_directory


@click.command()
@click.argument("manifest", metavar="CSV", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def silence(manifest: Path, language: str, as_json: bool) -> None:
    """Whether not decoding silence costs words: CSV has columns path, transcript, language, seconds, kind.

    Each sentence is put between silences on a quiet line and heard twice: as in a call, where the recogniser gets
    nothing before 300 ms ahead of the first speech, and with all of the silence.
    """
    from rich.progress import Progress

    from ivr.accuracy.silence import compare, table
    from ivr.app import load_model
    from ivr.grammar import Grammar
    from ivr.phone.mix import BenchImpossible, read_speech
    from ivr.speech.models import remedy
    from ivr.speech.recogniser import ModelUnusable

    try:
        config = load(home())
        if language not in config.grammars:
            raise click.ClickException(f"there is no language {language!r} in config/ivr.yaml")
        sentences = read_speech(manifest, language)
        model = load_model(language, config.languages[language].recogniser, models_directory())
        if model is None:
            raise click.ClickException(f"{language!r} has no recogniser: {remedy(language)}")
        meanings = {each.text: each.text for each in sentences}
        known = config.grammars[language]
        grammar = Grammar(language, meanings, known.digit_words, decoys=known.decoys)
        with Progress(transient=True, disable=as_json) as progress:
            task = progress.add_task(model.name, total=len(sentences))
            found = table(compare(model, grammar, config.turns, sentences, lambda: progress.advance(task)))
    except (ConfigError, BenchImpossible, ModelUnusable, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"recogniser": model.name, **found}))
        return
    click.echo(
        f"{model.name}: the same words in {found['same_words']} of {found['recordings']} recordings; "
        f"{found['lost_without_silence']} that are right with silence are wrong without"
    )
    for way in ("without", "with"):
        right, decoded, cpu = (found[f"{what}_{way}_silence"] for what in ("right", "decoded_s", "cpu_s"))
        click.echo(f"{way:>7} silence: {right} right, {decoded} s decoded in {cpu} s of processor time")
