"""``ivr evaluate recognition``: labelled recordings -> handled, wrong, rejected, accepted from outside."""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivr.accuracy.labelled import LabelledDataError
from ivr.cli.first_utterances import SHOWN, print_first_utterances
from ivr.config import ConfigError, home, load
from ivr.config.settings import models_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ivr.accuracy.one_word_off import Change
    from ivr.accuracy.recognition import Judged
    from ivr.call.plan import Plan
    from ivr.grammar import Grammar
    from ivr.speech.recogniser import RecognitionModel


@click.command()
@click.argument("manifest", metavar="CSV", type=click.Path(path_type=Path))
@click.option("--phrases", type=click.Path(path_type=Path), help="The grammar: one phrase on each line.")
@click.option("--slot", type=click.Choice(["digits"]), help="Recognise numbers instead of phrases.")
@click.option("--join", type=click.IntRange(1, 20), default=6, show_default=True, help="Digits joined into one number.")
@click.option(
    "--one-word-off",
    type=click.Choice(["drop", "replace"]),
    help="The grammar: the transcripts of CSV with one word changed in each.",
)
@click.option("--language", default="en", show_default=True)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the curve and the calibration as a picture.")
@click.option("--fit", is_flag=True, help="Fit the confidence's weights to these recordings, too, and print them.")
@click.option("--show", type=click.Choice(SHOWN), help="List the utterances of a verdict (shipped grammar only).")
@click.option("--json", "as_json", is_flag=True)
def recognition(  # noqa: PLR0913, PLR0917  one for each option
    manifest: Path,
    phrases: Path | None,
    slot: str | None,
    join: int,
    one_word_off: "Change | None",
    language: str,
    plot: Path | None,
    fit: bool,
    show: str | None,
    as_json: bool,
) -> None:
    """What would be done with each recording of CSV (columns path, speaker, transcript).

    With neither --phrases nor --slot nor --one-word-off: the shipped grammar, each recording as the first utterance of
    a call.  CSV has a column intent: the request that must be handled (or several, any of them), empty where none may
    begin; and perhaps kind, for figures of each kind.

    --phrases, --slot: recordings whose transcript is one of the phrases must be handled, all others must not be
    accepted.  With --slot digits, single digits of a speaker are joined into numbers; numbers of that length count as
    they are, and what holds no digit must not be accepted.  The table is that of the shipped weights; --fit adds
    weights fitted on the recordings, and how good such are for speakers they were not fitted on.  For that it hears
    everything again: with four grammars of other sizes and, with Whisper, two in which every phrase is one word off; or
    with the length of the number left open.

    --one-word-off: of each transcript of two words or more, one word is dropped, or replaced by one of another
    transcript, and that is the grammar: everything must be rejected.
    """
    from ivr.app import load_model
    from ivr.speech.models import remedy
    from ivr.speech.recogniser import ModelUnusable

    if sum(each is not None for each in (phrases, slot, one_word_off)) > 1:
        raise click.UsageError("give one of --phrases FILE, --slot digits and --one-word-off")
    shipped = phrases is None and slot is None
    if shipped and (fit or plot):
        raise click.UsageError("--fit and --plot go with --phrases FILE or --slot digits")
    try:
        config = load(home())
        if language not in config.grammars:
            raise click.ClickException(f"there is no language {language!r} in config/ivr.yaml")
        model = load_model(language, config.languages[language].recogniser, models_directory())
        if model is None:
            raise click.ClickException(f"{language!r} has no recogniser: {remedy(language)}")
        measured = Measured(manifest, model, config.grammars[language], config.plans[language], as_json)
        if one_word_off:
            _print_flat(_one_word_off(measured, one_word_off), as_json)
        elif shipped:
            _shipped(measured, show)
        else:
            _print_curve(_phrases_or_digits(measured, phrases, join, fit), plot, as_json)
    except (ConfigError, LabelledDataError, ModelUnusable) as error:
        raise click.ClickException(str(error)) from error


@dataclass(frozen=True, slots=True)
class Measured:
    """The recordings, and the parts of the system that hear and understand them."""

    manifest: Path
    model: "RecognitionModel"
    grammar: "Grammar"
    plan: "Plan"
    quiet: bool


