"""The supervisors' files change while calls go on: good edits are taken, bad ones refused, any can be taken back."""

import io
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine

from ivr.cli import ivr
from ivr.config import Config
from ivr.operations.reload import Reload, put_back, read_texts
from ivr.records.records import Records
from ivr.records.versions import Version, Versions
from ivr.supervisor.users import Users
from tests.conftest import ROOT
from tests.house import SILENCE, House, frames


class Desk:
    """A home of its own with the shipped files, watched by hand."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        for name in ("config", "grammars"):
            shutil.copytree(ROOT / name, self.home / name)
        records = Records(f"sqlite:///{folder / 'ivr.sqlite3'}")
        records.prepare()
        self.database = str(records.engine.url)
        self.versions = Versions(records.engine)
        self.taken: list[Config] = []
        self.reload = Reload(self.home, self.versions, self.taken.append)
        self.reload.begin()

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.home / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_good_edit_is_served_with_and_kept_as_a_version(desk: Desk) -> None:
    assert not desk.reload.look()
    desk.edit("config/ivr.yaml", "Aurora Outfitters", "Borealis Outfitters")
    assert desk.reload.look()
    assert desk.taken[-1].company == "Borealis Outfitters"
    newest = desk.versions.newest()
    assert newest and newest.id == 2 and newest.who
    assert "+company: Borealis Outfitters" in desk.versions.changes(newest)


def test_a_bad_edit_is_refused_and_said_until_it_is_mended(desk: Desk) -> None:
    desk.edit("config/ivr.yaml", "confidence:", "confidense:")
    assert not desk.reload.look() and not desk.taken
    notice = desk.versions.last_notice()
    assert notice and "config/ivr.yaml" in notice.text and "refused" in notice.text
    desk.edit("config/ivr.yaml", "confidense:", "confidence:")
    assert desk.reload.look() and desk.versions.last_notice() is None


def test_a_file_that_vanishes_is_refused(desk: Desk) -> None:
    (desk.home / "config" / "requests.yaml").unlink()
    assert not desk.reload.look() and desk.versions.last_notice()


def test_an_error_of_ours_while_taking_files_leaves_the_old_ones(desk: Desk) -> None:
    broken = Reload(desk.home, desk.versions, lambda _: 1 / 0)
    desk.edit("config/ivr.yaml", "Aurora", "Borealis")
    assert not broken.look() and desk.versions.last_notice()


def test_two_processes_that_load_the_same_files_keep_one_version(desk: Desk) -> None:
    other = Reload(desk.home, desk.versions, desk.taken.append)
    other.begin()
    desk.edit("config/ivr.yaml", "Aurora", "Borealis")
    assert desk.reload.look() and other.look()
    assert [version.id for version in desk.versions.all()] == [2, 1]


def test_one_command_leads_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_texts(desk.home)
    desk.edit("config/ivr.yaml", "Aurora", "Borealis")
    (desk.home / "grammars/en/extra.yaml").write_text("language: en\nintents: {}\n")
    assert desk.reload.look()
    monkeypatch.setenv("IVR_HOME", str(desk.home))
    monkeypatch.setenv("IVR_DATABASE_URL", desk.database)
    run = CliRunner().invoke
    assert "   2  " in run(ivr, ["versions"]).output
    assert "+company: Borealis Outfitters" in run(ivr, ["versions", "show", "2"]).output
    done = run(ivr, ["versions", "back", "1", "--yes"])
    assert done.exit_code == 0 and "-company: Borealis Outfitters" in done.output
    assert read_texts(desk.home) == before
    assert desk.reload.look() and desk.taken[-1].company == "Aurora Outfitters"
    assert run(ivr, ["versions", "back", "99", "--yes"]).exit_code == 1


class WhileAsked(io.BytesIO):
    """Somebody who does something else before they answer yes."""

    def __init__(self, first: Callable[[], None]) -> None:
        super().__init__(b"y\n")
        self._first = first

    def read1(self, size: int | None = -1) -> bytes:
        self._first()
        return super().read1(size)


def test_an_edit_made_while_the_way_back_is_being_confirmed_is_not_overwritten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.edit("config/ivr.yaml", "Aurora", "Borealis")
    assert desk.reload.look()
    monkeypatch.setenv("IVR_HOME", str(desk.home))
    monkeypatch.setenv("IVR_DATABASE_URL", desk.database)
    other = WhileAsked(lambda: desk.edit("config/prompts/en.yaml", "farewell: ", "farewell: Well then. "))
    done = CliRunner().invoke(ivr, ["versions", "back", "1"], input=other)
    assert done.exit_code == 1 and "somebody changed config/prompts/en.yaml meanwhile" in done.output
    assert "Well then" in (desk.home / "config/prompts/en.yaml").read_text(encoding="utf-8")


def test_the_way_back_keeps_an_edit_that_no_server_was_running_to_take(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.edit("config/ivr.yaml", "Aurora", "Borealis")
    (desk.home / "config/ivr.yaml").chmod(0o640)
    monkeypatch.setenv("IVR_HOME", str(desk.home))
    monkeypatch.setenv("IVR_DATABASE_URL", desk.database)
    done = CliRunner().invoke(ivr, ["versions", "back", "1", "--yes"])
    assert done.exit_code == 0 and "What stood there is version 2" in done.output
    assert "+company: Borealis Outfitters" in desk.versions.changes(desk.versions.get(2))
    assert (desk.home / "config/ivr.yaml").stat().st_mode & 0o777 == 0o640
    assert not [path for path in (desk.home / "config").iterdir() if path.name.startswith(".")]


def test_two_servers_that_keep_different_files_at_once_keep_both(desk: Desk) -> None:
    others = Versions(create_engine(desk.database))

    class Slower(Versions):
        """Between its looking and its writing, somebody else writes."""

        overtaken = False

        def newest(self) -> Version | None:
            found = super().newest()
            if not self.overtaken:
                self.overtaken = True
                others.keep({"config/ivr.yaml": "the second supervisor's"}, "ben")
            return found

    kept = Slower(create_engine(desk.database)).keep({"config/ivr.yaml": "the first supervisor's"}, "anna")
    assert [(version.id, version.who) for version in desk.versions.all()[:2]] == [(3, "anna"), (2, "ben")]
    assert desk.versions.changes(kept)[-2:] == ["-the second supervisor's", "+the first supervisor's"]


def test_everybody_who_is_added_at_the_same_time_is_there_afterwards(tmp_path: Path) -> None:
    names = [f"user_{number}" for number in range(8)]
    together = threading.Barrier(len(names))

    def add(name: str) -> None:
        together.wait()
        Users(tmp_path).put(name, "correct horse battery", "advisor")

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Users(tmp_path).all()) == names
    assert (tmp_path / "config/users.yaml").stat().st_mode & 0o777 == 0o600


def test_who_may_log_in_is_no_part_of_a_version(desk: Desk) -> None:
    (desk.home / "config/users.yaml").write_text("users: {}\n")
    assert "config/users.yaml" not in read_texts(desk.home)
    put_back(desk.home, read_texts(desk.home))
    assert (desk.home / "config/users.yaml").exists()


def test_a_call_in_progress_keeps_the_version_it_began_with(config: Config, tmp_path: Path) -> None:
    house = House(config, tmp_path)
    called = house.parts.as_now()
    house.parts.take(load_with(config, "Borealis Outfitters", tmp_path), house.parts.business)
    assert "Aurora" in called.spoken("en", "greeting", {}).text
    house.stream(*frames(SILENCE, 100))
    (said, *_) = [event for event in house.records.events("CA" + "1" * 32) if event.kind == "said"]
    assert "Borealis" in said.data["text"]


def load_with(config: Config, company: str, folder: Path) -> Config:
    from ivr.config import load

    desk = Desk(folder / "other")
    desk.edit("config/ivr.yaml", config.company, company)
    return load(desk.home)
