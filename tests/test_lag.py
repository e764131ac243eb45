"""Who rings while this process is behind its callers reaches a person at once; so does who rings above the limit."""

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.call.events import Heard
from ivr.config import Config
from ivr.telephony.admission import KEPT_S, Admission
from ivr.telephony.lag import LATE_MS, SLOW_S, WINDOW_S, Lag
from tests.house import CALL_ID, CONNECTED, SILENCE, TALK, FakeSocket, House, frames, key, utterance

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


def test_a_recogniser_that_others_wait_for_takes_no_more_calls() -> None:
    clock = Clock()
    lag = Lag(clock)
    for after_s in (SLOW_S, SLOW_S, SLOW_S, 0.1, 0.1, 0.1, SLOW_S + 1):
        lag.understood(after_s)
    assert not lag.behind(), "one of many"
    lag.understood(SLOW_S + 1)
    assert lag.behind()
    clock.s += WINDOW_S + 1
    assert not lag.behind()
    for _ in range(4):
        lag.understood(SLOW_S + 1)
    assert not lag.behind(), "too few to say"


def test_a_call_tells_how_long_its_recogniser_took(house: House) -> None:
    told: list[float] = []
    house.parts.lag.understood = told.append  # type: ignore[method-assign]
    house.stream(*frames(SILENCE, 200), *utterance(), *utterance(), said=(Heard("where is my order", 1.0),))
    assert len(told) == 2 and all(after_s >= 0 for after_s in told)


# -- places -----------------------------------------------------------------------------------------------------------


def test_a_burst_of_callers_gets_as_many_places_as_there_are() -> None:
    clock = Clock()
    admission = Admission(lambda: 3, 100, clock)
    assert [admission.keep(f"CA{number}") for number in range(5)] == [True, True, True, False, False]
    assert admission.keep("CA1"), "a webhook that comes twice is one call"
    admission.begin()
    assert admission.enter("CA0") and not admission.has_room(), "a place that is taken is not kept any more"
    clock.s += KEPT_S + 1
    assert admission.keep("CA6") and admission.keep("CA7"), "who opens no stream loses the place"
    assert not admission.keep("CA8")


def test_a_limit_that_is_raised_while_it_serves_stays_below_its_threads(caplog: pytest.LogCaptureFixture) -> None:
    wanted = [5]
    admission = Admission(lambda: wanted[0], 5)
    wanted[0] = 300
    assert [admission.keep(f"CA{number}") for number in range(7)] == [True] * 5 + [False] * 2
    assert caplog.text.count("started for 5 calls") == 1, "said once"
    wanted[0] = 2
    assert admission.limit == 2, "a lower one holds at once"


def test_the_files_limit_is_live_and_the_threads_are_those_of_the_start(house: House) -> None:
    house.parts.config = replace(house.parts.config, max_calls=10_000)
    assert house.streams.admission.limit == 100


def test_a_stream_that_is_one_too_many_here_ends_and_its_caller_reaches_a_person(house: House) -> None:
    house.post("/voice")
    house.streams.admission.running = 100
    socket = FakeSocket([CONNECTED, house.start(), *frames(SILENCE, 200)])
    house.streams.serve(socket)
    assert socket.closed and socket.sent == [] and house.streams.running() == 100
    assert "<Dial" in house.post("/voice/next")[1]
    stored = house.records.call(CALL_ID)
    assert stored and (stored.outcome, stored.reason) == ("transferred", "overload")
