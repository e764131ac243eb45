"""Real servers with live calls on them: callers who stay on the line until the test lets them do something."""

import asyncio
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ivr.phone.advisor import Advisors
from ivr.phone.exchange import Number, place_call
from ivr.phone.live import LiveCaller
from ivr.phone.notes import Notes
from ivr.phone.server import Server
from tests.conftest import ROOT

SERVE = [sys.executable, "-m", "ivr", "serve", "--workers", "2"]
PATIENCE_S = 120  # of a test: the machine may be busy


def light_home(folder: Path) -> Path:
    """The shipped files for a server that starts quickly (no model) and whose callers may be silent for long."""
    for name in ("config", "grammars"):
        shutil.copytree(ROOT / name, folder / name)
    file = folder / "config" / "ivr.yaml"
    text = file.read_text(encoding="utf-8").replace("no_input: 5000", "no_input: 20000")
    english, korean = text.replace("rate_wpm: 165, recogniser: auto", "rate_wpm: 165, recogniser: vosk"), "voice: ko,"
    file.write_text(
        english.replace(f"{korean} rate_wpm: 160, recogniser: auto", f"{korean} rate_wpm: 160, recogniser: whisper"),
        encoding="utf-8",
    )
    return folder


def eventually(happened: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until it has happened."""
    deadline_s = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline_s, f"{what}: not within {within_s:g} s"
        time.sleep(0.05)


class LiveCall:
    """A call in progress.  ``heard``: set with the first sound of the greeting."""

    def __init__(self, server: Server, advisors: Advisors = Advisors(), line: str = "+15550100") -> None:  # noqa: B008
        self.heard = threading.Event()
        self.caller = LiveCaller(lambda _: self.heard.set(), lambda: None)
        self._advisors = advisors
        ended = f"{server.url}/voice/ended"
        self._number = Number(server.voice_url, server.token, line, "+15550199", PATIENCE_S, status_url=ended)
        self._notes: Notes | None = None
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def in_progress(self) -> "LiveCall":
        """Wait until the caller hears something."""
        assert self.heard.wait(PATIENCE_S), "nothing was heard"
        return self

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def ended(self) -> Notes:
        """Wait for its end, and give what the exchange saw of it."""
        self._thread.join(PATIENCE_S)
        assert self._notes, "the call did not end"
        return self._notes

    def _carry(self) -> None:
        self._notes = asyncio.run(place_call(self._number, self.caller, self._advisors))
