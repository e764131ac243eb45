"""Many calls at once, all from one event loop, so that the telephone takes little of the machine it measures."""

import asyncio
import gc
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ivr.phone import usage
from ivr.phone.advisor import Advisors
from ivr.phone.caller import Caller, Item
from ivr.phone.exchange import Number, carry
from ivr.phone.leg import new_sid
from ivr.phone.notes import Notes
from ivr.phone.result import Result, judge
from ivr.phone.server import Server
from ivr.phone.timings import Timings
from ivr.phone.transcript import Transcript
from ivr.phone.usage import Usage
from ivr.records.records import Records

# Calls do not begin together, here as in life: their greetings would end together, too.  The telephones begin within
# about the length of a call, so that calls begin as often as they end; what counts is measured when all are there.
SPREAD_S = 25.0
WARM_UP_CALLS, WARM_UP_S = 6, 12.0  # what a process needs once is not what a call costs
SHORTEST_S = 2.0  # a call that would have less time is not begun any more
WEBHOOKS_AT_ONCE = 32  # a webhook takes milliseconds; more would only take turns
LOOKS = (0.5, 0.9)  # the parts of the time at which memory is read: reading it is not free


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind of caller does.  ``scripts`` are for one call after the other.

    ``slow``: they ask what takes long, and their replies are not measured.
    """

    name: str
    scripts: Sequence[Sequence[Item]]
    barge_in: bool = False
    slow: bool = False


@dataclass(slots=True)
class Load:
    """What many calls gave.  ``early``: those that went well and ended before all telephones had begun."""

    results: list[tuple[Part, Result]] = field(default_factory=list)
    early: list[Result] = field(default_factory=list)
    lasted_s: float = 0.0
    server_cpu_s: float | None = None
    before: Usage | None = None
    during: Usage | None = None
    own_cpu_s: float = 0.0

    @property
    def timings(self) -> list[Timings]:
        """Of the media streams of all that counts."""
        return [timings for _, result in self.results for timings in result.notes.timings]

    @property
    def all_timings(self) -> list[Timings]:
        """Of the others, too."""
        return [*self.timings, *(timings for result in self.early for timings in result.notes.timings)]

    @property
    def call_s(self) -> float:
        """Seconds of media stream, summed over all calls."""
        return sum((timings.closed_ms or 0) / 1000 for timings in self.all_timings)

    @property
    def talking_share(self) -> float | None:
        """The part of it in which callers spoke."""
        return sum(timings.talked_ms for timings in self.all_timings) / 1000 / self.call_s if self.call_s else None


class Telephones:
    """So many telephones, each calling again and again until the time is over; calls then still open are hung up."""

    def __init__(self, server: Server, line: str, parts: Sequence[Part], language: str) -> None:
        self._server = server
        self._line = line
        self._parts = parts
        self._language = language
        self._records = Records(server.database_url) if server.database_url else None
        self._begun: Counter[str] = Counter()
        self._load = Load()
        self._judging: list[asyncio.Task[None]] = []

    async def ring(self, calls: int, seconds: float, progress: Callable[[int], None] | None = None) -> Load:
        """Make the calls, for so many seconds after the last telephone has begun; they begin in as many, 25 at most.

        ``progress`` gets the number of finished calls now and then.
        """
        load = self._load
        before = await asyncio.to_thread(usage.of, self._server.pid)
        began, own_began_s = time.monotonic(), time.process_time()
        spread_s = min(SPREAD_S, seconds)
        all_there = asyncio.get_running_loop().time() + spread_s
        ends = all_there + seconds
        gc.freeze()  # what exists now stays: collecting it again and again would delay frames
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WEBHOOKS_AT_ONCE))
        telephones = [
            self._telephone(self._parts[index % len(self._parts)], spread_s * index / calls, all_there, ends)
            for index in range(calls)
        ]
        looking = asyncio.create_task(self._look(spread_s, seconds))
        showing = asyncio.create_task(self._show(progress or (lambda finished: None)))
        await asyncio.gather(*telephones)
        load.lasted_s = time.monotonic() - began
        load.own_cpu_s = time.process_time() - own_began_s
        showing.cancel()
        looking.cancel()
        after = await asyncio.to_thread(usage.of, self._server.pid)
        if before and after:
            load.server_cpu_s, load.before = after.cpu_s - before.cpu_s, before
        await asyncio.gather(*self._judging)
        return load

    async def _telephone(self, part: Part, delay_s: float, all_there: float, ends: float) -> None:
        """One telephone keeps its part, so that the mix of callers stays the same all the time."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(delay_s)
        while (left_s := ends - loop.time()) >= SHORTEST_S:
            script = part.scripts[self._begun[part.name] % len(part.scripts)]
            self._begun[part.name] += 1
            caller = f"+1555{secrets.randbelow(10**7):07}"  # who rings again soon after hanging up is not served
            number = Number(self._server.voice_url, self._server.token, self._line, caller, left_s)
            notes = await carry(number, Caller(script, part.barge_in), Advisors(), Notes(new_sid("CA")))
            self._judging.append(asyncio.create_task(self._judge(part, notes, loop.time() < all_there)))
            if notes.failure:
                await asyncio.sleep(1)  # a server that refuses is not to be flooded

    async def _judge(self, part: Part, notes: Notes, early: bool) -> None:
        turns, stored = await Transcript(self._records, notes).finish()
        result = judge(notes, turns, stored, self._language)
        if early and result.outcome != "failed":
            self._load.early.append(result)
        else:
            self._load.results.append((part, result))

    async def _look(self, after_s: float, seconds: float) -> None:
        began = time.monotonic() + after_s
        for share in LOOKS:
            await asyncio.sleep(max(0.0, began + share * seconds - time.monotonic()))
            seen = await asyncio.to_thread(usage.of, self._server.pid)
            if seen and (self._load.during is None or seen.memory_mb > self._load.during.memory_mb):
                self._load.during = seen

    async def _show(self, progress: Callable[[int], None]) -> None:
        while True:
            await asyncio.sleep(1)
            progress(len(self._load.results))
