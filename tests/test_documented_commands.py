"""Every example of the supervisors' page, run as it stands there."""

import re
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from ivr.cli import ivr
from ivr.operations.reload import read_texts
from ivr.records.callbacks import Callbacks
from ivr.records.records import Records
from ivr.records.schema import call_events, calls
from ivr.records.versions import Versions
from tests.conftest import ROOT
from tests.month import fill

_BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "supervisors.md").read_text(encoding="utf-8"), re.S | re.M)
EXAMPLES = [line for block in _BLOCKS for line in block.splitlines()]
WITH_AN_EXAMPLE = (
    *("init", "check", "schema", "understand", "rehearse", "callbacks", "users", "versions", "softphone", "purge"),
    *("caller", "grammar", "report", "what-if"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped files, a week of calls, a promised callback, and two versions of the files."""
    home = tmp_path_factory.mktemp("home")
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, home / folder)
    now = datetime.now(UTC)
    records = Records(f"sqlite:///{home / 'ivr.sqlite3'}")
    records.prepare()
    fill(records, 200, now, days=7)
    call_id = next(line.split()[3] for line in EXAMPLES if "--from-call" in line)
    with records.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in (call_events, calls):
            connection.execute(update(table).where(table.c.call_id == "CA1-0").values(call_id=call_id))
    Callbacks(records.engine).promise("+15550199", call_id, "service", "en", now, now + timedelta(hours=1))
    versions, texts = Versions(records.engine), read_texts(home)
    versions.keep(texts, "anna")
    versions.keep({**texts, "config/ivr.yaml": texts["config/ivr.yaml"].replace("Aurora", "Borealis")}, "anna")
    return home


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_page_works(home: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.delenv("IVR_HOME", raising=False)
    monkeypatch.setenv("IVR_DATABASE_URL", f"sqlite:///{home / 'ivr.sqlite3'}")
    monkeypatch.setenv("IVR_CACHE", str(home / "cache"))
    monkeypatch.setenv("IVR_AUDIO", str(home / "audio"))
    command, *arguments = shlex.split(line.partition(" > ")[0])
    answers = "y\n" if "erase" in line or "back" in line else "a long password\n" * 2
    result = CliRunner().invoke(ivr, arguments, input=answers)
    assert command == "ivr" and result.exit_code == 0, result.output
    assert result.output


def test_every_command_of_the_page_has_an_example() -> None:
    assert {line.split()[1] for line in EXAMPLES} == set(WITH_AN_EXAMPLE)
