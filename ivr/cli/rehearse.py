"""``ivr rehearse``: scenarios, played and compared with what should happen."""

import asyncio
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ivr.config import Config
    from ivr.config.scenarios import Named
    from ivr.phone.rehearsal import Ask
    from ivr.phone.rehearsed import Rehearsed


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--audio", is_flag=True, help="By sound, through a server of its own, in real time.")
@click.option("--own-shop", is_flag=True, help="Look up in IVR_SHOP_URL instead of a new demonstration shop.")
@click.option("--verbose", is_flag=True, help="Print every conversation, not only those that differ.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--from-call", metavar="CALL_ID", help="Play nothing: print a recorded call as a scenario.")
def rehearse(
    files: tuple[Path, ...], audio: bool, own_shop: bool, verbose: bool, as_json: bool, from_call: str | None
) -> None:
    """Play the scenarios of FILEs, or of config/scenarios/, by text and at once.

    Every call is the real one: its decisions, prompts, tone and actions; only sound and time are left out, unless
    --audio is given.  The exit code is 1 when a scenario differs from what it says must happen.
    """
    from ivr.config import ConfigError, home, load
    from ivr.config.scenarios import load_scenarios
    from ivr.phone.rehearsal import rehearse as play

    try:
        config = load(home())
        if from_call:
            click.echo(_recorded(config, from_call), nl=False)
            return
        scenarios = load_scenarios(config, [file.resolve() for file in files])
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    if not scenarios:
        raise click.ClickException("there are no scenarios: write config/scenarios/first.yaml, or name a file")
    if audio:
        played = _aloud(scenarios)
    else:
        with _business(config, own_shop) as ask_on:
            played = [(named, play(named.scenario, config, ask_on(named.scenario.day))) for named in scenarios]
    if as_json:
        click.echo(json.dumps([_as_json(*each) for each in played], ensure_ascii=False, indent=2))
    else:
        _print(played, verbose)
    sys.exit(1 if any(happened.differences for _, happened in played) else 0)


