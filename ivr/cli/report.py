"""``ivr report``: what a period's calls come to, as a page with its tables beside it."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ivr.cli.since import Since
from ivr.config import ConfigError, home, load
from ivr.config.settings import database_url
from ivr.records.records import Records, RecordsUnavailable


@click.command()
@click.option("--since", type=Since(), default="7d", show_default=True, help="24h, 7d, 4w, or a day.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="report", show_default=True)
def report(since: datetime, out: Path) -> None:
    """Write report.html and CSV tables about the calls since a moment, against the same length of time before it."""
    from rich.progress import Progress

    from ivr.supervisor.figures import STEPS, figures
    from ivr.supervisor.report import write_report

    until = datetime.now(UTC)
    try:
        config = load(home())
        records = Records(database_url())
        records.prepare()
    except (ConfigError, RecordsUnavailable) as error:
        raise click.ClickException(str(error)) from None
    with Progress(transient=True) as progress:
        task = progress.add_task("counting", total=2 * STEPS + 1)
        now = figures(records.engine, since, until, config.zone, lambda: progress.advance(task))
        before = figures(records.engine, since - (until - since), since, config.zone, lambda: progress.advance(task))
        try:
            path = write_report(out, config.company, now, before, config.grammars)
        except OSError as error:
            raise click.ClickException(f"the report cannot be written to {out}: {error}") from None
    click.echo(f"{now.calls:,} calls: {path}")
