"""``ivr serve``: gunicorn with the settings that telephone calls need."""

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from ivr.operations.logs import log_to_stderr

if TYPE_CHECKING:
    from flask import Flask

SPARE_THREADS = 20  # for webhooks, beside one thread for each stream
LAST_WORDS_S = 10  # for what calls left to be written down, when a process ends
GRACEFUL_S = 600  # how long calls in progress may go on when the server is asked to stop


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default IVR_WORKERS, else one for each core.")
@click.option("--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the log.")
@click.option("--generation", hidden=True, help="For the process beside: the socket's and the answer's descriptors.")
def serve(bind: str, workers: int | None, log: str, generation: str | None) -> None:
    """The production server.  Settings: config/ and the environment (see docs/operations.md).

    HUP starts it anew without losing a call, TERM ends it after the last one, INT at once.
    """
    log_to_stderr(as_json=log == "json")
    if generation is None:
        sys.exit(_stand_by(bind))
    listening, ready = map(int, generation.split(","))
    _serve(listening, ready, workers)


def _stand_by(bind: str) -> int:
    """Hold the socket, with the server beside.  The same command is run for each generation, so of the version then."""
    from ivr.operations.generations import Generations, listen

    try:
        listener = listen(bind)
    except (OSError, ValueError) as error:
        click.echo(f"cannot listen on {bind}: {error}", err=True)
        return 1
    script = sys.orig_argv[1]  # a script is run by what its own first line says: /opt/ivr may lead elsewhere by then
    command = sys.orig_argv[1:] if os.access(script, os.X_OK) else [sys.executable, *sys.orig_argv[1:]]
    return Generations(command, listener).run()


def _serve(listening: int, ready: int, workers: int | None) -> None:
    from ivr.app import create_app
    from ivr.config import ConfigError, Settings
    from ivr.operations import memory
    from ivr.operations.metrics import share
    from ivr.operations.serving import Server
    from ivr.records.records import RecordsUnavailable
    from ivr.speech.voice import VoiceFailed

    share()
    memory.keep_little()
    try:
        settings = Settings.from_environment()
        app = create_app(settings)
    except (ConfigError, RecordsUnavailable, VoiceFailed) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    memory.share()
    helpers = [model.share() for model in app.extensions["ivr"].models.values() if hasattr(model, "share")]
    number = (workers or settings.workers) + len(helpers)
    Server(app, _options(app, listening, ready, number), helpers).run()


def _options(app: "Flask", listening: int, ready: int, workers: int) -> dict[str, Any]:
    from ivr.operations.metrics import forget_process
    from ivr.operations.serving import CallWorker

    def begin(_worker: Any) -> None:
        _warm_up(app)
        os.write(ready, b"1")

    return {
        "bind": f"fd://{listening}",
        "workers": workers,
        "worker_class": CallWorker,
        "threads": app.extensions["ivr"].config.max_calls + SPARE_THREADS,
        "preload_app": True,  # the models are loaded once and shared by fork
        "timeout": 30,  # of a worker that hangs; it does not limit streams
        "graceful_timeout": GRACEFUL_S,
        "max_requests": 0,  # restarting a worker by count would cut its calls
        "control_socket_disable": True,
        "post_worker_init": begin,
        "worker_exit": lambda _server, _worker: app.extensions["ivr"].writer.flush(LAST_WORDS_S),
        "child_exit": lambda _server, worker: forget_process(worker.pid),
        "accesslog": None,
        "loglevel": "warning",
    }


def _warm_up(app: "Flask") -> None:
    """What must not be shared by a fork starts in each process now, not with its first caller."""
    app.extensions["reload"].watch()
    parts = app.extensions["ivr"]
    parts.delivery.start()
    parts.voicemail.start()
    for model in parts.models.values():
        load = getattr(model, "load", None)
        if load:
            threading.Thread(target=load, name="warm-up", daemon=True).start()
