"""``ivr bench soak``: what goes wrong really does, and what would be wrong is seen."""

import asyncio
import os
import sqlite3
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from flask import Response

from ivr.cli import ivr
from ivr.operations.numbers import ASK_AGAIN
from ivr.phone.advisor import Advisors
from ivr.phone.bad_days import _file_size_limit, lock
from ivr.phone.caller import Caller
from ivr.phone.exchange import Number, carry, place_call
from ivr.phone.leg import new_sid
from ivr.phone.notes import Notes
from ivr.phone.soak import Soak
from ivr.phone.trouble import KINDS, LineBreaks, Trouble
from ivr.phone.usage import Usage
from tests.phone_server import TOKEN, Line, phone_server

HANGUP = "<Response><Hangup/></Response>"
DIAL = "<Response><Dial>+15550111</Dial></Response>"


def arriving(kind: str, frames: int = 1000, seed: int = 3) -> list[str]:
    """What arrives of so many frames."""
    trouble = Trouble(kind, Random(seed))
    arrived: list[str] = []
    try:
        for number in range(frames):
            arrived += trouble.carries(str(number))
    except LineBreaks:
        arrived.append("broken")
    return arrived


@pytest.mark.parametrize("kind", KINDS)
def test_each_trouble_is_what_it_is_called(kind: str) -> None:
    sent = [str(number) for number in range(1000)]
    arrived = arriving(kind)
    same = arrived == sent
    assert arrived == arriving(kind), "seeded: the same each time"
    match kind:
        case "none" | "twice" | "no stop":
            assert same
        case "garbage":
            assert len(arrived) == 1001 and set(arrived) > set(sent)
        case "half open":
            assert arrived == sent[: len(arrived)] and 0 < len(arrived) < 1000
        case "breaks":
            assert arrived[-1] == "broken" and 1 < len(arrived) < 1000
        case "doubled":
            assert set(arrived) == set(sent) and len(arrived) > 1100
        case "lost":
            assert set(arrived) < set(sent) and len(arrived) > 800
        case "out of order":
            assert not same and len(set(arrived)) > 990
        case "late":
            assert same, "nothing is lost, and what is late comes in order"


def test_the_command_says_what_it_does() -> None:
    done = CliRunner().invoke(ivr, ["bench", "soak", "--help"])
    assert done.exit_code == 0 and "workers are killed or stopped" in " ".join(done.output.split())


def test_growth_is_seen_and_what_stays_the_same_is_not() -> None:
    flat = [Usage(0, 900 + each % 3, 50 + each % 5, 80) for each in range(30)]
    assert Soak(seen=flat).flat and Soak(seen=flat).good
    assert not Soak(seen=[Usage(0, 900 + 10 * each, 50, 80) for each in range(30)]).flat
    assert not Soak(seen=[Usage(0, 900, 50, 80 + 3 * each) for each in range(30)]).good
    assert not Soak(seen=flat, lost=["CA1: with nobody"]).good
    assert not Soak(seen=flat, unrecorded=["CA1"]).good


def test_a_webhook_is_asked_again_as_its_address_says_and_no_more_often() -> None:
    with phone_server({"/voice": [lambda: Response("", 502), lambda: Response("", 503), HANGUP]}) as server:
        number = Number(f"{server.url}/voice{ASK_AGAIN}", TOKEN, "+1", "+2", 20)
        notes = asyncio.run(place_call(number, Caller(()), Advisors()))
    assert notes.failure is None and server.paths == ["/voice"] * 3
    with phone_server({"/voice": lambda: Response("", 502)}) as server:
        number = Number(f"{server.url}/voice{ASK_AGAIN}", TOKEN, "+1", "+2", 20)
        notes = asyncio.run(place_call(number, Caller(()), Advisors()))
    assert "502" in (notes.failure or "") and server.paths == ["/voice"] * 3


def test_a_server_that_does_not_answer_leaves_its_callers_to_the_numbers_fallback() -> None:
    number = Number("http://127.0.0.1:1/voice", TOKEN, "+1", "+2", 20, fallback=DIAL)
    notes = asyncio.run(place_call(number, Caller(()), Advisors()))
    assert notes.fell_back and notes.bridged and notes.rung == ["+15550111"] and notes.failure is None


def test_a_line_that_breaks_on_the_way_goes_on_with_the_action_and_webhooks_may_come_twice() -> None:
    def listen(line: Line) -> None:
        while True:
            line.next()

    with phone_server({"/voice/next": DIAL}, listen) as server:
        number = Number(f"{server.url}/voice", TOKEN, "+1", "+2", 20)
        breaks = Trouble("breaks", Random(3))
        notes = asyncio.run(carry(number, Caller(()), Advisors(), Notes(new_sid("CA")), breaks))
    assert notes.bridged and server.fields("/voice/next")["CallStatus"] == "in-progress"
    with phone_server({"/voice": HANGUP}) as server:
        number = Number(f"{server.url}/voice", TOKEN, "+1", "+2", 20)
        always = Random(0)
        always.random = lambda: 0.0  # type: ignore[method-assign]
        asyncio.run(carry(number, Caller(()), Advisors(), Notes(new_sid("CA")), Trouble("twice", always)))
    assert server.paths == ["/voice", "/voice"]


def test_a_full_disk_is_full_and_then_is_not(tmp_path: Path) -> None:
    pid = os.getpid()
    before = _file_size_limit(pid, 1)
    try:
        with pytest.raises(OSError, match="too large"), (tmp_path / "x").open("wb", buffering=0) as file:
            for _ in range(2):
                file.write(b"more than one byte")
    finally:
        assert before and _file_size_limit(pid, before[0])
    (tmp_path / "y").write_bytes(b"more than one byte")
    assert _file_size_limit(2**22 + 1, 1) is None, "a process that is gone"


def test_a_locked_database_is_locked_and_then_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    other.execute("CREATE TABLE x (y)")
    refused = []

    def write() -> None:
        try:
            other.execute("INSERT INTO x VALUES (1)")
        except sqlite3.OperationalError as error:
            refused.append(str(error))

    lock(str(path), write)
    assert refused == ["database is locked"]
    write()
    assert len(refused) == 1 and other.execute("SELECT * FROM x").fetchall() == [(1,)]
    other.close()
