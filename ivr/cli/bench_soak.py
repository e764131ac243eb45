"""``ivr bench soak``: calls in bad days."""

import asyncio
import json
import sys

import click


@click.command()
@click.option("--minutes", type=click.FloatRange(0.2, 600), default=1.0, show_default=True, help="How long.")
@click.option("--calls", type=click.IntRange(1, 200), default=20, show_default=True, help="Calls at the same time.")
@click.option("--workers", type=click.IntRange(2, 32), default=2, show_default=True, help="Processes of the server.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same number: the same calls and faults.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def soak(minutes: float, calls: int, workers: int, seed: int, as_json: bool) -> None:
    """Calls in bad days, on a server of its own with the starter files: who is lost, what is missing, what grows.

    Callers ask a database, ask a service that hangs, press 0, stay silent or hang up; advisors answer, decline, are
    busy or away; a stream brings garbage, breaks, falls silent without a word, or its frames are doubled, lost, late
    or out of order; webhooks come twice.  Meanwhile workers are killed or stopped, the voice is killed, the database
    is locked for seconds, and (in the first third of the time) the server is replaced by a new generation.  Exit 1 if
    a caller ended with nobody, a call has no record, or something grew.
    """
    from rich.console import Console

    from ivr.config import load
    from ivr.config.settings import starter
    from ivr.phone.server import ServerUnavailable, own_server
    from ivr.phone.slow_backend import LANGUAGE, home_with_slow_backend, service
    from ivr.phone.soak import Soaking
    from ivr.records.audio import as_wave
    from ivr.telephony.twiml import last_resort

    console = Console(stderr=as_json, highlight=False)
    command = [sys.executable, "-m", "ivr", "serve", "--workers", str(workers)]
    try:
        with (
            home_with_slow_backend(starter(), 60.0) as own_home,
            service(as_wave(bytes(32_000))) as recordings_url,
            own_server(command, own_home, recordings_url=recordings_url) as server,
        ):
            config = load(own_home)
            line = next(line for line, language in config.lines.items() if language == LANGUAGE)
            soaking = Soaking(server, line, last_resort(config.advisors), recordings_url, seed, workers)
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
