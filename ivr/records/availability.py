"""A database server that does not answer (one that refuses is another matter: that takes no time).

Packets are dropped, its processes are stopped, a proxy before it is stalled: whoever asks would wait for minutes.  Here
every wait has a limit, and a circuit breaker opens with the first silence: until a probe of ours is answered, everybody
is told at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from typing import Any

from sqlalchemy import Engine, QueuePool, event
from sqlalchemy.exc import TimeoutError as NoConnection

from ivr.records.patience import left_s, patience

CONNECT_S = 2  # the driver's own limit: libpq takes no less
_OUR_CONNECT_S = 1.5  # so that ours is the one that says what is wrong
PROBE_S = 2.0  # for an answer to a probe
PROBE_EVERY_S = 1.0
_log = logging.getLogger(__name__)


class Availability:
    """Whether one database answers.  ``usual_s``: the limit of one wait where nobody set another (``patience``)."""

    def __init__(self, name: str, usual_s: float) -> None:
        """``name``: for the log and for error texts, without a password."""
        self.usual_s = usual_s
        self._name = name
        self._lock = threading.Lock()
        self._silent = False
        self._connect: Callable[[], Any] = lambda: None

    def check(self) -> None:
        """Raises ``NoConnection`` at once while the database does not answer, or when no time is left to ask it."""
        if self._silent:
            raise NoConnection(f"{self._name} does not answer; it is asked again as soon as it does")
        if left_s(self.usual_s) <= 0:
            raise NoConnection(f"there is no time left to ask {self._name}")

    def silent(self) -> None:
        """The database did not answer in time.  From now on a thread of ours finds out when it does."""
        with self._lock:
            if self._silent:
                return
            self._silent = True
        threading.Thread(target=self._probe, name="database-probe", daemon=True).start()

    def watch(self, engine: Engine) -> None:
        """Limit what an engine waits for: a connection, and with psycopg each answer."""
        dialect = engine.dialect
        limited = _limited_class() if dialect.driver == "psycopg" else None

        def connect(parameters: tuple[Any, ...], named: dict[str, Any]) -> Any:
            made = limited.connect(*parameters, **named) if limited else dialect.connect(*parameters, **named)
            if limited:
                made.availability = self
            return made

        @event.listens_for(engine, "do_connect")
        def connect_in_time(_dialect: Any, _record: Any, parameters: Any, named: Any) -> Any:
            self._connect = lambda: connect(tuple(parameters), named)
            seconds = min(_OUR_CONNECT_S, left_s(self.usual_s))
            try:
                return _within(seconds, self._connect)
            except TooLate:
                self.silent()
                raise dialect.loaded_dbapi.OperationalError(
                    f"{self._name} does not answer (no connection within {seconds:.1f} s)"
                ) from None

    def pool(self) -> type[QueuePool]:
        """The class of the engine's pool: it gives out nothing while the database is silent."""
        availability = self

        class WatchedPool(QueuePool):
            """A pool behind a circuit breaker."""

            def connect(self) -> Any:
                """A connection.  Raises NoConnection at once while the database is silent."""
                availability.check()
                return super().connect()

        return WatchedPool

    def gave_up(self) -> str:
        """Call when an answer did not come in time; what to say of it comes back."""
        self.silent()
        return f"{self._name} did not answer in time"

    def _probe(self) -> None:
        _log.error("%s does not answer: nobody waits for it until it does", self._name)
        began_s = time.monotonic()
        while not self._answers():
            time.sleep(PROBE_EVERY_S)
        self._silent = False
        _log.warning("%s answers again, after %.1f s", self._name, time.monotonic() - began_s)

    def _answers(self) -> bool:
        try:
            with patience(PROBE_S):
                connection = _within(PROBE_S, self._connect)
                try:
                    connection.cursor().execute("SELECT 1")
                finally:
                    connection.close()
        except TooLate:
            return False
        except Exception as error:  # noqa: BLE001  gone is not silent: whoever asks is told so at once
            return not _is_silence(error)
        return True


def _is_silence(error: Exception) -> bool:
    return type(error).__name__ in ("ConnectionTimeout", "Silence")


def _within(seconds: float, connect: Callable[[], Any]) -> Any:
    """A connection.  Raises TooLate; one that is made later than that is closed."""
    made: Future[Any] = Future()

    def make() -> None:
        try:
            connection = connect()
        except BaseException as error:  # noqa: BLE001  raised in the thread that waits
            if made.set_running_or_notify_cancel():
                made.set_exception(error)
            return
        if made.set_running_or_notify_cancel():
            made.set_result(connection)
        else:
            connection.close()

    threading.Thread(target=make, name="database-connect", daemon=True).start()
    try:
        return made.result(seconds)
    except TooLate:
        if made.cancel():
            raise
        return made.result()


def _limited_class() -> Any:
    """psycopg's connection with a limit for each wait."""
    import psycopg

    class Silence(psycopg.OperationalError):
        """No answer came in time."""

    class LimitedConnection(psycopg.Connection[Any]):
        """Closes itself when an answer does not come: what comes later would be taken for the next one's."""

        availability: Availability | None = None

        def wait(self, gen: Any, *how: Any, **named: Any) -> Any:
            """Psycopg's own, in which every wait for the socket is looked at ten times a second."""
            return super().wait(self._limited(gen), *how, **named)

        def _limited(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            ends_s = time.monotonic() + left_s(self.availability.usual_s if self.availability else CONNECT_S)
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and time.monotonic() >= ends_s:
                        self.pgconn.finish()
                        raise Silence(self.availability.gave_up() if self.availability else "no answer in time")
                    wanted = gen.send(ready)
            except StopIteration as done:
                return done.value

    return LimitedConnection
