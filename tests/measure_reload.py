"""``python -m tests.measure_reload``: how soon a server of two processes uses an edit, and what its callers hear of it.

Prints for each edit the time until the new version is in use, and the longest time between two pieces of sound that a
caller received meanwhile.  Up to 400 ms (``AHEAD_MS`` of ivr/telephony/playout.py) nobody hears a gap.
"""

import asyncio
import threading
import time
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from ivr.phone.advisor import Advisors
from ivr.phone.exchange import Number, place_call
from ivr.phone.live import LiveCaller
from ivr.phone.server import Server, own_server
from ivr.records.records import Records
from ivr.records.versions import Versions
from tests.serving import SERVE, light_home

EDITS = (
    ("nothing", "", ""),
    ("config/prompts/en.yaml", "farewell: ", "farewell: Well. "),
    ("grammars/en/orders.yaml", '"order status"', '"status of order"'),
    ("config/ivr.yaml", "misses: 3", "misses: 4"),
)
CALLERS, LISTEN_S = 4, 2.5
_numbers = count(100)


class Listener:
    """A caller who is silent and hears the greeting."""

    def __init__(self, server: Server) -> None:
        self.pieces: list[float] = []
        self.caller = LiveCaller(lambda _: self.pieces.append(time.perf_counter()), lambda: None)
        number = Number(server.voice_url, server.token, "+15550100", f"+1555020{next(_numbers)}", 60)
        self.thread = threading.Thread(target=lambda: asyncio.run(place_call(number, self.caller, Advisors())))
        self.thread.start()
        while not self.pieces:
            time.sleep(0.01)

    def longest_gap_ms(self) -> float:
        """Without the first pieces, which are sent ahead."""
        return max((later - earlier) * 1000 for earlier, later in pairwise(self.pieces[5:]))


def measure() -> None:
    """Edit one file after the other while callers are on the line."""
    with TemporaryDirectory() as folder, own_server(SERVE, home := light_home(Path(folder)), simulated=True) as server:
        assert server.database_url
        versions = Versions(Records(server.database_url).engine)
        for name, old, new in EDITS:
            callers = [Listener(server) for _ in range(CALLERS)]
            before, began = versions.newest(), time.perf_counter()
            if old:
                text = (home / name).read_text(encoding="utf-8")
                assert old in text
                (home / name).write_text(text.replace(old, new, 1), encoding="utf-8")
                while versions.newest() == before:
                    time.sleep(0.01)
            took_s = time.perf_counter() - began
            time.sleep(LISTEN_S)
            gaps = ", ".join(f"{each.longest_gap_ms():.0f}" for each in callers)
            print(f"{name}: in use after {took_s:.2f} s; longest gaps {gaps} ms")
            for each in callers:
                each.caller.hang_up()
                each.thread.join()


if __name__ == "__main__":
    measure()
