"""``ivr check``: every mistake in the supervisors' files."""

import sys
from pathlib import Path

import click

from ivr.config import ConfigError, home, load
from ivr.config.escalation import prove_escalation
from ivr.config.scenarios import load_scenarios


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(directory: Path | None) -> None:
    """Every mistake in the supervisors' files below DIRECTORY (default: where the server reads them)."""
    place = directory or home()
    try:
        config = load(place)
        scenarios = load_scenarios(config)
        states = prove_escalation(config)
    except ConfigError as error:
        for mistake in error.mistakes:
            click.echo(str(mistake))
        click.echo(f"{len(error.mistakes)} to mend", err=True)
        sys.exit(1)
    sentences = ", ".join(f"{len(grammar.sentences)} {language}" for language, grammar in config.grammars.items())
    counted = f"Lines: {len(config.lines)}.  Sentences: {sentences}.  Scenarios: {len(scenarios)}."
    click.echo(f"{place}: no mistakes.  {counted}")
    click.echo(f"A person is in reach in each of the {states} states a call can be in.")
