"""``ivr schema``: what editors need to help with the supervisors' files."""

from pathlib import Path

import click

from ivr.config import home
from ivr.config.schemas import write_schemas


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
def schema(directory: Path | None) -> None:
    """Write JSON Schemas of all files into config/schemas below DIRECTORY (default: where the server reads them).

    The files name their schema in their first line; editors with a YAML language server then complete names and
    underline mistakes while you type.
    """
    try:
        written = write_schemas(directory or home())
    except OSError as error:
        raise click.ClickException(f"the schemas cannot be written: {error}") from None
    click.echo("\n".join(map(str, written)))
