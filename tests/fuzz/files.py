"""One of the supervisors' files with any content: a configuration, or ConfigError with its mistakes."""

import shutil
import tempfile
from pathlib import Path

from ivr.config import ConfigError, load
from tests.conftest import ROOT

FILES = (
    "config/ivr.yaml",
    "config/requests.yaml",
    "config/advisors.yaml",
    "config/tone.yaml",
    "config/prompts/fr.yaml",
    "grammars/fr/fuzzed.yaml",
)
GRAMMAR = b"language: fr\nintents:\n  person:\n    sentences:\n      - (je veux|donnez-moi) [un] humain\n"
SEEDS = [bytes([at]) + ((ROOT / name).read_bytes() if at < 5 else GRAMMAR) for at, name in enumerate(FILES)]
MOST = 16 * 1024  # of a file that is fuzzed: what is longer only takes longer


def _home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="ivr-fuzz-"))
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, home / folder)
    return home


HOME = _home()


def one(data: bytes) -> None:
    """The first byte chooses the file."""
    name = FILES[data[0] % len(FILES) if data else 0]
    path = HOME / name
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(data[1:MOST])
    try:
        load(HOME)
    except ConfigError as error:
        assert error.mistakes and all(str(each) for each in error.mistakes)
    finally:
        path.unlink() if before is None else path.write_bytes(before)
