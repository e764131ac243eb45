"""Files that can be made anew: those nobody used for long are removed, so that their folder does not grow for ever."""

import os
import time
from contextlib import suppress
from pathlib import Path

UNUSED_DAYS = 30
_DAY_S = 86_400


def used(path: Path) -> None:
    """Note that a file is still used; at most once a day.  Never raises."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY_S:
            os.utime(path)


def remove_unused(folder: Path, *patterns: str) -> int:
    """Remove what nobody used for a month; how many files.  Never raises."""
    before, removed = time.time() - UNUSED_DAYS * _DAY_S, 0
    for path in (path for pattern in patterns for path in folder.glob(pattern)):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed
