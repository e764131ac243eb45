"""``ivr serve``: gunicorn with the settings that telephone calls need."""

import sys
import threading
from typing import Any

import click
from flask import Flask

from ivr.config import ConfigError, Settings
from ivr.operations.logs import log_to_stderr
from ivr.operations.metrics import forget_process, share
from ivr.records.records import RecordsUnavailable
from ivr.speech.voice import VoiceFailed

SPARE_THREADS = 20  # for webhooks, beside one thread for each stream
GRACEFUL_S = 600  # how long calls in progress may go on when the server is asked to stop


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default IVR_WORKERS, else one for each core.")
@click.option("--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the log.")
def serve(bind: str, workers: int | None, log: str) -> None:
    """The production server.  Settings: config/ and the environment (see docs/operations.md)."""
    from ivr.app import create_app

    log_to_stderr(as_json=log == "json")
    share()
    try:
        settings = Settings.from_environment()
        app = create_app(settings)
    except (ConfigError, RecordsUnavailable, VoiceFailed) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    _Server(app, _options(bind, workers or settings.workers, app)).run()


def _options(bind: str, workers: int, app: Flask) -> dict[str, Any]:
    streams = app.extensions["ivr"].config.max_calls
    return {
        "bind": bind,
        "workers": workers,
        "worker_class": "gthread",
        "threads": streams + SPARE_THREADS,
        "preload_app": True,  # the models are loaded once and shared by fork
        "timeout": 30,  # of a worker that hangs; it does not limit streams
        "graceful_timeout": GRACEFUL_S,
        "max_requests": 0,  # restarting a worker by count would cut its calls
        "control_socket_disable": True,
        "post_worker_init": lambda _worker: _warm_up(app),
        "child_exit": lambda _server, worker: forget_process(worker.pid),
        "accesslog": None,
        "loglevel": "warning",
    }


def _warm_up(app: Flask) -> None:
    """What must not be shared by a fork starts in each process now, not with its first caller."""
    app.extensions["reload"].watch()
    parts = app.extensions["ivr"]
    parts.delivery.start()
    parts.voicemail.start()
    for model in parts.models.values():
        load = getattr(model, "load", None)
        if load:
            threading.Thread(target=load, name="warm-up", daemon=True).start()


def _Server(app: Flask, options: dict[str, Any]) -> Any:
    """gunicorn's own application class, made here so that ``ivr --help`` does not import gunicorn."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    return Server()
