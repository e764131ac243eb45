"""``ivr init``: files to begin with."""

import shutil
from pathlib import Path

import click

from ivr.config import starter
from ivr.config.schemas import write_schemas

_FOLDERS = ("config", "grammars")
_NOT_YOURS = shutil.ignore_patterns("users.yaml", "schemas")


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Write files to begin with, full of comments, into DIRECTORY (default: here).  Nothing is ever overwritten."""
    there = [str(directory / folder) for folder in _FOLDERS if (directory / folder).exists()]
    if there:
        raise click.ClickException(
            f"nothing was written: {' and '.join(there)} exists already; choose another directory"
        )
    try:
        for folder in _FOLDERS:
            shutil.copytree(
                starter() / folder, directory / folder, ignore=shutil.ignore_patterns("users.yaml", "schemas")
            )
        write_schemas(directory)
    except OSError as error:
        raise click.ClickException(f"the files cannot be written: {error}") from None
    click.echo(
        f"Written to {directory}: config/ and grammars/.  Begin with config/ivr.yaml, then: ivr check, ivr rehearse"
    )
