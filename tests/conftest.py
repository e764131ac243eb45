"""What several test files share."""

import os
from pathlib import Path

import pytest

from ivr.config import Config, load

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped configuration."""
    return load(ROOT)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Labelled recordings of people, which are not part of this project (IVR_DATA, or ../shared/data)."""
    place = Path(os.environ.get("IVR_DATA") or ROOT.parent / "shared" / "data")
    if not (place / "speech" / "manifest.csv").is_file():
        pytest.skip(f"no recordings of people in {place}: set IVR_DATA to a folder with speech/manifest.csv")
    return place
