"""What a process and everything it started cost: processor time, memory, threads, open files; from Linux's /proc."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Usage:
    """At one moment.

    ``memory_mb`` counts pages shared by several of the processes once (PSS); ``private_mb`` are those of one process
    only, for each that has any to speak of, the largest first: a model that was loaded before the fork is not in them.
    """

    cpu_s: float
    memory_mb: float
    threads: int = 0
    files: int = 0
    private_mb: tuple[float, ...] = ()


def of(pid: int | None, without: Collection[int] = ()) -> Usage | None:
    """The process and its descendants, ``without`` some of them and theirs.

    None where /proc does not exist or the process is not ours to read.
    """
    if pid is None or not _PROC.is_dir():
        return None
    members = family(pid, without)
    if not members:
        return None
    memory = [_memory_mb(each) for each in members]
    return Usage(
        sum(_cpu_s(each) for each in members),
        sum(shared for shared, _ in memory),
        sum(_entries(each, "task") for each in members),
        sum(_entries(each, "fd") for each in members),
        tuple(sorted((private for _, private in memory if private >= 1), reverse=True)),
    )


def family(pid: int, without: Collection[int] = ()) -> list[int]:
    """A process and its descendants, except some of them with theirs; parents stand before their children."""
    parents = {int(path.name): parent(int(path.name)) for path in _PROC.iterdir() if path.name.isdigit()}
    if pid not in parents:
        return []
    members = [pid]
    for member in members:  # grows while it is walked
        members += [child for child, its in parents.items() if its == member and child not in without]
    return members


def _entries(pid: int, name: str) -> int:
    try:
        return len(list((_PROC / str(pid) / name).iterdir()))
    except OSError:
        return 0


def parent(pid: int) -> int:
    """The process that started this one; 0 if it has ended."""
    fields = _stat(_PROC / str(pid))
    return int(fields[1]) if fields else 0


def _cpu_s(pid: int) -> float:
    """User and system time, its own and that of children which have ended."""
    fields = _stat(_PROC / str(pid))
    return sum(int(field) for field in fields[11:15]) / _TICKS_PER_SECOND if fields else 0.0


def _stat(path: Path) -> list[str]:
    """The fields of /proc/PID/stat from the state on (the name before it may hold spaces); [] if it has ended."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _memory_mb(pid: int) -> tuple[float, float]:
    """Its share of memory, and what is in no other process."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines[1:])}
    return kilobytes["Pss"] / 1024, (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1024
