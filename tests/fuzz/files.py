"""One of the supervisors' files with any content: a configuration, or ConfigError with its mistakes."""

import shutil
import tempfile
import zlib
from pathlib import Path

from pydantic import BaseModel

from ivr.config import ConfigError, load
from ivr.config.files import AdvisorsFile, GrammarFile, IvrFile
from ivr.config.questions import QuestionsFile
from ivr.config.requests import RequestsFile
from ivr.config.source import check, read
from ivr.tone.weights import ToneFile
from tests.conftest import ROOT

FILES: dict[str, type[BaseModel]] = {
    "config/ivr.yaml": IvrFile,
    "config/requests.yaml": RequestsFile,
    "config/advisors.yaml": AdvisorsFile,
    "config/tone.yaml": ToneFile,
    "config/questions/fr.yaml": QuestionsFile,
    "grammars/fr/fuzzed.yaml": GrammarFile,
}
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
    """The first byte chooses the file.  What all files together are takes a second: one in forty is looked at so."""
    name = list(FILES)[data[0] % len(FILES) if data else 0]
    path = HOME / name
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(data[1:MOST])
    try:
        check(read(HOME, name), FILES[name])
        if zlib.crc32(data) % 40 == 0 or data in SEEDS:
            load(HOME)
    except ConfigError as error:
        assert error.mistakes and all(str(each) for each in error.mistakes)
    finally:
        path.unlink() if before is None else path.write_bytes(before)
