"""One benchmark: a server, its callers, and the runs that find out how many of them it serves well."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ivr.phone.bare import Call, bare_server, ring_bare
from ivr.phone.benchmark import beyond, figures
from ivr.phone.limit import Search, find_limit
from ivr.phone.load import WARM_UP_CALLS, WARM_UP_S, Load, Part, Telephones
from ivr.phone.server import Server

MOST_CALLS = 1000
LIKE_OURS_MS = 300.0  # p95 of a bare server's answers, when ours were not measured

Tell = Callable[[str], None]


class Bench:
    """``seconds``: of each run.  ``tell`` gets what is going on."""

    def __init__(
        self, server: Server, line: str, callers: Sequence[Part], language: str, seconds: float, tell: Tell
    ) -> None:
        self._server = server
        self._line = line
        self._callers = callers
        self._language = language
        self._seconds = seconds
        self._tell = tell
        self._heard: list[Call] = []

    def warm_up(self) -> None:
        """A few calls that are not counted: what a process needs once is not what a call costs."""
        self._ring(WARM_UP_CALLS, WARM_UP_S)

    def measure(self, calls: int) -> dict[str, Any]:
        """The figures of so many calls at once."""
        load = self._ring(calls, self._seconds)
        self._heard = [timings.sound for timings in load.timings]
        measured = figures(load, calls, self._language, self._server.ready_after_s)
        return {**measured, "beyond": beyond(measured)}

    def limit(self, first: int) -> dict[str, Any]:
        """The figures of the largest number of calls served well, and what was tried; of the smallest if none was."""
        runs: dict[int, dict[str, Any]] = {}

        def wrong_with(calls: int) -> list[str]:
            runs[calls] = self.measure(calls)
            found: list[str] = runs[calls]["beyond"]
            return found

        search = find_limit(wrong_with, first, MOST_CALLS)
        best = runs[search.limit or min(runs)]
        return {**best, "limit": search.limit, "tried": _told(search, runs)}

    def compare(self, model: Path, phrases_json: str, calls: int, most_ms: float | None) -> dict[str, Any]:
        """The same callers before a bare recognition server: its largest number with answers as quick (p95) as ours.

        After ``measure`` or ``limit``: what was said then is said again.
        """
        most_ms = most_ms or LIKE_OURS_MS
        runs: dict[int, dict[str, Any]] = {}
        heard = [call for call in self._heard if call]
        if not heard:
            raise ValueError("no call had a media stream: there is nothing to be heard again")

        def wrong_with(number: int) -> list[str]:
            self._tell(f"a bare recognition server, {number} calls for {self._seconds:g} s")
            load = asyncio.run(ring_bare(server, heard, number, self._seconds))
            runs[number] = load.figures()
            return load.beyond(most_ms)

        with bare_server(model, phrases_json) as server:
            search = find_limit(wrong_with, calls, MOST_CALLS)
        return {"most_ms": most_ms, "limit": search.limit, "tried": _told(search, runs), **runs.get(search.limit, {})}

    def _ring(self, calls: int, seconds: float) -> Load:
        what = f"{calls} calls for {seconds:g} s, {self._language}"
        telephones = Telephones(self._server, self._line, self._callers, self._language)
        return asyncio.run(telephones.ring(calls, seconds, lambda done: self._tell(f"{what}: {done} finished")))


def _told(search: Search, runs: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each step: how many calls, what was wrong, and its latencies."""
    return [
        {
            "calls": calls,
            "beyond": wrong,
            **{name: runs[calls][name] for name in ("latency_ms", "replies_ms", "server") if name in runs[calls]},
        }
        for calls, wrong in search.tried.items()
    ]
