"""What a process and everything it started cost: processor time and memory, from Linux's /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Usage:
    """At one moment.  ``memory_mb`` counts pages shared by several of the processes once (PSS)."""

    cpu_s: float
    memory_mb: float


def of(pid: int | None) -> Usage | None:
    """The process and its descendants; None where /proc does not exist or the process is not ours to read."""
    if pid is None or not _PROC.is_dir():
        return None
    family = _family(pid)
    if not family:
        return None
    return Usage(sum(_cpu_s(each) for each in family), sum(_memory_mb(each) for each in family))


def _family(pid: int) -> list[int]:
    parents = {int(path.name): _parent(path) for path in _PROC.iterdir() if path.name.isdigit()}
    if pid not in parents:
        return []
    family = [pid]
    for member in family:  # grows while it is walked
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _parent(path: Path) -> int:
    fields = _stat(path)
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


def _memory_mb(pid: int) -> float:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return kilobytes / 1024
