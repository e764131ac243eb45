"""``ivr callbacks``: whom we promised to call."""

import getpass
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo

import click

from ivr.config import ConfigError, home, load
from ivr.config.settings import database_url
from ivr.records.callbacks import Callbacks, Promise
from ivr.records.records import Records, RecordsUnavailable


@click.command()
@click.option("--done", type=int, metavar="ID", help="This caller was called.")
@click.option("--by", metavar="NAME", help="With --done: who called; default: you.")
@click.option("--broken", is_flag=True, help="Only promises whose time passed without a call.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, times in UTC.")
def callbacks(done: int | None, by: str | None, broken: bool, as_json: bool) -> None:
    """Whom we promised to call: those due now first, each in the order in which people asked.

    Reads the database of IVR_DATABASE_URL.  Exit status 1 when there is no open promise with the ID of --done.
    """
    try:
        records = Records(database_url())
        records.prepare()
    except RecordsUnavailable as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    promises, now = Callbacks(records.engine), datetime.now(UTC)
    if done is not None:
        _mark(promises, done, by or getpass.getuser())
        return
    found = sorted(promises.broken(now) if broken else promises.open(), key=lambda each: _turn(each, now))
    if as_json:
        click.echo(json.dumps([_row(each, now) for each in found], default=str, indent=2))
    elif found:
        _show(found, now, _zone())
    else:
        click.echo("No promise was broken." if broken else "Nobody is waiting for a callback.")


def _mark(promises: Callbacks, id: int, by: str) -> None:
    if not promises.done(id, by):
        click.echo(f"There is no open callback {id}: see `ivr callbacks`.", err=True)
        sys.exit(1)
    click.echo(f"Callback {id} is done.")


def _state(promise: Promise, now: datetime) -> str:
    if promise.broken(now):
        return "broken"
    return "due" if promise.not_before <= now else "later"


def _turn(promise: Promise, now: datetime) -> int:
    """Due now, then what is overdue (the promise is broken already), then what is not due yet."""
    return ("due", "broken", "later").index(_state(promise, now))


def _row(promise: Promise, now: datetime) -> dict[str, object]:
    return {**asdict(promise), "state": _state(promise, now)}


def _show(found: Sequence[Promise], now: datetime, zone: tzinfo) -> None:
    from rich.console import Console
    from rich.table import Table

    from ivr.phone.plain import plain

    table = Table(
        "ID", "State", "Number", f"Call between ({zone})", "Team", "Language", "Asked", box=None, pad_edge=False
    )
    colours = {"due": "bold green", "broken": "bold red", "later": ""}
    for each in found:
        state = _state(each, now)
        begin, end, asked = (moment.astimezone(zone) for moment in (each.not_before, each.not_after, each.asked_at))
        until = "%H:%M" if begin.date() == end.date() else "%a %d %b %H:%M"
        window, first_asked = f"{begin:%a %d %b %H:%M} – {end:{until}}", f"{asked:%a %d %b %H:%M}"
        row = (str(each.id), state, plain(each.number), window, each.team, each.language, first_asked)
        table.add_row(*row, style=colours[state])
    Console().print(table)


def _zone() -> tzinfo:
    """The company's time zone, in which callers were told when they are called; UTC where the files cannot be read."""
    try:
        return load(home()).zone
    except ConfigError as error:
        click.echo(f"times are in UTC: {error.mistakes[0]}", err=True)
        return UTC
