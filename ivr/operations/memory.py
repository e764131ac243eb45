"""Memory that the processes of a server share, and that one of them gives back."""

import ctypes
import gc

# glibc's mallopt.  Each thread may get an arena of its own, whose freed memory stays with it: with a thread for each
# call that is the most any of them ever needed, many times over.  With two for all, decoders wait for each other.
# Another allocator is no way out: see docs/architecture.md, "Memory is the C library's".
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_ARENAS = 4
_LARGE_BYTES = 8 * 1024 * 1024  # goes back at once when it is freed; with 512 kB, giving back cost more than it gave


def keep_little() -> None:
    """Let the C library keep little of what is freed.  Before threads begin; without glibc nothing is done."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _ARENAS)
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, _LARGE_BYTES)


def share() -> None:
    """What exists now stays: collecting it again would copy it into each process that is forked from here on."""
    gc.collect()
    gc.freeze()
