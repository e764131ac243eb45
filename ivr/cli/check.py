"""``ivr check``: every mistake in the supervisors' files."""

import sys
from pathlib import Path

import click

from ivr.config import ConfigError, home, load
from ivr.config.escalation import prove_escalation
from ivr.config.scenarios import load_scenarios
from ivr.config.settings import cache, models_directory
from ivr.config.warnings import unwise


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(directory: Path | None) -> None:
    """Every mistake in the supervisors' files below DIRECTORY (default: where the server reads them).

    What is legal but unwise is a warning, which changes no exit code.
    """
    place = directory or home()
    try:
        config = load(place)
        scenarios = load_scenarios(config)
        states = prove_escalation(config, cache())
        warnings = unwise(config, models_directory())
    except ConfigError as error:
        for mistake in error.mistakes:
            click.echo(str(mistake))
        click.echo(f"{len(error.mistakes)} to mend", err=True)
        sys.exit(1)
    for warning in warnings:
        click.echo(f"Warning: {warning}")
    sentences = ", ".join(f"{len(grammar.sentences)} {language}" for language, grammar in config.grammars.items())
    counted = f"Lines: {len(config.lines)}.  Sentences: {sentences}.  Scenarios: {len(scenarios)}."
    click.echo(f"{place}: no mistakes.  {counted}")
    click.echo(f"A person is in reach in each of the {states} states a call can be in.")