@contextmanager
def _progress(measured: Measured, total: int) -> "Iterator[Callable[[], None]]":
    from rich.progress import Progress

    with Progress(transient=True, disable=measured.quiet) as progress:
        task = progress.add_task(measured.model.name, total=total)
        yield lambda: progress.advance(task)


def _shipped(measured: Measured, show: str | None) -> None:
    """The shipped grammar; each recording is the first utterance of a call."""
    from ivr.accuracy import first_utterances
    from ivr.accuracy.recognition import read_labelled, understood
    from ivr.grammar import Expecting

    plan, grammar = measured.plan, measured.grammar
    labelled = read_labelled(measured.manifest, first_utterances.known_intents(grammar, plan))
    recordings = [recording for recording, _ in labelled]
    with _progress(measured, len(recordings)) as advance:
        heard = understood(measured.model, grammar, Expecting("request"), recordings, advance)
    outcomes = [
        first_utterances.outcome(plan, label, each.meaning, each.confidence)
        for (_, label), each in zip(labelled, heard, strict=True)
    ]
    print_first_utterances(
        {"recogniser": measured.model.name, **first_utterances.table(plan, outcomes)}, measured.quiet
    )
    for recording, each, outcome in zip(recordings, heard, outcomes, strict=True):
        if show == first_utterances.verdict(plan, outcome):
            said, text = recording.transcript, each.heard.text
            click.echo(f"{said!r} heard as {text!r} -> {outcome.intent} ({outcome.confidence:.2f})", err=measured.quiet)


def _one_word_off(measured: Measured, change: "Change") -> dict[str, Any]:
    from ivr.accuracy import one_word_off, recognition
    from ivr.grammar import Expecting

    shipped = measured.grammar
    recordings = recognition.read_recordings(measured.manifest, ())
    changed = one_word_off.changed_phrases([each.transcript for each in recordings], change)
    grammar = recognition.grammar_of(shipped.language, changed.values(), shipped.digit_words, shipped.decoys)
    recordings = [each for each in recordings if each.transcript in changed]
    with _progress(measured, len(recordings)) as advance:
        judged = recognition.evaluate(measured.model, grammar, Expecting("request"), recordings, advance)
    return {"recogniser": measured.model.name, **one_word_off.table(judged, measured.plan.bands)}


def _phrases_or_digits(measured: Measured, phrases: Path | None, join: int, fit: bool) -> dict[str, Any]:
    """With a grammar of ``phrases``; without them, numbers of ``join`` digits."""
    from ivr.accuracy import recognition as accuracy
    from ivr.accuracy.recognition_fit import numbers, other_grammars
    from ivr.grammar import Expecting

    grammar, words = measured.grammar, measured.grammar.digit_words
    number, request = Expecting("digits", (join,)), Expecting("request")
    if phrases:
        known = accuracy.read_phrases(phrases)
        recordings = accuracy.read_recordings(measured.manifest, known)
        ways = [(accuracy.grammar_of(grammar.language, known, words, grammar.decoys), request)]
        ways += [(other, request) for other in other_grammars(list(known), grammar, ("drop", "replace"))] if fit else []
    else:
        recordings = accuracy.read_digit_strings(measured.manifest, words, join)
        ways = [(grammar, number), *([(grammar, Expecting("digits"))] if fit else [])]
    heard: list[tuple[Mapping[str, str], list[Judged]]] = []
    with _progress(measured, len(ways) * len(recordings)) as advance:
        for some_grammar, expecting in ways:
            some = accuracy.within(some_grammar, recordings) if phrases else recordings
            judged = accuracy.evaluate(measured.model, some_grammar, expecting, some, advance)
            heard.append((some_grammar.sentences if phrases else numbers(judged, words), judged))
    found = {"recogniser": measured.model.name, **accuracy.table(heard[0][1], measured.plan.bands)}
    return {**found, "fitted": _fit(heard)} if fit else found


def _fit(heard: "list[tuple[Mapping[str, str], list[Judged]]]") -> dict[str, Any]:
    from ivr.accuracy import recognition_fit

    return recognition_fit.fit(*heard)


def _print_flat(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):<18} {_text(value)}")


def _print_curve(found: dict[str, Any], plot: Path | None, as_json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    if plot:
        _plot(found, plot)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
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
