"""``ivr caller``: what is stored of one caller, for them to have or to have removed."""

import json

import click

from ivr.config.settings import audio_directory, database_url
from ivr.records.records import Records, RecordsUnavailable


@click.group()
def caller() -> None:
    """What is stored of one caller: export it, or erase it."""


@caller.command("export")
@click.argument("number")
def export_caller(number: str) -> None:
    """Everything stored of a calling number, as JSON."""
    from ivr.records.privacy import export

    click.echo(json.dumps(export(_records().engine, number), ensure_ascii=False, indent=2))


@caller.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(number: str, yes: bool) -> None:
    """Remove who a caller was and what they said; that a call took place, and how it ended, stays in the counts."""
    from ivr.records.privacy import erase as remove

    records = _records()
    if not yes:
        click.confirm(f"Erase everything that {number} said, for ever?", abort=True)
    click.echo(f"Erased: {remove(records.engine, audio_directory(), number)} calls of {number}.")


def _records() -> Records:
    try:
        records = Records(database_url())
        records.prepare()
    except RecordsUnavailable as error:
        raise click.ClickException(str(error)) from None
    return records
