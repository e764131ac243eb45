"""Memory that the processes of a server share, and that one of them gives back."""

import ctypes
import ctypes.util
import gc
from collections.abc import Mapping

# jemalloc's settings.  The decoders of many calls ask for memory all the time: the C library's own allocator lets them
# wait for each other, or keeps an arena for each.  With these, a process of 60 calls needs no more memory than with it.
_SETTINGS = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,lg_tcache_max:12"

# glibc's mallopt.  Each thread may get an arena of its own, whose freed memory stays with it: with a thread for each
# call that is the most any of them ever needed, many times over.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_ARENAS = 2
_LARGE_BYTES = 8 * 1024 * 1024  # goes back at once when it is freed; with 512 kB, giving back cost more than it gave


def jemalloc() -> str | None:
    """The name of the library, if it is installed."""
    return ctypes.util.find_library("jemalloc")


def with_jemalloc(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is to take its memory from jemalloc, if that is installed.

    A library that the operator lets it begin with stands, and so do settings of jemalloc.
    """
    library = jemalloc()
    if library is None or "LD_PRELOAD" in environ:
        return dict(environ)
    return {"MALLOC_CONF": _SETTINGS, **environ, "LD_PRELOAD": library}


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