def _aloud(scenarios: "list[Named]") -> "list[tuple[Named, Rehearsed]]":
    """Those that can be played by sound; the others are named."""
    from rich.console import Console

    from ivr.phone.aloud import rehearse_aloud, unheard_of
    from ivr.phone.server import ServerUnavailable, reach
    from ivr.phone.sound import Synthesis

    console = Console(stderr=True, highlight=False)
    possible = []
    for named in scenarios:
        if why := unheard_of(named.scenario):
            console.print(f"not by sound: {named.name} ({why})", markup=False, style="dim")
        else:
            possible.append(named)
    try:
        with console.status("starting a server ...") as status, reach(None) as server, Synthesis() as synthesis:
            return list(
                zip(possible, asyncio.run(rehearse_aloud(server, possible, synthesis, status.update)), strict=True)
            )
    except (ServerUnavailable, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None


def _recorded(config: "Config", call_id: str) -> str:
    from ivr.config.settings import database_url
    from ivr.phone.recorded import scenario_of
    from ivr.records.records import Records, RecordsUnavailable

    try:
        records = Records(database_url())
        records.prepare()
        stored = records.call(call_id)
    except RecordsUnavailable as error:
        raise click.ClickException(str(error)) from None
    if stored is None:
        raise click.ClickException(f"there is no call {call_id} in the database of IVR_DATABASE_URL")
    return scenario_of(stored, records.events(call_id), config.plans[stored.language].timing)


@contextmanager
def _business(config: "Config", own_shop: bool) -> "Iterator[Callable[[date], Ask]]":
    """The real actions, for a day: on a demonstration shop as it is on that day, or on the supervisors' own."""
    from ivr.app import create_business
    from ivr.config import ConfigError
    from ivr.config.settings import DEMO
    from ivr.records.database import connect
    from ivr.records.records import Records, RecordsUnavailable
    from ivr.requests.demonstration import create_shop

    url = os.environ.get("IVR_SHOP_URL")
    if own_shop and url in (None, "", DEMO):
        raise click.ClickException("set IVR_SHOP_URL to the database of your shop")
    with TemporaryDirectory(prefix="ivr-rehearsal-") as directory:
        folder = Path(directory)
        records = Records(f"sqlite:///{folder / 'records.sqlite3'}")
        shop = Records(f"sqlite:///{folder / 'shop.sqlite3'}").engine
        try:
            records.prepare()
            business = create_business(config, records, connect(url) if own_shop and url else shop, os.environ)
        except (RecordsUnavailable, ConfigError) as error:
            raise click.ClickException(str(error)) from None

        def ask_on(day: date) -> "Ask":
            call = secrets.token_hex(8)
            if not own_shop:
                _stock(day)
            return lambda action, values, work: business.start(action, values, f"{call}-{work}").result()

        def _stock(day: date) -> None:
            """A shop that no caller has changed anything in yet; drawn once for each day."""
            stocked = folder / f"{day}.sqlite3"
            if not stocked.exists():
                first = connect(f"sqlite:///{stocked}")
                create_shop(first, day)
                first.dispose()
            business.settle()
            shop.dispose()
            for left in folder.glob("shop.sqlite3*"):
                left.unlink()
            shutil.copy(stocked, folder / "shop.sqlite3")

        yield ask_on
        business.settle()
        shop.dispose()
        records.engine.dispose()


def _print(played: "list[tuple[Named, Rehearsed]]", verbose: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from ivr.phone.plain import plain

    console = Console(highlight=False)
    for file, group in groupby(played, key=lambda each: each[0].file):
        table = Table("", plain(file), "ended", "seconds", box=None, header_style="bold", padding=(0, 2, 0, 0))
        for named, happened in group:
            ok = "[red]no[/]" if happened.differences else "[green]ok[/]"
            seconds = f"{happened.lines[-1].at_ms / 1000:.0f}" if happened.lines else ""
            table.add_row(ok, plain(named.name), plain(str(happened.ending)), seconds)
        console.print(table)
        console.print()
    for named, happened in played:
        if verbose or happened.differences:
            console.print(f"[bold]{plain(named.name)}[/]  [dim]{plain(named.file)}[/]")
            _print_conversation(console, named, happened)
            console.print()
    wrong = sum(bool(happened.differences) for _, happened in played)
    console.print(f"{len(played)} scenarios, {wrong} of them differ." if wrong else f"{len(played)} scenarios: ok.")


def _print_conversation(console: Any, named: "Named", happened: "Rehearsed") -> None:
    from ivr.phone.plain import plain

    colours = {"ivr": "cyan", "caller": "green", "advisor": "magenta"}
    differences = list(happened.differences)
    shown = -1
    for line in [*happened.lines, None]:
        step = len(named.lines) if line is None else line.step
        while shown < step:
            for at, what in [each for each in differences if each[0] == shown and shown >= 0]:
                console.print(f"          [red]{plain(f'line {named.lines[at]}: {what}')}[/]")
            shown += 1
        if line:
            seconds = f"[dim]{line.at_ms / 1000:6.1f} s[/]"
            console.print(f"{seconds}  [{colours[line.who]}]{line.who:7}[/] {plain(line.text)}")
    console.print(f"          [dim]ended: {plain(str(happened.ending))}[/]")
    for what in [what for at, what in differences if at < 0]:
        console.print(f"          [red]{plain(what)}[/]")


def _as_json(named: "Named", happened: "Rehearsed") -> dict[str, Any]:
    ending = happened.ending
    return {
        "file": named.file,
        "scenario": named.name,
        "ok": not happened.differences,
        "differences": [
            {"line": named.lines[at] if at >= 0 else None, "what": what} for at, what in happened.differences
        ],
        "outcome": ending.outcome,
        "reason": ending.reason,
        "topic": ending.topic,
        "team": ending.team,
        "served": ending.served,
        "answers": sorted([*answer] for answer in happened.answers),
        "turns": [{"who": line.who, "text": line.text, "at_ms": line.at_ms} for line in happened.lines],
    }
