"""How long somebody waits for the database: one time limit for all that a webhook does with it, however many steps."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WEBHOOK_S = 1.2  # Twilio is told to wait 5 s; who asks for a person needs two of them, and is to have one within 3 s
SEARCH_S = 20.0  # a supervisor looks through years of calls
COMMAND_S = 4.0  # somebody waits at a terminal to be told which database does not answer

_ends_s: ContextVar[float | None] = ContextVar("ends_s", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within the block, give up whatever the database has not answered when so many seconds are over."""
    token = _ends_s.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_s.reset(token)


def left_s(usual_s: float) -> float:
    """How long may still be waited, never negative; ``usual_s`` where no limit was set."""
    ends_s = _ends_s.get()
    return usual_s if ends_s is None else max(0.0, ends_s - time.monotonic())
