"""``ivr what-if``: stored decisions under other thresholds."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivr.cli.since import Since
from ivr.config import ConfigError, home, load
from ivr.config.settings import database_url
from ivr.records.records import Records, RecordsUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.supervisor.what_if_misses import MissFates

_Share = click.FloatRange(0, 1)


class _Budgets(click.ParamType[tuple[int, ...]]):
    """``2``, or ``1..3`` for each from 1 to 3."""

    name = "1..3"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([1-9])(?:\.\.([1-9]))?", str(value))
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first > last:
            self.fail(f"{value!r}: give a number of misses, or the first and the last of several: 1..3", param, ctx)
        return tuple(range(first, last + 1))


@click.command("what-if")
@click.option("--accept", type=_Share, help="Confidence from which we act.  [default: as configured]")
@click.option("--confirm", type=_Share, help="Confidence from which we ask back.  [default: as configured]")
@click.option("--tone", type=_Share, help="Probability of being upset from which a person comes.")
@click.option("--misses", type=_Budgets(), help="Utterances in a row not understood that transfer: 2, or 1..3.")
@click.option("--since", type=Since(), default="7d", show_default=True, help="24h, 7d, 4w, or a day.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw a range of `accept` as a picture.")
@click.option("--json", "as_json", is_flag=True)
def what_if(
    misses: tuple[int, ...] | None, since: datetime, plot: Path | None, as_json: bool, **wanted: float | None
) -> None:
    """Replay stored calls under other thresholds: how many would have been served, put through, asked back.

    A call that was really put through because we were not sure, and under the new thresholds would not have been,
    "went on": nobody knows how it would have ended.  "wrong" counts the requests acted on that were probably not meant,
    by their own confidence.

    --misses: the same for budgets of misses: how many calls would have been put through, how many of them were really
    served later (the cost), and the seconds that callers who reached a person anyway would have been spared.
    """
    from ivr.supervisor import what_if_misses
    from ivr.supervisor.what_if import Thresholds, replay, sweep
    from ivr.supervisor.what_if import load as load_decisions

    try:
        plan = next(iter(load(home()).plans.values()))
        records = Records(database_url())
        records.prepare()
    except (ConfigError, RecordsUnavailable) as error:
        raise click.ClickException(str(error)) from None
    today = Thresholds(plan.bands.accept, plan.bands.confirm, plan.tone.transfer if plan.tone else 1.01)
    other = Thresholds(**{name: getattr(today, name) if value is None else value for name, value in wanted.items()})
    if other.confirm > other.accept:
        raise click.ClickException(f"confirm ({other.confirm}) must not be above accept ({other.accept})")
    until = datetime.now(UTC)
    stored = load_decisions(records.engine, since, until)
    if not stored.ended.size:
        raise click.ClickException("there are no calls since then")
    budgets = what_if_misses.replay_each(what_if_misses.load(records.engine, since, until), misses) if misses else ()
    fates = {"as configured": replay(stored, today), "what if": replay(stored, other)}
    if plot:
        _draw(sweep(stored, other), other.accept, plot)
    if as_json:
        found: dict[str, Any] = {name: asdict(each) for name, each in fates.items()}
        click.echo(json.dumps({**found, "misses": [asdict(each) for each in budgets]} if budgets else found))
        return
    if other != today or not budgets:
        _print(fates, {"as configured": today, "what if": other}, stored.ended.size)
    if budgets:
        _print_misses(budgets, stored.ended.size)


def _print(fates: dict[str, Any], thresholds: dict[str, Any], calls: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", *fates, title=f"{calls:,} calls")
    for name in ("accept", "confirm", "tone"):
        table.add_row(name, *(f"{getattr(each, name):.2f}" for each in thresholds.values()), style="dim")
    for name in ("served", "transferred", "asked_back", "went_on", "other"):
        table.add_row(name.replace("_", " "), *(f"{getattr(each, name):,}" for each in fates.values()))
    table.add_row("wrong, probably", *(f"{each.wrong:,.0f}" for each in fates.values()))
    Console().print(table)


def _print_misses(budgets: "Sequence[MissFates]", calls: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("misses in a row that transfer", *(str(each.misses) for each in budgets), title=f"{calls:,} calls")
    table.add_row("put through", *(f"{each.put_through:,}" for each in budgets))
    table.add_row("cost: really served later", *(f"{each.served_lost:,}" for each in budgets))
    table.add_row("with a person sooner", *(f"{each.sooner:,}" for each in budgets))
    table.add_row("saved: seconds of theirs", *(f"{each.saved_s:,.0f}" for each in budgets))
    table.add_row("hung up later", *(f"{each.given_up:,}" for each in budgets))
    table.add_row("went on", *(f"{each.went_on:,}" for each in budgets))
    Console().print(table)


def _draw(swept: list[tuple[float, Any]], chosen: float, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    for name in ("served", "transferred", "asked_back", "went_on", "wrong"):
        axes.plot([accept for accept, _ in swept], [getattr(fates, name) for _, fates in swept], label=name)
    axes.axvline(chosen, color="grey", linestyle=":")
    axes.set_xlabel("accept")
    axes.set_ylabel("calls")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
