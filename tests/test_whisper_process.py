"""The process that reads for all others: whatever becomes of it or of them, the next one who asks is answered."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
import requests

from ivr.grammar.vocabulary import Vocabulary
from ivr.speech import whisper_process
from ivr.speech.whisper_process import WhisperProcess
from tests.conftest import ROOT
from tests.serving import eventually


@dataclass
class Helped:
    """``tests.helped_server``, running."""

    url: str
    process: psutil.Process
    busy: Path

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=60)

    def reader(self) -> int:
        """Who answers."""
        return int(self.get("/ask/hello/7").text.split()[2])

    def becomes(self, *others: int) -> int:
        """Who answers, as soon as it is none of these."""
        eventually(lambda: self.get("/ask/hello/7").ok and self.reader() not in others, "another one reads")
        return self.reader()


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Helped]:
    hangs_s = getattr(request, "param", 20)
    busy = tmp_path / "busy"
    busy.touch()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.helped_server", str(port), str(busy), str(hangs_s)]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as started:
        helped = Helped(f"http://127.0.0.1:{port}", psutil.Process(started.pid), busy)
        try:
            eventually(lambda: answers(helped), "the server answers")
            yield helped
        finally:
            for each in family(helped.process):
                each.kill()


def answers(server: Helped) -> bool:
    try:
        return server.get("/ask/hello/7").ok
    except requests.ConnectionError:
        return False


def family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def test_one_process_reads_for_all_and_everybody_gets_their_own_answer(server: Helped) -> None:
    with ThreadPoolExecutor(16) as many:
        told = list(many.map(lambda number: server.get(f"/ask/word{number}/{number}").text.split(), range(200)))
        workers = set(many.map(lambda _: server.get("/who").text, range(50)))
    assert [each[:2] for each in told] == [[f"word{number}", str(number)] for number in range(200)]
    assert len({each[2] for each in told} | workers) == len(workers) + 1


def test_one_that_is_killed_is_replaced_and_who_asks_meanwhile_waits_for_the_next(server: Helped) -> None:
    killed = server.reader()
    for _ in range(3):
        os.kill(killed, signal.SIGKILL)
        killed, before = server.reader(), killed
        assert killed != before


@pytest.mark.parametrize("server", [1], indirect=True)
@pytest.mark.parametrize("how", ["stopped", "in a reading"])
def test_one_that_hangs_fails_who_asks_it_and_is_replaced(server: Helped, how: str) -> None:
    hangs = server.reader()
    if how == "stopped":
        os.kill(hangs, signal.SIGSTOP)
    else:
        assert server.get("/ask/hang/1").status_code == 500
    while (told := server.get("/ask/hello/8")).ok and told.text.split()[2] == str(hangs):
        time.sleep(0.1)  # other threads of it are well
    server.becomes(hangs)
    eventually(lambda: not psutil.pid_exists(hangs), "nothing is left of it")


def test_a_worker_that_is_killed_while_it_waits_takes_nobody_with_it(server: Helped) -> None:
    reader = server.reader()
    with ThreadPoolExecutor(3) as others:
        asked = [others.submit(server.get, f"/ask/word/{number}") for number in range(30)]
        os.kill(int(server.get("/who").text), signal.SIGKILL)
        numbers = [each.result().text.split()[1] for each in asked if each.exception() is None]
    assert set(numbers) <= {str(number) for number in range(30)}
    assert server.becomes() == reader


def test_it_reads_until_the_last_call_of_a_server_that_stops_and_is_replaced_until_then(server: Helped) -> None:
    everybody, reader = family(server.process), server.reader()
    server.process.terminate()
    assert server.reader() == reader
    os.kill(reader, signal.SIGKILL)
    server.becomes(reader)
    everybody += family(server.process)
    server.busy.unlink()
    eventually(lambda: gone(everybody), "everybody ends with the last call")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_ends_at_once_leaves_nobody(server: Helped, number: signal.Signals) -> None:
    everybody = family(server.process)
    os.killpg(server.process.pid, number)  # as Ctrl-C does
    eventually(lambda: gone(everybody), "everybody ends")


def test_whose_arbiter_is_killed_reads_until_the_workers_are_gone(server: Helped) -> None:
    everybody, reader = family(server.process), server.reader()
    server.process.kill()
    assert server.reader() == reader
    server.busy.unlink()
    eventually(lambda: gone(everybody), "no orphan is left")


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_process, "_HANGS_S", 1)
    asked: list[str] = []

    def answer(_: object, vocabulary: Vocabulary | None) -> str:
        assert vocabulary
        asked.append(vocabulary.phrases[0])
        if asked == ["slow"]:
            time.sleep(1.5)
        return vocabulary.phrases[0]

    process = running(answer)
    with pytest.raises(BlockingIOError):
        ask(process, "slow")
    assert [ask(process, "quick"), ask(process, "quicker")] == ["quick", "quicker"]


def test_who_asks_is_told_what_went_wrong_and_may_ask_again() -> None:
    def answer(_: object, vocabulary: Vocabulary | None) -> str:
        assert vocabulary
        return {"well": "and good"}[vocabulary.phrases[0]]

    process = running(answer, load=lambda: 1 / 0)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="KeyError: 'ill'"):
            ask(process, "ill")
    assert ask(process, "well") == "and good"


def running(answer: object, load: object = lambda: None) -> WhisperProcess:
    """One that runs beside the test, and ends with it."""
    process = WhisperProcess(load, answer)  # type: ignore[arg-type]
    if not os.fork():
        try:
            process.run(lambda: None)
        finally:
            os._exit(0)
    return process


def ask(process: WhisperProcess, word: str) -> str:
    told: str = process.ask(np.zeros(16, dtype=np.int16), Vocabulary("en", (word,)))
    return told
