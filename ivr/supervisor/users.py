"""Who may log in: ``config/users.yaml``, written by ``ivr users``."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from werkzeug.security import check_password_hash, generate_password_hash

from ivr.config.files import Name
from ivr.config.source import check, read
from ivr.config.writing import one_at_a_time, replace
from ivr.yaml_text import dump

FILE = "config/users.yaml"
MIN_PASSWORD = 12  # NIST SP 800-63B-4 asks for 15 without, 8 with a second factor; guessing is limited in ``logins``
Role = Literal["supervisor", "advisor"]


@cache  # hashing takes a while by design: not at every start of every command
def _nobody() -> str:
    """The hash of somebody nobody is: checked for unknown names, so that a guess takes as long as for known ones."""
    return generate_password_hash("nobody at all")


class User(BaseModel):
    """A person with a password's hash and a role."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    password: str
    role: Role


class UsersFile(BaseModel):
    """config/users.yaml"""

    model_config = ConfigDict(extra="forbid", frozen=True)
    users: dict[Name, User]


class Users:
    """The file, read again whenever it has changed: who is taken out of it is out at once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._read_at: tuple[int, int] | None = None
        self._users: dict[str, User] = {}

    def all(self) -> dict[str, User]:
        """Everybody.  Raises ConfigError for a file with mistakes; nobody where there is no file."""
        path = self._home / FILE
        if not path.is_file():
            return {}
        stat = path.stat()
        if self._read_at != (stat.st_mtime_ns, stat.st_size):
            self._users = dict(check(read(self._home, FILE), UsersFile).users)
            self._read_at = (stat.st_mtime_ns, stat.st_size)
        return self._users

    def verify(self, name: str, password: str) -> User | None:
        """The user with this name and password.  Takes the same time for a wrong name and a wrong password."""
        user = self.all().get(name)
        right = check_password_hash(user.password if user else _nobody(), password)
        return user if user and right else None

    def put(self, name: str, password: str | None, role: Role | None) -> None:
        """Add somebody, give them a new password, or (both None) take them out.  Only its owner can read the file."""
        hashed = generate_password_hash(password) if password is not None else ""
        with one_at_a_time((self._home / FILE).parent):
            users = {each: user.model_dump() for each, user in self.all().items()}
            if password is None or role is None:
                users.pop(name, None)
            else:
                users[name] = {"password": hashed, "role": role}
            UsersFile.model_validate({"users": users})
            first = "# Who may log in at /supervisor.  Change it with: ivr users\n"
            replace(self._home / FILE, first + dump({"users": users}), mode=0o600)
