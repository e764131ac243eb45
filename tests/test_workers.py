"""Workers of a real server die with calls in them: their callers reach people, and others take their place."""

import os
import signal
from pathlib import Path
from random import Random

from ivr.phone.bad_days import BadDays
from ivr.phone.server import own_server
from ivr.records.records import Records
from tests.serving import SERVE, LiveCall, eventually, light_home


def test_callers_of_workers_that_are_killed_reach_people_and_new_workers_serve_the_next(tmp_path: Path) -> None:
    with own_server(SERVE, home=light_home(tmp_path)) as server:
        workers = BadDays(server, 2, Random(0), lambda _: None).workers
        eventually(lambda: len(workers()) == 2, "two workers")
        calls = [LiveCall(server).in_progress() for _ in range(3)]
        killed = workers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        for call in calls:
            notes = call.ended()
            assert notes.failure is None and notes.bridged and "31903" in notes.warnings[0]
            stored = Records(server.database_url or "").call(notes.call_id)
            assert stored and (stored.outcome, stored.reason) == ("transferred", "failure")
        eventually(lambda: len(workers()) == 2 and not set(killed) & set(workers()), "two new workers")
        after = LiveCall(server).in_progress()
        after.caller.press("0")
        assert after.ended().bridged and after.ended().warnings == []
