"""The proxies of docs/deploy, as they are shipped, in front of a server of a test: only addresses and files differ."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.serving import eventually

DEPLOY = ROOT / "docs" / "deploy"
SWALLOWS = ("proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection $connection_upgrade;")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def certificate(folder: Path) -> Path:
    """For localhost, vouched for by nobody, with its key in one file."""
    both, key = folder / "ivr.pem", folder / "ivr.key"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(both)]
    subprocess.run(["openssl", "req", *kind, *name, *files], check=True, capture_output=True)
    both.write_text(both.read_text() + key.read_text())
    return both


def haproxy(folder: Path, port: int, server: str, without: tuple[str, ...] = ()) -> list[str]:
    changed = {
        ":443 ssl crt /etc/haproxy/ivr.pem": f"127.0.0.1:{port} ssl crt {folder}/ivr.pem",
        "127.0.0.1:8000": server,
    }
    return ["haproxy", "-db", "-f", str(_written(folder, "haproxy.cfg", changed, without))]


def nginx(folder: Path, port: int, server: str, without: tuple[str, ...] = ()) -> list[str]:
    changed = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/": f"{folder}/",
        "ivr.example.com": "localhost",
        "127.0.0.1:8000": server,
    }
    file = _written(folder, "nginx.conf", changed, without)
    more = f"daemon off; pid {folder}/nginx.pid; error_log stderr;"
    return ["nginx", "-p", str(folder), "-c", str(file), "-e", "stderr", "-g", more]


PROXIES = {"haproxy": haproxy, "nginx": nginx}


@contextmanager
def proxy(name: str, folder: Path, port: int, server: str, without: tuple[str, ...] = ()) -> Iterator[Path]:
    """Run it until the block ends; its log comes back.  Skips, and says so, where it is not installed."""
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here: apt-get install {name}")
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(PROXIES[name](folder, port, server, without), stdout=output, stderr=output)
    try:
        eventually(lambda: _listens(port) or process.poll() is not None, f"{name} listens")
        assert process.poll() is None, log.read_text()
        yield log
    finally:
        process.terminate()
        process.wait(30)


def _written(folder: Path, name: str, changed: dict[str, str], without: tuple[str, ...]) -> Path:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for old, new in [*changed.items(), *((line, "") for line in without)]:
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
