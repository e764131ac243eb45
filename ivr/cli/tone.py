"""``ivr tone``: how the tone of a voice is judged."""

import json
from pathlib import Path
from typing import Any

import click


@click.group()
def tone() -> None:
    """How the tone of a voice is judged."""


@tone.command("fit")
@click.argument("csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--calm",
    multiple=True,
    metavar="CSV",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="More recordings, of calm speech only (column path): the threshold is set so that they raise no alarms.",
)
@click.option("--calm-set", multiple=True, metavar="SET", help="Of those, only these sets.  [default: all]")
@click.option(
    "--tone-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The numbers to start from.  [default: config/tone.yaml]",
)
@click.option(
    "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the new numbers here."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def fit_command(csv: Path, as_json: bool, **options: Any) -> None:
    """Fit the weights of the sound cues to labelled recordings.

    CSV has the columns path (relative to it) and tone (angry or not_angry); set and speaker are used where they are
    given, so that nobody is judged by weights fitted on their own voice.  Words, behaviour and thresholds stay as they
    are.  Without --output nothing is written.
    """
    from rich.console import Console

    from ivr.accuracy.labelled import LabelledDataError
    from ivr.accuracy.tone import read_recordings
    from ivr.accuracy.tone_fit import refit
    from ivr.cli.evaluate_tone import heard
    from ivr.config import home
    from ivr.tone import CannotFit, ToneFileError, read, text

    console = Console(stderr=as_json, highlight=False)
    try:
        before = read(options["tone_file"] or home() / "config" / "tone.yaml")
        labelled = heard(console, read_recordings(csv))
        wanted = options["calm_set"]
        quiet = [
            heard(console, [each for each in read_recordings(path) if not wanted or each.group in wanted])
            for path in options["calm"]
        ]
        after, report = refit(before, labelled, quiet)
    except (LabelledDataError, ToneFileError, CannotFit) as error:
        raise click.ClickException(str(error)) from error
    output: Path | None = options["output"]
    if output:
        sources = ", ".join(sorted({*map(str, labelled.group), *(str(name) for each in quiet for name in each.group)}))
        try:
            output.write_text(text(after, _ORIGIN.format(count=len(labelled.angry), sources=sources)), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{output}: cannot be written ({error.strerror}); name another file") from error
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    _print(console, report)
    console.print(f"written to {output}" if output else "nothing written: add --output FILE to keep these numbers")


_ORIGIN = """yaml-language-server: $schema=schemas/tone.json
How the tone of a voice is judged.  Reviewed numbers, readable on purpose; make your own from your own
labelled calls with: ivr tone fit CSV --output config/tone.yaml
Fitted on {count} labelled utterances; sets used, calm ones included: {sources}"""


def _print(console: Any, report: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("AUC, speakers unseen", "before", "after", "from the other sets", box=None, header_style="bold")
    for group, row in report["auc"].items():
        table.add_row(group, *("-" if value is None else f"{value:.3f}" for value in row.values()))
    console.print(table)
    weights = Table("cue", "before", "after", box=None, header_style="bold")
    for name, row in report["weights"].items():
        if row["before"] or row["after"]:
            weights.add_row(name, f"{row['before']:+.2f}", f"{row['after']:+.2f}")
    console.print(weights)
    for group, share in report["false_alarms"].items():
        console.print(f"  false alarms on calm {group}: {share:.1%}")
