"""Every version of the supervisors' files that was ever served with: who, when, and what was different."""

import difflib
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from ivr.records.schema import file_texts, notices, versions

_TRIES = 20  # processes of one server that keep a version at the same moment


@dataclass(frozen=True, slots=True)
class Version:
    """The files of one version: name below the home directory -> digest of its text."""

    id: int
    at: datetime
    who: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a supervisor should know."""

    at: datetime
    text: str


class Versions:
    """The one way to them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, texts: Mapping[str, str], who: str) -> Version:
        """Keep this version, unless it is the newest already: every process of a server keeps what it loads."""
        files = {name: _digest(text) for name, text in sorted(texts.items())}
        for _ in range(_TRIES):
            newest = self.newest()
            if newest and newest.files == files:
                return newest
            number = newest.id + 1 if newest else 1
            with suppress(IntegrityError):  # another process was quicker, maybe with other files
                self._insert(number, texts, files, who)
                return self.get(number)
        raise RuntimeError(f"{_TRIES} other versions of the files were kept meanwhile")

    def _insert(self, number: int, texts: Mapping[str, str], files: Mapping[str, str], who: str) -> None:
        with self._engine.begin() as connection:
            known = set(connection.execute(select(file_texts.c.digest)).scalars())
            new = {files[name]: text for name, text in texts.items() if files[name] not in known}
            if new:
                connection.execute(insert(file_texts), [{"digest": each, "text": text} for each, text in new.items()])
            row = {"id": number, "at": datetime.now(UTC), "who": who[:64], "files": json.dumps(files)}
            connection.execute(insert(versions).values(row))

    def newest(self) -> Version | None:
        """The newest version, or None before the first."""
        with self._engine.connect() as connection:
            number = connection.execute(select(func.max(versions.c.id))).scalar()
        return self.get(number) if number else None

    def get(self, number: int) -> Version:
        """One version.  Raises KeyError."""
        with self._engine.connect() as connection:
            row = connection.execute(select(versions).where(versions.c.id == number)).mappings().first()
        if row is None:
            raise KeyError(number)
        return Version(row["id"], row["at"], row["who"], json.loads(row["files"]))

    def all(self) -> list[Version]:
        """The newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(versions).order_by(versions.c.id.desc())).mappings().all()
        return [Version(row["id"], row["at"], row["who"], json.loads(row["files"])) for row in rows]

    def texts(self, version: Version) -> dict[str, str]:
        """The files themselves."""
        wanted = set(version.files.values())
        with self._engine.connect() as connection:
            rows = connection.execute(select(file_texts).where(file_texts.c.digest.in_(wanted)))
            found = {row.digest: row.text for row in rows}
        return {name: found[digest] for name, digest in version.files.items()}

    def changes(self, version: Version) -> list[str]:
        """What differs from the version before, as the lines of a unified diff."""
        before = self.texts(self.get(version.id - 1)) if version.id > 1 else {}
        return difference(before, self.texts(version))

    def notice(self, text: str) -> None:
        """Tell the supervisors, once for the same text in a row; "" says that all is well again."""
        with self._engine.begin() as connection:
            newest = select(notices.c.text).order_by(notices.c.id.desc()).limit(1)
            if connection.execute(newest).scalar() != text:
                connection.execute(insert(notices).values(at=datetime.now(UTC), text=text))

    def last_notice(self) -> Notice | None:
        """The newest notice, or None while all is well."""
        with self._engine.connect() as connection:
            row = connection.execute(select(notices).order_by(notices.c.id.desc()).limit(1)).mappings().first()
        return Notice(row["at"], row["text"]) if row and row["text"] else None


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The lines of a unified diff between two sets of files."""
    lines: list[str] = []
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name, "").splitlines(), after.get(name, "").splitlines()
        lines += difflib.unified_diff(old, new, f"{name} before", name, lineterm="", n=1)
    return lines


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
