"""What several test files share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.config import Config, load
from tests.postgres import Postgres, programs, running_postgres

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FIRST = ("test_whole_calls.py", "test_start.py", "test_vosk.py", "test_rehearsals.py")
"""So that no process works alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST_FIRST.index(item.path.name) if item.path.name in LONGEST_FIRST else 9)


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped configuration."""
    return load(ROOT)


RECORDINGS = Path(os.environ.get("IVR_DATA") or ROOT.parent / "shared" / "data")
"""Labelled recordings of people, which are not part of this project."""


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recordings; tests that need it are skipped, and say so, where it is not there."""
    if not (RECORDINGS / "speech" / "manifest.csv").is_file():
        pytest.skip(f"no recordings of people in {RECORDINGS}: set IVR_DATA to a folder with speech/manifest.csv")
    return RECORDINGS


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own; tests that need it are skipped, and say so, where none is installed."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with running_postgres(found) as server:
        yield server


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures of pages are put.  IVR_PICTURES=docs takes those in docs/ anew; a test run leaves no trace."""
    return Path(os.environ.get("IVR_PICTURES") or tmp_path)
