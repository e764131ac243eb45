"""The supervisors' files, watched: a good edit is served with from the next call on, a bad one is refused and said."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from ivr.config import Config, ConfigError, load
from ivr.config.writing import replace
from ivr.records.versions import Versions

FOLDERS = ("config", "grammars")
_SETTLE_MS = 300  # editors write a file in several steps
_log = logging.getLogger(__name__)

Take = Callable[[Config], str | None]
"""What is still served with as before, although the files say otherwise; nothing when there is no such thing."""


class Reload:
    """Reads the files again when they change.  One thread for each process, begun with ``watch``."""

    def __init__(self, home: Path, versions: Versions, take: Take) -> None:
        """``take`` is given each new Config; it serves new calls with it."""
        self._home = home
        self._versions = versions
        self._take = take
        self._seen: dict[str, str] = {}

    def begin(self) -> None:
        """Keep what is being served with, and note it as seen."""
        self._seen = read_texts(self._home)
        self._versions.keep(self._seen, who(self._home))

    def watch(self) -> None:
        """Begin watching, in the background."""
        threading.Thread(target=self._watch, name="reload", daemon=True).start()

    def look(self) -> bool:
        """Read the files now.  True when they had changed and are served with from now on; never raises."""
        try:
            texts = read_texts(self._home)
            if texts == self._seen:
                return False
            self._seen = texts
            config = load(self._home)
            if read_texts(self._home) != texts:  # somebody went on writing: that leads here again
                return False
            remark = self._take(config) or ""
            version = self._versions.keep(texts, who(self._home))
            self._versions.notice(remark)
            _log.info("version %d of the supervisors' files is served with from now on", version.id)
        except ConfigError as error:
            self._refuse(f"The files in {self._home} were changed, and refused: {error}")
        except Exception as error:  # noqa: BLE001  the old files go on
            _log.exception("the changed files could not be taken; the old ones go on")
            self._refuse(f"The files in {self._home} were changed, and could not be taken: {error}")
        else:
            return True
        return False

    def _refuse(self, why: str) -> None:
        _log.error("%s", why)
        try:
            self._versions.notice(why)
        except Exception:  # noqa: BLE001  it stands in the log
            _log.exception("the notice could not be stored")

    def _watch(self) -> None:
        from watchfiles import watch

        folders = [self._home / name for name in FOLDERS if (self._home / name).is_dir()]
        for _ in watch(*folders, debounce=_SETTLE_MS, recursive=True):
            self.look()


def read_texts(home: Path) -> dict[str, str]:
    """Every supervisor's file, by its name below the home directory.  Who may log in is not among them."""
    texts = {}
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*.yaml")):
            if path.name != "users.yaml":
                texts[path.relative_to(home).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return texts


def who(home: Path) -> str:
    """Whose edit it was: the owner of the file that was changed last."""
    import pwd

    paths = [path for folder in FOLDERS for path in (home / folder).rglob("*.yaml")]
    newest = max(paths, key=lambda path: path.stat().st_mtime_ns, default=None)
    try:
        return pwd.getpwuid(newest.stat().st_uid).pw_name if newest else ""
    except KeyError:
        return str(os.getuid())


def put_back(home: Path, texts: dict[str, str]) -> None:
    """Write the files of an earlier version; files it did not have are removed.  Raises OSError."""
    for name in set(read_texts(home)) - set(texts):
        (home / name).unlink()
    for name, text in texts.items():
        replace(home / name, text)
