"""``ivr versions``: every version of the supervisors' files, and the way back."""

import tempfile
from pathlib import Path

import click

from ivr.config import ConfigError, load
from ivr.config.settings import database_url, home
from ivr.config.writing import one_at_a_time
from ivr.records.records import Records, RecordsUnavailable
from ivr.records.versions import Version, Versions, difference


@click.group(invoke_without_command=True)
@click.pass_context
def versions(context: click.Context) -> None:
    """Every version of the supervisors' files that calls were served with, the newest first."""
    if context.invoked_subcommand is None:
        found = _versions().all()
        if not found:
            click.echo("No version yet: the server keeps one when it starts and whenever the files change.")
        for version in found:
            click.echo(f"{version.id:>4}  {version.at.astimezone():%Y-%m-%d %H:%M:%S}  {version.who}")


@versions.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """What a version changed."""
    kept = _versions()
    click.echo("\n".join(kept.changes(_version(kept, number))))


@versions.command()
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def back(number: int, yes: bool) -> None:
    """Write the files of a version again.  A running server takes them at once; calls in progress keep theirs."""
    from ivr.operations.reload import put_back, read_texts, who

    kept = _versions()
    texts = kept.texts(_version(kept, number))
    with tempfile.TemporaryDirectory() as folder:
        put_back(Path(folder), texts)
        try:
            load(Path(folder))
        except ConfigError as error:
            raise click.ClickException(f"version {number} is refused by this release:\n{error}") from None
    before = read_texts(home())
    lines = difference(before, texts)
    if not lines:
        click.echo(f"The files are those of version {number} already.")
        return
    click.echo("\n".join(lines))
    if not yes:
        click.confirm("Write this?", abort=True)
    try:
        with one_at_a_time(home() / "config"):
            now = read_texts(home())
            if changed := sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name)):
                what = f"somebody changed {', '.join(changed)} meanwhile, nothing was written"
                raise click.ClickException(f"{what}; look at that first: ivr versions back {number}")
            last = kept.keep(before, who(home()))  # also what no server was running to take
            put_back(home(), texts)
    except OSError as error:
        raise click.ClickException(f"the files in {home()} cannot be written: {error}") from None
    click.echo(f"The files are those of version {number} again.  What stood there is version {last.id}.")


def _versions() -> Versions:
    try:
        records = Records(database_url())
        records.prepare()
    except RecordsUnavailable as error:
        raise click.ClickException(str(error)) from None
    return Versions(records.engine)


def _version(kept: Versions, number: int) -> Version:
    try:
        return kept.get(number)
    except KeyError:
        raise click.ClickException(f"there is no version {number}; see: ivr versions") from None
