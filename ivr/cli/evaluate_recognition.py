"""``ivr evaluate recognition``: labelled recordings -> handled, wrong, rejected, accepted from outside."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivr.accuracy.labelled import LabelledDataError
from ivr.config import ConfigError, home, load
from ivr.config.settings import models_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.accuracy.recognition import Judged


@click.command()
@click.argument("manifest", metavar="CSV", type=click.Path(path_type=Path))
@click.option("--phrases", type=click.Path(path_type=Path), help="The grammar: one phrase on each line.")
@click.option("--slot", type=click.Choice(["digits"]), help="Recognise numbers instead of phrases.")
@click.option("--join", type=click.IntRange(1, 20), default=6, show_default=True, help="Digits joined into one number.")
@click.option("--language", default="en", show_default=True)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the curve and the calibration as a picture.")
@click.option("--fit", is_flag=True, help="Fit the confidence's weights to these recordings, too, and print them.")
@click.option("--json", "as_json", is_flag=True)
def recognition(  # noqa: PLR0913, PLR0917  one for each option
    manifest: Path,
    phrases: Path | None,
    slot: str | None,
    join: int,
    language: str,
    plot: Path | None,
    fit: bool,
    as_json: bool,
) -> None:
    """What would be done with each recording of CSV (columns path, speaker, transcript).

    Recordings whose transcript is one of the phrases must be handled, all others must not be accepted.  With
    --slot digits, single digits of a speaker are joined into numbers; numbers of that length count as they are, and
    what holds no digit must not be accepted.  The table is that of the shipped weights; --fit adds weights fitted on
    the recordings, and how good such are for speakers they were not fitted on.  For that it hears everything again:
    with four grammars of other sizes, or with the length of the number left open.
    """
    from rich.progress import Progress

    from ivr.accuracy import recognition as accuracy
    from ivr.accuracy.recognition_fit import numbers, other_grammars
    from ivr.app import load_model
    from ivr.grammar import Expecting
    from ivr.speech.models import remedy
    from ivr.speech.recogniser import ModelUnusable

    if (phrases is None) == (slot is None):
        raise click.UsageError("give either --phrases FILE or --slot digits")
    try:
        config = load(home())
        if language not in config.grammars:
            raise click.ClickException(f"there is no language {language!r} in config/ivr.yaml")
        words = config.grammars[language].digit_words
        known = accuracy.read_phrases(phrases) if phrases else config.grammars[language].sentences
        recordings = (
            accuracy.read_recordings(manifest, known) if phrases else accuracy.read_digit_strings(manifest, words, join)
        )
        model = load_model(language, config.languages[language].recogniser, models_directory())
    except (ConfigError, LabelledDataError, ModelUnusable) as error:
        raise click.ClickException(str(error)) from error
    if model is None:
        raise click.ClickException(f"{language!r} has no recogniser: {remedy(language)}")
    grammar = config.grammars[language]
    if phrases:
        grammar = accuracy.grammar_of(language, known, words, grammar.decoys)
    number, request = Expecting("digits", (join,)), Expecting("request")
    ways = [(grammar, number if slot else request)]
    if fit:
        others = [] if slot else other_grammars(list(known), config.grammars[language])
        ways += [(grammar, Expecting("digits"))] if slot else [(other, request) for other in others]
    heard = []
    with Progress(transient=True, disable=as_json) as progress:
        task = progress.add_task(model.name, total=len(ways) * len(recordings))
        for grammar, expecting in ways:
            some = recordings if slot else accuracy.within(grammar, recordings)
            judged = accuracy.evaluate(model, grammar, expecting, some, lambda: progress.advance(task))
            heard.append((numbers(judged, words) if slot else grammar.sentences, judged))
    found = {"recogniser": model.name, **accuracy.table(heard[0][1], config.plans[language].bands)}
    if fit:
        found["fitted"] = _fit(heard)
    if plot:
        _plot(found, plot)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)


def _fit(heard: "list[tuple[Mapping[str, str], list[Judged]]]") -> dict[str, Any]:
    from ivr.accuracy import recognition_fit

    try:
        return recognition_fit.fit(*heard)
    except LabelledDataError as error:
        raise click.ClickException(str(error)) from error


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, value in found.items():
        if name not in {"curve", "reliability", "fitted"}:
            console.print(f"{name.replace('_', ' '):<18} {_text(value)}")
    for kind, fitted in found.get("fitted", {}).items():
        console.print(f"\nfitted: {kind}")
        for name, value in fitted.items():
            console.print(f"  {name.replace('_', ' '):<34} {value}")
    curve = Table("accept from", "handled", "wrong", "accepted from outside")
    for point in found["curve"]:
        curve.add_row(f"{point['threshold']:.2f}", *(_text(point[name]) for name in ("handled", "wrong", "accepted")))
    console.print(curve)


def _text(value: Any) -> str:
    return f"{value:.1%}" if isinstance(value, float) else "-" if value is None else str(value)


def _plot(found: dict[str, Any], path: Path) -> None:
    """Handled, wrong and accepted from outside, over the accepting confidence; and the share right at each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (axes, calibration) = pyplot.subplots(1, 2, figsize=(10, 4))
    thresholds = [point["threshold"] for point in found["curve"]]
    for name, colour in (("handled", "#2b8a3e"), ("wrong", "#c92a2a"), ("accepted", "#e8590c")):
        shares = [point[name] for point in found["curve"]]
        if None not in shares:
            axes.plot(thresholds, shares, label=name, color=colour)
    axes.set_xlabel("accepted from this confidence on")
    axes.set_ylabel("share")
    axes.set_title(found["recogniser"])
    axes.grid(alpha=0.3)
    axes.legend()
    believed, right, count = zip(*found["reliability"], strict=True)
    calibration.plot([0, 1], [0, 1], color="#adb5bd")
    calibration.scatter(believed, right, s=[8 + 2 * each for each in count], color="#1971c2")
    calibration.set_xlabel("confidence (size: how many)")
    calibration.set_ylabel("share right")
    calibration.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
