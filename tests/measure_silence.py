"""A real server whose PostgreSQL is stopped: how long webhooks take, the first ones and those after them.

``python -m tests.measure_silence`` prints a table.  Twenty calls ring at once when the database falls silent; then one
after the other; callers who were with the machine press 0.
"""

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from twilio.request_validator import RequestValidator

from ivr.phone.advisor import Advisors
from ivr.phone.server import Server, own_server
from tests.postgres import programs, running_postgres
from tests.serving import SERVE, LiveCall, light_home

AT_ONCE, AFTER = 20, 100


def ask(server: Server, path: str, number: int) -> float:
    """Seconds until a webhook is answered with a person."""
    form = {"CallSid": f"CA{number:032x}", "From": "+15550199", "To": "+15550100", "CallStatus": "in-progress"}
    signature = RequestValidator(server.token).compute_signature(server.url + path, form)
    began_s = time.monotonic()
    answer = requests.post(server.url + path, form, headers={"X-Twilio-Signature": signature}, timeout=60)
    assert "<Dial" in answer.text, answer.text
    return time.monotonic() - began_s


def tell(what: str, seconds: list[float]) -> None:
    p95_ms = 1000 * statistics.quantiles(seconds, n=20)[-1]
    print(f"{what:42} {len(seconds):4}   p50 {1000 * statistics.median(seconds):6.0f} ms   p95 {p95_ms:6.0f} ms")


def main() -> None:
    found = programs()
    if found is None:
        sys.exit("no PostgreSQL here")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(found) as postgres,
        own_server(SERVE, light_home(Path(folder)), postgres.database()) as server,
        ThreadPoolExecutor(AT_ONCE) as exchange,
    ):
        calls = [LiveCall(server, Advisors()).in_progress() for _ in range(5)]
        with postgres.silent():
            pressed_s = time.monotonic()
            calls[0].caller.press("0")
            first = list(exchange.map(lambda number: ask(server, "/voice", number), range(AT_ONCE)))
            tell("/voice, the first, at once", first)
            reached = calls[0].ended()
            print(f"a caller who pressed 0: {reached.rung[:1]} within {time.monotonic() - pressed_s:.1f} s and a talk")
            for path in ("/voice", "/voice/next"):
                tell(f"{path}, once known", [ask(server, path, 1000 + number) for number in range(AFTER)])
            began_s = time.monotonic()
            for call in calls[1:]:
                call.caller.press("0")
            assert all(call.ended().bridged for call in calls[1:])
            print(f"four more callers who pressed 0, to the end: {time.monotonic() - began_s:.1f} s")
            for path in ("/ready", "/status", "/health"):
                began_s = time.monotonic()
                code = requests.get(server.url + path, timeout=60).status_code
                print(f"{path:10} {code}   {1000 * (time.monotonic() - began_s):.0f} ms")


if __name__ == "__main__":
    main()
