"""``ivr bench soak``: calls in bad days.  Every caller must end well, every call have a record, nothing may grow."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median
from types import MappingProxyType
from typing import Any

from ivr.operations.numbers import ASK_AGAIN
from ivr.phone import usage
from ivr.phone.advisor import Advisor, Advisors, Queue
from ivr.phone.bad_days import BadDays, Fault, NotBack
from ivr.phone.caller import Caller, HangUp, Item, Pause, Press
from ivr.phone.exchange import Number, carry
from ivr.phone.leg import new_sid
from ivr.phone.notes import Notes
from ivr.phone.result import judge
from ivr.phone.server import Server
from ivr.phone.slow_backend import LANGUAGE, slow_parts
from ivr.phone.trouble import KINDS, Trouble
from ivr.records.records import Records

LIMIT_S = 90.0  # a caller who is with nobody after this is lost: a hanging worker takes half a minute to be seen
SETTLED_WITHIN_S = 20.0  # what could not be written during a call is written by then
LOOK_EVERY_S = 2.0
# Last third against the middle one: what calls, threads and caches do by themselves within minutes.  In the first third
# generations are replaced, and threads begin one by one, as calls happen to overlap.
GROWTH = {"memory_mb": (1.05, 20.0), "threads": (1.15, 10.0), "files": (1.15, 10.0)}


@dataclass(slots=True)
class Soak:
    """What the calls came to.  ``lost``: callers who ended with nobody; ``unrecorded``: calls without an ending."""

    calls: int = 0
    lasted_s: float = 0.0
    endings: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    broken: str = ""
    seen: list[usage.Usage] = field(default_factory=list)

    @property
    def grown(self) -> dict[str, tuple[float, float]]:
        """What the server uses: median of the middle third of the time, and of the last."""
        third = len(self.seen) // 3
        if not third:
            return {}
        parts = self.seen[third:-third], self.seen[-third:]
        return {
            name: (median(getattr(each, name) for each in parts[0]), median(getattr(each, name) for each in parts[1]))
            for name in GROWTH
        }

    @property
    def flat(self) -> bool:
        """Nothing grew by more than its share."""
        return all(after <= before * GROWTH[name][0] + GROWTH[name][1] for name, (before, after) in self.grown.items())

    @property
    def good(self) -> bool:
        """Nobody was lost, nothing is missing, nothing grew."""
        return not (self.lost or self.unrecorded or self.broken) and self.flat

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            "calls": self.calls,
            "seconds": round(self.lasted_s, 1),
            "endings": dict(self.endings.most_common()),
            "troubles": dict(self.troubles.most_common()),
            "faults": dict(self.faults.most_common()),
            "lost": self.lost,
            "unrecorded": self.unrecorded,
            "broken": self.broken,
            "middle_and_last_third": {name: [round(each, 1) for each in pair] for name, pair in self.grown.items()},
            "flat": self.flat,
            "good": self.good,
        }


class Soaking:
    """So many telephones, each calling again and again; each call is one of a seeded row."""

    def __init__(self, server: Server, line: str, fallback: str, recordings_url: str, seed: int, workers: int) -> None:
        if server.database_url is None:
            raise ValueError("without its database nobody can tell whether a server recorded everything")
        self._server = server
        self._line = line
        self._fallback = fallback
        self._recordings_url = recordings_url
        self._random = Random(seed)  # noqa: S311  not for secrets
        self._days_random = Random(seed + 1)  # noqa: S311
        self._workers = workers
        self._records = Records(server.database_url)
        self._scripts = [part.scripts[0] for part in slow_parts()]
        self._soak = Soak()
        self._ids: dict[str, str] = {}

    async def run(
        self,
        calls: int,
        seconds: float,
        tell: Callable[[str], None],
        more: Mapping[str, Fault] = MappingProxyType({}),
    ) -> Soak:
        """Call for so long; calls that have begun are carried to their end.  ``more``: see ``BadDays``."""
        soak, began = self._soak, time.monotonic()
        ends = began + seconds

        def happens(what: str) -> None:
            tell(f"{soak.calls} calls; {what}")

        days = BadDays(self._server, self._workers, self._days_random, happens, seconds, more)
        faults = asyncio.create_task(days.run())
        looking = asyncio.create_task(self._look(ends, days.replaced))
        await asyncio.gather(*(self._telephone(0.3 * each, ends) for each in range(calls)))
        soak.lasted_s = time.monotonic() - began
        for task in (faults, looking):
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            except NotBack as error:
                soak.broken = str(error)
        soak.faults = days.happened
        await self._settle()
        return soak

    async def _telephone(self, delay_s: float, ends: float) -> None:
        await asyncio.sleep(delay_s)
        while time.monotonic() < ends:
            await self._call()

    async def _call(self) -> None:
        random, soak = self._random, self._soak
        script = self._script()
        leaves = any(isinstance(item, HangUp) for item in script)
        trouble = Trouble(random.choice(KINDS), Random(random.random()))  # noqa: S311
        advisors = Advisors((random.choice(list(Advisor)), random.choice(list(Advisor))), random.choice(list(Queue)))
        caller = f"+1555{random.randrange(10**7):07}"
        rung = f"{self._server.voice_url}{ASK_AGAIN}"  # as `ivr twilio connect` sets it
        number = Number(rung, self._server.token, self._line, caller, LIMIT_S, self._fallback, self._recordings_url)
        notes = Notes(new_sid("CA"))
        await carry(number, Caller(script, barge_in=random.random() < 0.5), advisors, notes, trouble)
        soak.calls += 1
        soak.troubles[trouble.kind] += 1
        self._ids[notes.call_id] = trouble.kind
        stored = None
        with contextlib.suppress(Exception):  # the database may be locked: the exchange knows enough
            stored = await asyncio.to_thread(self._records.call, notes.call_id)
        result = judge(notes, [], stored, LANGUAGE)
        outcome = "put through by the fallback" if notes.fell_back and result.outcome != "failed" else result.outcome
        soak.endings[outcome] += 1
        if result.outcome == "failed":
            soak.lost.append(f"{notes.call_id} ({trouble.kind}): {result.failure}")
        elif result.outcome == "hung_up" and not leaves:
            soak.lost.append(f"{notes.call_id} ({trouble.kind}): with nobody for {LIMIT_S:g} s")

    def _script(self) -> Sequence[Item]:
        random = self._random
        scripts: list[Sequence[Item]] = [
            *self._scripts,
            [Press("0")],
            [Press("0"), Press("1"), Press("1"), Press("1")],
            [],
            [Pause(random.randint(0, 9000)), HangUp()],
        ]
        return random.choice(scripts)

    async def _look(self, ends: float, replaced: set[int]) -> None:
        """While calls begin: what is left when they have ended is no measure."""
        while time.monotonic() < ends:
            await asyncio.sleep(LOOK_EVERY_S)
            seen = await asyncio.to_thread(usage.of, self._server.pid, replaced)
            if seen:
                self._soak.seen.append(seen)

    async def _settle(self) -> None:
        """Which calls have no ending in their record, once what had to wait is written."""
        ends = time.monotonic() + SETTLED_WITHIN_S
        missing = dict(self._ids)
        while missing and time.monotonic() < ends:
            for call_id in list(missing):
                stored = await asyncio.to_thread(self._records.call, call_id)
                if stored and stored.outcome:
                    del missing[call_id]
            await asyncio.sleep(0.5)
        self._soak.unrecorded = [f"{call_id} ({kind})" for call_id, kind in missing.items()]
