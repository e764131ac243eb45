"""Two servers behind one address, on one PostgreSQL: any of them answers any request, and one may die."""

import os
import re
import signal
from pathlib import Path
from urllib.parse import urlsplit

import requests

from ivr.phone.server import Server, own_server
from ivr.records.records import Records
from tests.balancer import balanced
from tests.postgres import Postgres
from tests.serving import PATIENCE_S, SERVE, LiveCall, eventually, light_home

TOKEN = "the same for both"


def streams(server: Server) -> int:
    """How many go on there."""
    found = re.search(r"^ivr_streams (\d+)", requests.get(f"{server.url}/metrics", timeout=PATIENCE_S).text, re.M)
    return int(found[1]) if found else 0


def test_callers_of_a_machine_that_dies_are_put_through_by_the_other(postgres: Postgres, tmp_path: Path) -> None:
    home, database = light_home(tmp_path), postgres.database()
    with balanced() as both:
        settings = ["env", f"IVR_PUBLIC_URL={both.url}", f"IVR_TWILIO_AUTH_TOKEN={TOKEN}"]
        with (
            own_server([*settings, *SERVE], home, database) as one,
            own_server([*settings, *SERVE], home, database) as two,
        ):
            both.ports = [urlsplit(each.url).port or 0 for each in (one, two)]
            calls = [LiveCall(Server(both.url, TOKEN, database)) for _ in range(6)]
            for call in calls:
                call.in_progress()
            eventually(lambda: streams(one) + streams(two) == len(calls), "all streams go on")
            dying = streams(one)
            assert 0 < dying < len(calls), "both carry some"
            assert one.pid
            os.killpg(one.pid, signal.SIGKILL)
            eventually(lambda: sum(call.over for call in calls) == dying, "the callers of the dead one go on")
            for call in calls:
                call.caller.press("0")
            notes = [call.ended() for call in calls]
            late = LiveCall(Server(both.url, TOKEN, database)).in_progress()
            late.caller.press("0")
            notes.append(late.ended())
    assert [each.failure for each in notes] == [None] * len(notes)
    assert all(each.bridged for each in notes), "every caller ends with a person"
    stored = [Records(database).call(each.call_id) for each in notes]
    reasons = sorted(each.reason or "" for each in stored if each and each.outcome == "transferred")
    assert reasons == ["failure"] * dying + ["pressed_zero"] * (len(notes) - dying)
    assert len({each.call_id for each in stored if each}) == len(notes), "every call has its record"
    broken = [each for each in notes if each.warnings]
    assert len(broken) == dying and all("31903" in each.warnings[0] for each in broken)
