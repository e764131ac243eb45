"""Whisper in a process of its own: its network is in memory once for all processes that carry calls.

It is one of the server's workers (``ivr.operations.serving``): one that died or hangs is replaced, and the next one
reads what it was to read, or the caller goes to a person.  Who asks sends one end of a pair of sockets through the
``door``, which was there before any fork: no address, no file, nobody else can ask.
"""

import contextlib
import logging
import pickle
import socket
import struct
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from ivr.grammar.vocabulary import Vocabulary
from ivr.speech.recogniser import Samples

_BEAT_S = 1.0
_HANGS_S = 10  # half a minute of sound is read in a second or two
_KEPT = 16  # vocabularies, as bytes and as they are
_log = logging.getLogger(__name__)
_packed = lru_cache(_KEPT)(pickle.dumps)
_unpacked = lru_cache(_KEPT)(pickle.loads)


class WhisperProcess:
    """Made before any fork.  Of the forked processes one calls ``run``, the others ``ask``."""

    def __init__(self, load: Callable[[], object], answer: Callable[[Samples, Vocabulary | None], Any]) -> None:
        """Both are called in the process that runs; ``answer`` in several threads at once."""
        self._load = load
        self._answer = answer
        self._door, self._inside = socket.socketpair()
        self._mine = threading.local()
        self._reading_since: dict[int, float] = {}

    def ask(self, samples: Samples, vocabulary: Vocabulary | None) -> Any:
        """What ``answer`` returns.  Raises RuntimeError for what it raised, OSError or EOFError when nobody answers."""
        asked = (samples, _packed(vocabulary))
        try:
            failed, answer = self._exchange(asked)
        except (EOFError, ConnectionError):  # it died: the next one reads
            failed, answer = self._exchange(asked)
        if failed:
            raise RuntimeError(answer)
        return answer

    def _exchange(self, asked: tuple[Samples, bytes]) -> tuple[bool, Any]:
        connection = self._mine.__dict__.pop("connection", None) or self._enter()
        try:
            connection.send(asked)
            answer: tuple[bool, Any] = connection.recv()
        except BaseException:
            connection.close()  # an answer that comes later would be taken for the next one's
            raise
        self._mine.connection = connection
        return answer

    def _enter(self) -> "Connection[Any, Any]":
        mine, other = socket.socketpair()
        for patience in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            mine.setsockopt(socket.SOL_SOCKET, patience, struct.pack("ll", _HANGS_S, 0))
        with other:
            socket.send_fds(self._door, [b"."], [other.fileno()])
        return Connection(mine.detach())

    def end(self) -> None:
        """Have the process end that runs."""
        self._door.send(b".")

    def run(self, beat: Callable[[], object]) -> None:
        """Answer until told to end, or until all who may ask are gone.  ``beat``: each second, unless it hangs."""
        self._door.close()
        try:
            self._load()
        except Exception:  # noqa: BLE001  each who asks will be told
            _log.exception("Whisper cannot be loaded: its callers go to people")
        self._inside.settimeout(_BEAT_S)
        while True:
            now = time.monotonic()
            if now - min(list(self._reading_since.values()), default=now) < _HANGS_S:
                beat()
            with contextlib.suppress(TimeoutError):
                _, entering, _, _ = socket.recv_fds(self._inside, 1, 1)
                if not entering:
                    return
                threading.Thread(target=self._attend, args=(Connection(entering[0]),), daemon=True).start()

    def _attend(self, connection: "Connection[Any, Any]") -> None:
        """Answer one thread of another process, until it ends."""
        me = threading.get_ident()
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                samples, vocabulary = connection.recv()
                self._reading_since[me] = time.monotonic()
                try:
                    answer = False, self._answer(samples, _unpacked(vocabulary))
                except Exception as error:  # noqa: BLE001  told to who asked
                    answer = True, f"{type(error).__name__}: {error}"
                finally:
                    del self._reading_since[me]
                connection.send(answer)
