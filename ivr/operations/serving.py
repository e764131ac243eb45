"""gunicorn, with two ways to stop: as the last to answer, or with another generation listening already.

gunicorn knows the second only: its workers stop accepting at once, so that the webhooks of the calls they still carry
find nobody (tried with 27.0.1).
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.sharedctypes import RawArray
from typing import Any, Protocol

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker

DRAIN = signal.SIGUSR2  # from the arbiter to its workers
ORPHANS_SERVE_S = 60  # workers whose arbiter died: by then another generation answers
_HEARTBEAT_S = 1.0
_SLOTS = 64
_SILENT_S = 3.0  # a process that has not told for so long is dead or hangs
_AFTER_YOU_S = 0.005
_AT_ONCE_S = 2  # for workers to end when calls in progress are to be cut


class CallWorker(ThreadWorker):  # type: ignore[misc]
    """Threads that carry calls.  After DRAIN it goes on answering until no call needs it."""

    orphaned_at_s: float | None = None
    carried = RawArray("d", 2 * _SLOTS)
    """Of each process, in memory that all share: how many streams it carries, and when it said so last."""

    def init_signals(self) -> None:
        """Take DRAIN, too."""
        super().init_signals()
        signal.signal(DRAIN, self._drain)
        signal.siginterrupt(DRAIN, False)

    def notify(self) -> None:
        """Asked in each round of the main loop, at least once a second."""
        super().notify()
        self._carries()
        if self.wsgi.extensions["draining"].over():
            self.alive = False

    def accept(self, listener: Any) -> None:
        """Called when a connection waits.  All processes hear of it: who carries more lets the others go first."""
        now_s, own = time.monotonic(), self._carries()
        there = range(0, 2 * _SLOTS, 2)
        if any(self.carried[each] < own and now_s - self.carried[each + 1] < _SILENT_S for each in there):
            time.sleep(_AFTER_YOU_S)
        super().accept(listener)

    def _carries(self) -> int:
        """How many streams, told to the other processes."""
        slot, streams = self.age % _SLOTS * 2, self.wsgi.extensions["draining"].carries()
        self.carried[slot], self.carried[slot + 1] = streams, time.monotonic()
        return int(streams)

    def run(self) -> None:
        """Serve; then say that it lives until its last stream is over, whatever gunicorn's count of connections is."""
        super().run()
        while self.wsgi.extensions["draining"].carries():
            self.notify()
            time.sleep(_HEARTBEAT_S)

    def is_parent_alive(self) -> bool:
        """False when it must stop accepting.  gunicorn's own workers do so at once, and nobody would answer."""
        if super().is_parent_alive():
            return True
        self.orphaned_at_s = self.orphaned_at_s or time.monotonic()
        return time.monotonic() - self.orphaned_at_s < ORPHANS_SERVE_S

    def _drain(self, *_: object) -> None:
        self.wsgi.extensions["draining"].begin()


class Helper(Protocol):
    """What runs in a process of its own, for those that carry calls."""

    def run(self, beat: Callable[[], object]) -> None:
        """Until told to end, or until all whom it helps are gone."""
        ...

    def end(self) -> None:
        """Tell the process to end."""
        ...


class HelpingWorker(Worker):  # type: ignore[misc]
    """A process that takes no connections.  gunicorn replaces it like the others when it dies or does not beat."""

    def __init__(self, helper: Helper, *gunicorns: Any) -> None:
        super().__init__(*gunicorns)
        self.helper = helper

    def init_process(self) -> None:
        """Called by gunicorn after the fork.  It is needed to the last call: signals to all workers do not end it."""
        for number in self.SIGNALS:
            its_own = number in (signal.SIGABRT, signal.SIGCHLD)
            signal.signal(number, signal.SIG_DFL if its_own else signal.SIG_IGN)
        for each in self.sockets:
            each.close()
        self.booted = True  # who fails before this ends the server
        self.helper.run(self.notify)


class CallArbiter(Arbiter):  # type: ignore[misc]
    """Looks after the workers of one generation."""

    def __init__(self, app: BaseApplication) -> None:
        super().__init__(app)
        self.succeeded = False
        self._parent = os.getppid()

    def handle_usr2(self) -> None:
        """``generations.SUCCEEDED``: another generation listens: take nothing new, finish what goes on."""
        self.succeeded = True
        raise StopIteration

    def kill_workers(self, sig: int) -> None:
        """Ask the workers to stop as what they are: the last, or not."""
        super().kill_workers(DRAIN if sig == signal.SIGTERM and not self.succeeded else sig)

    def stop(self, graceful: bool = True) -> None:
        """End the workers.  Streams do not end by being asked to hurry: at once means to cut them."""
        if not graceful:
            self.cfg.set("graceful_timeout", _AT_ONCE_S)
        super().stop(graceful)

    def reap_workers(self) -> None:
        """Called ten times a second while it stops.  gunicorn's own looks for hanging workers only until then."""
        super().reap_workers()
        if not self.LISTENERS:
            self.murder_workers()
            if all(isinstance(each, HelpingWorker) for each in self.WORKERS.values()):
                for helper in self.app.helpers:
                    helper.end()
            elif self._without():
                self.spawn_worker()

    def spawn_worker(self) -> None:
        """Called by gunicorn when there are too few: the helpers come first."""
        without = self._without()
        self.worker_class = partial(HelpingWorker, without[0]) if without else self.cfg.worker_class
        super().spawn_worker()

    def _without(self) -> list[Helper]:
        there = [getattr(each, "helper", None) for each in self.WORKERS.values()]
        return [each for each in self.app.helpers if each not in there]

    def manage_workers(self) -> None:
        """Called each second.  Whose parent is gone will not be told to stop."""
        if os.getppid() != self._parent:
            raise StopIteration
        super().manage_workers()


class Server(BaseApplication):  # type: ignore[misc]
    """One generation."""

    def __init__(self, app: Flask, options: Mapping[str, Any], helpers: Sequence[Helper]) -> None:
        """``options``: gunicorn's settings; the helpers are among its workers."""
        self.helpers = helpers
        self._options = options
        self._app = app
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called by gunicorn."""
        return self._app

    def run(self) -> None:
        """Serve until told to stop; exits the process."""
        gc.collect()
        gc.freeze()  # what exists before the fork stays: visiting it again in each worker would hold up its calls
        try:
            CallArbiter(self).run()
        except RuntimeError as error:
            sys.exit(f"the server cannot run: {error}")
