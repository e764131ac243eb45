"""``ivr purge``: what is older than the supervisor allows goes."""

from dataclasses import asdict

import click

from ivr.config import ConfigError, home, load
from ivr.config.settings import audio_directory, database_url
from ivr.records.records import Records, RecordsUnavailable


@click.command()
@click.option("--yes", is_flag=True, help="Remove it; without this it is only counted.")
@click.option("--certainly", is_flag=True, help="Even if not one call is recent by this machine's clock.")
def purge(yes: bool, certainly: bool) -> None:
    """Count, and with --yes remove, what is older than `keep` in config/ivr.yaml allows.  Run it every day."""
    from ivr.records.privacy import ClockInDoubt
    from ivr.records.privacy import purge as remove

    try:
        keeping = load(home()).keep
        records = Records(database_url())
        records.prepare()
        purged = remove(records.engine, audio_directory(), keeping, yes, certainly=certainly)
    except (ConfigError, RecordsUnavailable, ClockInDoubt) as error:
        raise click.ClickException(str(error)) from None
    if yes and (forgotten := records.close_forgotten()):
        click.echo(f"Ended   {forgotten:>8,} calls that nobody had ended: their process had died")
    verb = "Removed" if yes else "Would remove"
    for name, count in asdict(purged).items():
        click.echo(f"{verb} {count:>8,} {name}")
    if not yes:
        click.echo("Nothing was removed: say --yes to do it.")
