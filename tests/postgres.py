"""A real PostgreSQL for the tests: a cluster of its own, on a socket in a folder of its own, gone afterwards."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

_numbers = count(1)


def programs() -> Path | None:
    """Where Debian or the PATH has PostgreSQL's own programs."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return places[-1] if places else None


class Postgres:
    """A running cluster.  ``database`` makes an empty database and gives its URL."""

    def __init__(self, folder: Path, run: list[str], bin_folder: Path) -> None:
        self._folder, self._run, self._bin = folder, run, bin_folder

    def _do(self, program: str, *arguments: str) -> None:
        subprocess.run([*self._run, str(self._bin / program), *arguments], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        self._do("initdb", "-D", str(self._folder / "data"), "-U", "ivr", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.come_back()

    def come_back(self) -> None:
        data, log = str(self._folder / "data"), str(self._folder / "log")
        settings = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off -c max_connections=150"
        self._do("pg_ctl", "-D", data, "-l", log, "-w", "-o", settings, "start")

    def stop(self) -> None:
        self._do("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """All its processes are stopped: it takes connections, and answers nobody."""
        first = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
        processes = [first, *first.children(recursive=True)]
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in processes:
                with suppress(psutil.NoSuchProcess):
                    each.resume()

    def database(self) -> str:
        name = f"ivr{next(_numbers)}"
        self._do("createdb", "-h", str(self._folder), "-U", "ivr", name)
        return f"postgresql+psycopg://ivr@/{name}?host={self._folder}"


@contextmanager
def running_postgres(bin_folder: Path) -> Iterator[Postgres]:
    """PostgreSQL refuses to run as root; then it runs as the user that Debian made for it."""
    with TemporaryDirectory(prefix="ivr-postgres-", ignore_cleanup_errors=True) as directory:
        run: list[str] = []
        if os.getuid() == 0:
            run = ["runuser", "-u", "postgres", "--"]
            shutil.chown(directory, "postgres")
        server = Postgres(Path(directory), run, bin_folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
