"""Log-in attempts and sessions.  In the database: any process answers any request, and a log-out holds everywhere."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select, update

from ivr.records.schema import desk_attempts, desk_sessions
from ivr.supervisor.users import Users

WITHIN = timedelta(minutes=15)
MOST_BY_NAME = 5  # wrong passwords for one name within the time above
MOST_BY_ADDRESS = 20  # ... from one address: a whole office may sit behind one
AT_ONCE = 2  # passwords that a process checks: each takes 32 MB and a tenth of a second that callers need
LASTS = timedelta(hours=12)  # a shift
IDLE = timedelta(minutes=30)  # without any request; an open wallboard asks each second
AHEAD = timedelta(minutes=5)  # how far another machine's clock may be before ours; more, and ours was set back


class TooManyAttempts(Exception):
    """Somebody may be guessing: nobody is let in under this name or from this address for a while."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who is logged in.  ``form_key`` must come with every form they send."""

    name: str
    role: str
    form_key: str


class Logins:
    """The one way in."""

    def __init__(self, engine: Engine, users: Users, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._users = users
        self._checking = threading.BoundedSemaphore(AT_ONCE)
        self._clock = clock

    def log_in(self, name: str, password: str, address: str) -> str | None:
        """A new session's secret, for the cookie; None for a wrong name or password.  Raises TooManyAttempts."""
        now = self._clock()
        self._refuse_guessing(name, address, now)
        if not self._checking.acquire(blocking=False):
            raise TooManyAttempts
        try:
            user = self._users.verify(name, password)
        finally:
            self._checking.release()
        with self._engine.begin() as connection:
            if user is None:
                connection.execute(insert(desk_attempts).values(name=name[:64], address=address[:64], at=now))
                return None
            secret = secrets.token_urlsafe(32)
            connection.execute(delete(desk_sessions).where(desk_sessions.c.began_at < now - LASTS))
            connection.execute(delete(desk_attempts).where(desk_attempts.c.at < now - WITHIN))
            connection.execute(
                insert(desk_sessions).values(
                    secret_hash=_hash(secret),
                    name=name,
                    password_hash=_hash(user.password),
                    form_key=secrets.token_urlsafe(16),
                    began_at=now,
                    seen_at=now,
                )
            )
        return secret

    def who(self, secret: str) -> Login | None:
        """Who a cookie belongs to.  None when it is unknown, too old, or the user's password has changed since."""
        now = self._clock()
        with self._engine.begin() as connection:
            found = desk_sessions.c.secret_hash == _hash(secret)
            row = connection.execute(select(desk_sessions).where(found)).mappings().first()
            if row is None:
                return None
            seen, user = row["seen_at"], self._users.all().get(row["name"])
            lasts = -AHEAD <= now - row["began_at"] <= LASTS and -AHEAD <= now - seen <= IDLE
            if user is None or not lasts or _hash(user.password) != row["password_hash"]:
                connection.execute(delete(desk_sessions).where(found))
                return None
            if now - seen > timedelta(minutes=1):
                connection.execute(update(desk_sessions).where(found).values(seen_at=now))
        return Login(row["name"], user.role, row["form_key"])

    def log_out(self, name: str) -> None:
        """End every session of somebody: a stolen cookie ends with them."""
        with self._engine.begin() as connection:
            connection.execute(delete(desk_sessions).where(desk_sessions.c.name == name))

    def _refuse_guessing(self, name: str, address: str, now: datetime) -> None:
        recent = desk_attempts.c.at.between(now - WITHIN, now + WITHIN)  # later: our clock has been set back since
        with self._engine.connect() as connection:

            def count(column: object, value: str) -> int:
                wrong = select(func.count()).select_from(desk_attempts).where(recent & (column == value))
                return int(connection.execute(wrong).scalar_one())

            by_name, by_address = count(desk_attempts.c.name, name), count(desk_attempts.c.address, address)
        if by_name >= MOST_BY_NAME or by_address >= MOST_BY_ADDRESS:
            raise TooManyAttempts


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
