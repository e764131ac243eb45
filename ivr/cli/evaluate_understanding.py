"""``ivr evaluate understanding``: labelled sentences -> right, to a person, or wrong automation."""

import json
from pathlib import Path
from typing import Any

import click

from ivr.accuracy.labelled import LabelledDataError
from ivr.cli.first_utterances import print_first_utterances
from ivr.config import ConfigError, home, load

DEFAULT_MAP = "tests/customer_service_map.csv"


@click.command()
@click.argument("table", metavar="CSV", type=click.Path(path_type=Path))
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), help=f"CSV label,intents.  [default: {DEFAULT_MAP}]"
)
@click.option("--language", default="en", show_default=True)
@click.option("--no-keywords", is_flag=True, help="Without the keywords of requests; those for a person stay.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the verdicts by label as a picture.")
@click.option(
    "--show", type=click.Choice(["wrong", "person", "asked_back", "begun"]), help="List the sentences of a verdict."
)
@click.option("--json", "as_json", is_flag=True)
def understanding(  # noqa: PLR0913, PLR0917  one for each option
    table: Path,
    map_file: Path | None,
    language: str,
    no_keywords: bool,
    plot: Path | None,
    show: str | None,
    as_json: bool,
) -> None:
    """What would be done with each sentence of CSV (columns utterance,intent) if it were recognised for certain.

    Where every intent is one of ours, or empty, no map is needed; rows with an empty intent are near misses: no request
    may begin with them, and a second table says how many do, for each kind if there is a column kind.
    """
    from rich.progress import Progress

    from ivr.accuracy import understanding as accuracy
    from ivr.accuracy.first_utterances import known_intents, verdict

    place = home()
    try:
        config = load(place)
        grammar, plan = config.grammars[language], config.plans[language]
        known = known_intents(grammar, plan)
        own = map_file is None and accuracy.has_own_labels(table, known)
        sentences = (
            accuracy.read_own_sentences(table, known)
            if own
            else accuracy.read_sentences(table, accuracy.read_map(map_file or place / DEFAULT_MAP))
        )
    except (ConfigError, LabelledDataError) as error:
        raise click.ClickException(str(error)) from error
    except KeyError:
        raise click.ClickException(f"there is no language {language!r} in config/ivr.yaml") from None
    if no_keywords:
        grammar = accuracy.without_keywords(grammar)
    with Progress(transient=True, disable=as_json) as progress:
        task = progress.add_task("understanding", total=len(sentences))
        judged = accuracy.evaluate(grammar, plan, sentences, lambda: progress.advance(task))
    found = accuracy.table(judged)
    first = accuracy.near_misses(judged, plan) if own else {}
    if plot:
        _plot(found, plot)
    if as_json:
        click.echo(json.dumps({**found, **first}, ensure_ascii=False))
    else:
        _print(found)
        if first:
            print_first_utterances(first, as_json)
    for each in judged:
        if show in {each.verdict, verdict(plan, accuracy.first_outcome(each, plan)) if own else ""}:
            said = f"{each.sentence.label}: {each.sentence.text!r}"
            click.echo(f"{said} -> {each.intent} ({each.confidence:.2f})", err=as_json)


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = Table("label", *(name.replace("_", " ") for name in VERDICTS), title=f"{found['sentences']} sentences")
    for label, counts in found["by_label"].items():
        rows.add_row(label, *(str(counts.get(verdict, "")) for verdict in VERDICTS))
    console = Console()
    console.print(rows)
    for name, value in found.items():
        if name != "by_label":
            console.print(f"{name.replace('_', ' '):<20} {_text(value)}")


VERDICTS = ("right", "asked_back", "person", "wrong")


def _text(value: Any) -> str:
    return f"{value:.2%}" if isinstance(value, float) else str(value)


def _plot(found: dict[str, Any], path: Path) -> None:
    """One bar for each label, split by verdict."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    labels = list(found["by_label"])
    figure, axes = pyplot.subplots(figsize=(9, 0.3 * len(labels) + 1.5))
    left = [0.0] * len(labels)
    colours = {"right": "#2b8a3e", "asked_back": "#94d82d", "person": "#adb5bd", "wrong": "#c92a2a"}
    for verdict in VERDICTS:
        counts = [found["by_label"][label].get(verdict, 0) for label in labels]
        axes.barh(labels, counts, left=left, label=verdict.replace("_", " "), color=colours[verdict])
        left = [sum(pair) for pair in zip(left, counts, strict=True)]
    axes.set_xlabel("sentences")
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
