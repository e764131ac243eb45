"""The last minutes of a process that was asked to stop: what it still answers, and when it may go."""

import time
from collections.abc import Callable

from flask import Blueprint, Response

# Between two webhooks of a call that is put through: telephones ring for `ring_s`, Twilio adds 5 s, somebody listens to
# a whisper.  Who waits in a queue is asked about more often.
LONGEST_PAUSE_S = 40.0


class Draining:
    """One for each process.  ``streams`` gives how many go on."""

    def __init__(self, streams: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._streams = streams
        self._clock = clock
        self._busy_at_s = float("-inf")
        self.begun = False
        """True from the moment on that the process was asked to stop: new calls go straight to advisors."""

    def begin(self) -> None:
        """The process was asked to stop, and no other one listens in its place."""
        self.begun = True

    def follow(self, routes: Blueprint) -> None:
        """Take every answer of these routes as a sign that a call is still being put through."""

        @routes.after_request
        def answered(answer: Response) -> Response:
            self._busy_at_s = self._clock()
            return answer

    def carries(self) -> int:
        """How many streams go on."""
        return self._streams()

    def over(self) -> bool:
        """True when it was asked to stop and nothing is left to answer.  To be asked about once a second."""
        if self.carries():
            self._busy_at_s = self._clock()
        return self.begun and self._clock() - self._busy_at_s > LONGEST_PAUSE_S
