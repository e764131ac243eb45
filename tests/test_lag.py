"""Who rings while this process is behind its callers reaches a person at once; so does who rings above the limit."""

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.config import Config
from ivr.telephony.lag import LATE_MS, WINDOW_S, Lag
from tests.house import CALL_ID, CONNECTED, SILENCE, TALK, FakeSocket, House, frames, key

AT_ONCE = 40  # frames: 800 ms, where the call waits for 100 ms at most


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    return House(config, tmp_path)


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def busy(lag: Lag, clock: Clock, seconds: int, behind_ms: int) -> None:
    """Ten calls, each taking a second's audio every second."""
    for _ in range(seconds):
        for _ in range(10):
            lag.took(1000, behind_ms)
        clock.s += 1


def test_a_process_is_behind_while_audio_waits_and_not_after() -> None:
    clock = Clock()
    lag = Lag(clock)
    busy(lag, clock, 3, behind_ms=LATE_MS)
    assert not lag.behind()
    busy(lag, clock, 3, behind_ms=LATE_MS + 1)
    assert lag.behind()
    busy(lag, clock, int(WINDOW_S) + 2, behind_ms=0)
    assert not lag.behind()
    busy(lag, clock, 3, behind_ms=LATE_MS + 1)
    clock.s += 10 * WINDOW_S
    assert not lag.behind()


def test_one_call_alone_does_not_make_a_process_late() -> None:
    clock = Clock()
    lag = Lag(clock)
    for _ in range(20):
        lag.took(1000, 900)
        clock.s += 1
    assert not lag.behind()


class SlowLine(FakeSocket):
    """What came while nobody listened is there all at once."""

    def receive(self, timeout_s: float) -> list[bytes]:
        first = super().receive(timeout_s)
        return [*first, *(super(SlowLine, self).receive(timeout_s)[0] for _ in range(AT_ONCE) if self.incoming)]


def test_frames_that_had_to_wait_close_the_door_to_new_calls(house: House) -> None:
    house.post("/voice", CallStatus="ringing")
    assert house.streams.has_room()
    house.streams.serve(SlowLine([CONNECTED, house.start(), *frames(TALK, 24_000), key("0")]))
    assert not house.streams.has_room()


def test_frames_in_time_leave_it_open(house: House) -> None:
    house.stream(*frames(SILENCE, 24_000), key("0"))
    assert house.streams.has_room()


def test_a_call_without_room_is_put_through_by_the_first_answer(house: House) -> None:
    house.room = False
    text = house.post("/voice", CallStatus="ringing")[1]
    assert "<Dial" in text and "<Stream" not in text
    stored = house.records.call(CALL_ID)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "overload")


def test_as_many_calls_as_configured_and_no_more(config: Config, tmp_path: Path) -> None:
    house = House(replace(config, max_calls=1), tmp_path)
    seen: list[bool] = []

    class Asks(FakeSocket):
        def receive(self, timeout_s: float) -> list[bytes]:
            seen.append(house.streams.has_room())
            return super().receive(timeout_s)

    house.post("/voice", CallStatus="ringing")
    assert house.streams.has_room()
    house.streams.serve(Asks([CONNECTED, house.start(), *frames(SILENCE, 100), key("0")]))
    assert not any(seen) and house.streams.has_room()
