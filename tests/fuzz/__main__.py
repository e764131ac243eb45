"""``python -m tests.fuzz NAME [libFuzzer's options]``: one harness, guided by coverage.

``-max_total_time=60`` ends it after a minute, ``-runs=1000000`` after so many inputs; a folder keeps what was found.
An input that breaks something is written to ``crash-...``: give that file as the argument to see it again.
"""

import logging
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import atheris

from tests.fuzz import NAMES

FUZZED = {
    "media": ["ivr.telephony.media"],
    "session": ["ivr.telephony", "ivr.call"],
    "webhooks": ["ivr.telephony", "ivr.advisors"],
    "files": ["ivr.config"],
    "imports": ["ivr.grammar"],
    "numbers": ["ivr.grammar.digits", "ivr.grammar.dates", "ivr.grammar.corrections", "ivr.grammar.days.rules"],
}
"""Whose branches guide the search."""


def main(name: str, options: list[str]) -> None:
    """Fuzz until the options say that it is enough, or something breaks."""
    with atheris.instrument_imports(include=FUZZED[name]):
        harness = import_module(f"tests.fuzz.{name}")
    logging.disable(logging.WARNING)  # refusals are what is looked for
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(harness.SEEDS):
            (Path(folder) / f"seed{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, folder], harness.one)
        atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        sys.exit(f"which one: {', '.join(NAMES)}?")
    main(sys.argv[1], sys.argv[2:])
