"""``ivr evaluate tone``: does an angry voice stand out of calm ones?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ivr.accuracy.tone import Recording
    from ivr.tone import Labelled


@click.command()
@click.argument("csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--tone-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The numbers to judge with.  [default: config/tone.yaml]",
)
@click.option(
    "--plot", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Draw recall against false alarms."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tone(csv: Path, tone_file: Path | None, plot: Path | None, as_json: bool) -> None:
    """Judge labelled recordings: CSV with the columns path and tone (angry or not_angry); speaker, set, emotion.

    A table without the column tone is one of calm speech.  Each recording is judged twice: as the first words of a
    call, and (where the speaker is known) after two calm utterances of the same speaker, as in a call.
    """
    from rich.console import Console

    from ivr.accuracy.labelled import LabelledDataError
    from ivr.accuracy.tone import read_recordings, tables
    from ivr.config import home
    from ivr.tone import ToneFileError, read, weights

    console = Console(stderr=as_json, highlight=False)
    try:
        numbers = weights(read(tone_file or home() / "config" / "tone.yaml"))
        labelled = heard(console, read_recordings(csv))
    except (LabelledDataError, ToneFileError) as error:
        raise click.ClickException(str(error)) from error
    found = tables(numbers, labelled)
    if plot:
        _plot(plot, numbers, labelled)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print(console, found)


def heard(console: Any, recordings: "Sequence[Recording]") -> "Labelled":
    """The cues of recordings, with a progress bar."""
    from rich.progress import Progress

    from ivr.accuracy.tone import hear

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("listening", total=len(recordings))
        return hear(recordings, lambda: progress.advance(task))


def _print(console: Any, found: dict[str, Any]) -> None:
    from rich.table import Table

    columns = {
        "angry": "angry",
        "calm": "calm",
        "unknown": "unknown",
        "auc": "AUC",
        "auc_against_happy": "against happy",
        "recall_at_2%": "recall at 2 %",
        "recall_at_5%": "at 5 %",
        "alarms_when_angry": "alarms: angry",
        "false_alarms": "not angry",
        "alarms_when_happy": "happy",
    }
    table = Table("set", *columns.values(), box=None, header_style="bold")
    for group, entry in found["sets"].items():
        for name, row in ((group, entry), (f"{group}, after two calm utterances", entry.get("with_baseline"))):
            if row:
                table.add_row(name, *(_shown(row[key]) for key in columns))
    console.print(table)
    for group, entry in found["sets"].items():
        for kind, share in entry.get("calls", {}).items():
            console.print(f"  {group}: {kind.replace('_', ' ')} callers put through {share:.1%}")
    console.print(f"\nalarm: evidence of {found['evidence_needed']} (log-odds) in one utterance, by its sound alone")


def _shown(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _plot(path: Path, numbers: Any, labelled: "Labelled") -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise click.ClickException("--plot needs matplotlib: pip install matplotlib") from None
    from ivr.accuracy.tone import curves

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for name, (false_alarms, recall) in curves(numbers, labelled).items():
        axes.plot(false_alarms, recall, label=name)
    axes.set(xlabel="false alarms on calm speech", ylabel="angry utterances found", xlim=(0, 1), ylim=(0, 1))
    axes.axvline(0.02, color="grey", linewidth=0.5)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right")
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:  # no such folder; an ending that is no picture's
        raise click.ClickException(f"{path}: cannot be written ({error}); write a .png or .svg") from error
