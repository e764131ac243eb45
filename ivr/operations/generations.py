"""The process that ``ivr serve`` is: it holds the listening socket; the server runs beside it, as a generation.

A new version is a new generation on the same socket.  Only when it answers does the one before it stop taking
connections; that one goes on until its calls are over.  So no connection is ever refused, a version that does not start
changes nothing, and the process that systemd or a container knows stays the same.
"""

import logging
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

SUCCEEDED = signal.SIGUSR2  # to a generation: another one listens now
STOP = signal.SIGTERM  # ... : nobody else does, so answer until the last call is over
AT_ONCE = signal.SIGINT
READY_WITHIN_S = 180  # models are read and prompts rendered; a version that needs longer hangs
BACKLOG = 2048  # connections that wait while a generation starts; Twilio waits 15 s for an answer
_LOOK_EVERY_S = 1.0
# Calls are what runs at the same time.  numpy's library would divide each larger product of matrices among threads of
# its own, which then spin while they wait for the next: a sixth of two cores at 75 calls.  An operator's choice stands.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
_log = logging.getLogger(__name__)


def listen(bind: str) -> socket.socket:
    """A socket listening on "host:port".  Raises OSError, or ValueError for what is no such address."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"{bind!r} is no address to listen on; write it like 127.0.0.1:8000 or [::]:8000")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    return socket.create_server((host.strip("[]"), int(port)), family=family, backlog=BACKLOG)


@dataclass(slots=True)
class Generation:
    """One run of the server.  ``ready``: where it writes a byte when it answers."""

    process: "subprocess.Popen[bytes]"
    ready: int
    started_at_s: float

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def answers(self) -> bool:
        """True as soon as it has written its byte."""
        return bool(select.select([self.ready], [], [], 0)[0]) and os.read(self.ready, 1) == b"1"


class Generations:
    """Starts them, replaces them (HUP, USR2), ends them (TERM: in peace; INT, QUIT: at once)."""

    def __init__(self, command: Sequence[str], listener: socket.socket) -> None:
        """``command`` is given ``--generation SOCKET,READY``: two file descriptors."""
        self._command = command
        self._listener = listener
        self._serving: Generation | None = None
        self._coming: Generation | None = None
        self._leaving: list[Generation] = []
        self._stopping = False
        self._failed = 0

    def run(self) -> int:
        """Until told to stop and the last call is over, or until nothing can be started.  Gives the exit status."""
        heard, told = socket.socketpair()
        told.setblocking(False)
        signal.set_wakeup_fd(told.fileno())  # each signal's number arrives at ``heard`` as a byte
        for number in (signal.SIGHUP, signal.SIGUSR2, STOP, AT_ONCE, signal.SIGQUIT, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self._coming = self._start()
        while generations := self._all():
            waiting = [heard.fileno(), *(each.ready for each in generations if each is self._coming)]
            if heard.fileno() in select.select(waiting, [], [], _LOOK_EVERY_S)[0]:
                for arrived in heard.recv(64):
                    self._take(arrived)
            self._look()
        return self._failed

    def _all(self) -> list[Generation]:
        return [each for each in (self._serving, self._coming, *self._leaving) if each]

    def _start(self) -> Generation:
        ready, tell = os.pipe()
        files = (self._listener.fileno(), tell)
        command = [*self._command, "--generation", ",".join(map(str, files))]
        own = {**_ONE_THREAD, **os.environ}
        own.pop("NOTIFY_SOCKET", None)  # we speak to systemd
        process = subprocess.Popen(command, pass_fds=files, env=own, stdin=subprocess.DEVNULL)
        os.close(tell)
        return Generation(process, ready, time.monotonic())

    def _take(self, number: int) -> None:
        """A signal has arrived."""
        match number:
            case signal.SIGHUP | signal.SIGUSR2 if not self._stopping:
                if self._coming:
                    _log.warning("asked for a new generation while one is starting: that one is it")
                    return
                _log.info("a new generation is started; this one goes on until it answers")
                _tell_systemd("RELOADING=1\nSTATUS=A new generation is starting.")
                self._coming = self._start()
            case signal.SIGTERM:
                _log.info("asked to stop: calls in progress go on, new ones go straight to advisors")
                self._stop(STOP, "Calls in progress go on.")
            case signal.SIGINT | signal.SIGQUIT:
                self._stop(AT_ONCE, "Ending at once.")

    def _stop(self, how: signal.Signals, status: str) -> None:
        self._stopping = True
        self._listener.close()  # the workers have it, too: nobody waits in line when the last of them is gone
        _tell_systemd(f"STOPPING=1\nSTATUS={status}")
        for each in self._all():
            each.tell(how)

    def _look(self) -> None:
        """What became of them."""
        if coming := self._coming:
            self._look_at_coming(coming)
        if self._serving and self._ended(self._serving):
            self._serving = None
            if not self._stopping:
                _log.error("the server ended by itself; a new generation is started")
                self._coming = self._coming or self._start()
        self._leaving = [each for each in self._leaving if not self._ended(each)]

    def _look_at_coming(self, coming: Generation) -> None:
        if coming.answers():
            self._coming = None
            if self._serving:
                self._serving.tell(SUCCEEDED)
                self._leaving.append(self._serving)
            self._serving = coming
            _log.info("a generation answers (process %d)", coming.process.pid)
            _tell_systemd("READY=1\nSTATUS=Answering calls.")
        elif self._ended(coming):
            self._coming = None
            self._not_started(coming.process.returncode)
        elif time.monotonic() - coming.started_at_s > READY_WITHIN_S:
            coming.process.kill()

    def _not_started(self, status: int) -> None:
        if self._stopping:
            return
        if self._serving:
            _log.error("the new generation did not start (status %d); the one before goes on", status)
            _tell_systemd("READY=1\nSTATUS=The new generation did not start; the one before goes on.")
        else:
            self._failed = status if status > 0 else 1

    @staticmethod
    def _ended(generation: Generation) -> bool:
        if generation.process.poll() is None:
            return False
        os.close(generation.ready)
        return True


def _tell_systemd(state: str) -> None:
    """See sd_notify(3); nothing happens where systemd did not start us."""
    from gunicorn.systemd import sd_notify

    if state.startswith("RELOADING"):  # systemd wants to know when that was
        state += f"\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
    sd_notify(state, _log)
