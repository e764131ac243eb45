"""What goes wrong with a server of our own during ``ivr bench soak``: one thing after the other, each lived through."""

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType

from sqlalchemy import make_url

from ivr.phone import usage
from ivr.phone.server import Server

BETWEEN_S = (2.0, 8.0)
LOCKED_S = (1.0, 5.0)
BACK_WITHIN_S = 60.0  # gunicorn takes half a minute to see that a worker hangs
HUNG_EVERY = 4  # a hanging worker takes so long that other things would be left out
DEPLOYED_EVERY, FIRST_DEPLOYED = 10, 2  # of faults, in the first third: after that the same process must not grow


Fault = Callable[[], Awaitable[None]]
"""Breaks something, waits, and mends it."""


class NotBack(Exception):
    """The server did not recover; the message says from what."""


class BadDays:
    """Injects faults until cancelled.  ``happened`` counts them; ``replaced``: generations that only finish calls.

    The oldest worker is spared: it must not grow, and processes that live for seconds would not show it.
    """

    def __init__(
        self,
        server: Server,
        workers: int,
        random: Random,
        tell: Callable[[str], None],
        seconds: float = 0.0,
        more: Mapping[str, Fault] = MappingProxyType({}),
    ) -> None:
        """``more``: faults of what the server needs and whoever started it can reach, like its PostgreSQL."""
        if server.pid is None or server.database_url is None:
            raise ValueError("faults are for a server of our own")
        self.happened: Counter[str] = Counter()
        self._server = server.pid
        url = make_url(server.database_url)
        self._database = url.database or ""
        locked = {"database locked": self._lock_the_database} if url.get_backend_name() == "sqlite" else {}
        self._more = {**locked, **more}
        self._workers = workers
        self.replaced: set[int] = set()
        self._deploys_until_s = time.monotonic() + seconds / 3
        self._random = random
        self._tell = tell

    async def run(self) -> None:
        """One fault, then the recovery from it, then the next.  Raises NotBack."""
        faults = {
            "worker killed": self._kill_a_worker,
            "voice killed": self._kill_a_voice,
            "disk full": self._fill_the_disk,
            **self._more,
        }
        await self._back("its start")
        for count in range(1, 1_000_000):
            await asyncio.sleep(self._random.uniform(*BETWEEN_S))
            name, inject = self._random.choice(list(faults.items()))
            if count % HUNG_EVERY == 0:
                name, inject = "worker hung", self._stop_a_worker
            elif count % DEPLOYED_EVERY == FIRST_DEPLOYED and time.monotonic() < self._deploys_until_s:
                name, inject = "deployed", self._deploy
            self._tell(name)
            self.happened[name] += 1
            await inject()
            await self._back(name)

    def workers(self) -> list[int]:
        """The processes that serve: forks, which have the command line of their parent.  No zombie has one."""
        family = usage.family(self._server)
        return [pid for pid in family if (command := _command(pid)) and command == _command(usage.parent(pid))]

    async def _kill_a_worker(self) -> None:
        _signal(self._victim(), signal.SIGKILL)

    async def _stop_a_worker(self) -> None:
        pid = self._victim()
        _signal(pid, signal.SIGSTOP)
        ends = time.monotonic() + BACK_WITHIN_S
        while pid in self.workers() and time.monotonic() < ends:
            await asyncio.sleep(0.5)

    async def _deploy(self) -> None:
        self.replaced |= {pid for pid in usage.family(self._server) if usage.parent(pid) == self._server}
        _signal(self._server, signal.SIGHUP)

    async def _kill_a_voice(self) -> None:
        voices = [pid for pid in usage.family(self._server) if "voice_process" in _command(pid)]
        if voices:
            _signal(self._random.choice(voices), signal.SIGKILL)

    async def _fill_the_disk(self) -> None:
        """No file of the workers may grow: what a full disk is to them."""
        serving = self._serving()
        before = {pid: limit for pid in serving if (limit := _file_size_limit(pid, 1))}
        await asyncio.sleep(self._random.uniform(*LOCKED_S))
        for pid, limit in before.items():
            _file_size_limit(pid, limit[0])

    async def _lock_the_database(self) -> None:
        seconds = self._random.uniform(*LOCKED_S)
        await asyncio.to_thread(lock, self._database, lambda: time.sleep(seconds))

    async def _back(self, what: str) -> None:
        ends = time.monotonic() + BACK_WITHIN_S
        while len(serving := self._serving()) < self._workers:
            if time.monotonic() > ends:
                raise NotBack(f"{len(serving)} of {self._workers} workers, a minute after: {what}")
            await asyncio.sleep(0.2)

    def _serving(self) -> list[int]:
        return [pid for pid in self.workers() if usage.parent(pid) not in self.replaced]

    def _victim(self) -> int:
        spared = min(self._serving(), default=0)
        return self._random.choice([pid for pid in self.workers() if pid != spared])


def lock(database: str, hold: Callable[[], None]) -> None:
    """While ``hold`` lasts, nobody else can write to a SQLite file."""
    connection = sqlite3.connect(database, timeout=10, isolation_level=None)
    with contextlib.suppress(sqlite3.OperationalError):  # somebody else held it all the time
        connection.execute("BEGIN IMMEDIATE")
        hold()
        connection.execute("ROLLBACK")
    connection.close()


def _file_size_limit(pid: int, most_bytes: int) -> tuple[int, int] | None:
    """Set a process's soft limit; the one before comes back, None when the process is gone."""
    try:
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    except ProcessLookupError:
        return None
    return before


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
