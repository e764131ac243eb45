"""Our settings of Vosk's decoder, without touching the model's directory."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BLOCK_FRAMES = 20  # of 10 ms, computed at once; with 30, less CPU, but who asks for a person waits 120 ms more
_SETTINGS = {
    "model.conf": f"""
--frames-per-chunk={_BLOCK_FRAMES}
--endpoint.rule1.min-trailing-silence=60
--endpoint.rule2.min-trailing-silence=10
--endpoint.rule3.min-trailing-silence=10
--endpoint.rule4.min-trailing-silence=10
""",  # the end of an utterance is not the decoder's to find: silence given in advance would look like one
    "mfcc.conf": """
--dither=0
""",  # there is noise of ours in the sound; the library's costs a fortieth of the time and makes no two hearings alike
}

_CPU = Path("/proc/cpuinfo")
_KERNELS = {  # OpenBLAS's names, best first, and the instructions that each needs
    "SkylakeX": {"avx512f", "avx512dq", "avx512bw", "avx512vl"},
    "Haswell": {"avx2", "fma"},
}


def kernels(cpu: str) -> str | None:
    """OpenBLAS's name for what a processor can do, by the text of /proc/cpuinfo; None when there is nothing to gain."""
    flags = next((line.split() for line in cpu.splitlines() if line.startswith("flags")), [])
    return next((name for name, needed in _KERNELS.items() if needed.issubset(flags)), None)


@contextmanager
def with_fitting_blas() -> Iterator[None]:
    """While the Vosk library is loaded: its OpenBLAS of 2021 takes processors made later for a Pentium 4.

    Telling it what the processor can do nearly halves its share of the time.  And it is to multiply in the thread of
    the call: its own threads, one set for all calls, make the calls wait for each other.  An operator's choice stands.
    """
    wanted = {"OPENBLAS_NUM_THREADS": "1"}
    if _CPU.is_file() and (name := kernels(_CPU.read_text())):
        wanted["OPENBLAS_CORETYPE"] = name
    ours = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


@contextmanager
def with_our_settings(model: Path) -> Iterator[Path]:
    """A directory like the model's but with our decoder settings, which Vosk reads from nowhere else.

    Models in the older layout have no such file and keep Vosk's own settings.
    """
    settings = model / "conf" / "model.conf"
    if not settings.is_file():
        yield model
        return
    with tempfile.TemporaryDirectory(prefix="ivr-model-") as name:
        directory = Path(name)
        for source in model.iterdir():
            if source.name != "conf":
                (directory / source.name).symlink_to(source.resolve())
        (directory / "conf").mkdir()
        for source in (model / "conf").iterdir():
            ours, place = _SETTINGS.get(source.name), directory / "conf" / source.name
            if ours:
                place.write_text(source.read_text() + ours)
            else:
                place.symlink_to(source.resolve())
        yield directory
