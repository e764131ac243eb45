"""A real server with a helper whose answers take no time: ``python -m tests.helped_server PORT BUSY_FILE HANGS_S``.

It has calls in progress as long as the file exists.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask

from ivr.grammar.vocabulary import Vocabulary
from ivr.operations import serving
from ivr.speech import whisper_process
from ivr.speech.recogniser import Samples


class Busy:
    """Stands for ``ivr.operations.draining.Draining``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._begun = threading.Event()
        self.begin = self._begun.set

    def carries(self) -> bool:
        return self._file.exists()

    def over(self) -> bool:
        return self._begun.is_set() and not self.carries()


def answer(samples: Samples, vocabulary: Vocabulary | None) -> Any:
    assert vocabulary
    if vocabulary.phrases == ("hang",):
        time.sleep(3600)
    return f"{vocabulary.phrases[0]} {samples[0]} {os.getpid()}"


def main(port: str, busy_file: str, hangs_s: str) -> None:
    whisper_process._HANGS_S = int(hangs_s)
    serving.ORPHANS_SERVE_S = 1
    process = whisper_process.WhisperProcess(lambda: None, answer)
    app = Flask(__name__)
    app.extensions["draining"] = Busy(Path(busy_file))

    @app.get("/ask/<word>/<int:number>")
    def ask(word: str, number: int) -> str:
        told: str = process.ask(np.full(16_000, number, dtype=np.int16), Vocabulary("en", (word,)))
        return told

    @app.get("/who")
    def who() -> str:
        return str(os.getpid())

    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": 3,
        "worker_class": serving.CallWorker,
        "threads": 8,
        "timeout": 2 + int(hangs_s),
        "graceful_timeout": 60,
        "control_socket_disable": True,
    }
    serving.Server(app, options, [process]).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
