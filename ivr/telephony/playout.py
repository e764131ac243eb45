"""What is said to the caller, paced: never much ahead of the ear, so that silence is immediate when they talk."""

from collections import deque
from collections.abc import Callable

from ivr.speech.recogniser import RATE_HZ
from ivr.telephony import media

AHEAD_MS = 400  # audio at the other end that has not been played yet; also what a slow moment of ours may last
CHUNK_BYTES = 800  # 100 ms: ten messages a second, each about 1.1 kB
MARK_GRACE_MS = 3_000  # a mark that has not come back this long after its audio is taken as played


class Playout:
    """Sends prompts in order.  Time is the caller's audio: ``advance`` is called for each of its frames."""

    def __init__(self, stream_id: str, send: Callable[[str], None]) -> None:
        self._stream_id = stream_id
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._ahead_ms = 0
        self._prompts = 0
        self._mark = ""
        self._overdue_ms = 0

    def say(self, name: str, audio: bytes) -> None:
        """Say a prompt after whatever is being said; its beginning leaves at once."""
        self._prompts += 1
        self._mark = f"{self._prompts} {name}"
        self._waiting.extend(audio[at : at + CHUNK_BYTES] for at in range(0, len(audio), CHUNK_BYTES))
        self._fill()

    def hush(self) -> None:
        """Stop talking: forget what waits and what the other end has not played."""
        self._waiting.clear()
        self._ahead_ms, self._mark = 0, ""
        self._send(media.clear(self._stream_id))

    @property
    def speaking(self) -> bool:
        """True while the caller hears us."""
        return self._ahead_ms > 0

    def advance(self, ms: int) -> bool:
        """``ms`` have passed.  True when a prompt must have ended although its mark did not come back."""
        self._ahead_ms = max(0, self._ahead_ms - ms)
        self._fill()
        self._overdue_ms = self._overdue_ms + ms if self._mark and not self._waiting and not self._ahead_ms else 0
        if self._overdue_ms < MARK_GRACE_MS:
            return False
        self._mark = ""
        return True

    def played(self, name: str) -> bool:
        """A mark came back.  True when it is the last one: nothing is being said any more."""
        if name != self._mark or self._waiting:
            return False
        self._mark, self._ahead_ms = "", 0
        return True

    def _fill(self) -> None:
        had = bool(self._waiting)
        while self._waiting and self._ahead_ms + len(self._waiting[0]) * 1000 // RATE_HZ <= AHEAD_MS:
            chunk = self._waiting.popleft()
            self._send(media.media(self._stream_id, chunk))
            self._ahead_ms += len(chunk) * 1000 // RATE_HZ
        if had and not self._waiting:
            self._send(media.mark(self._stream_id, self._mark))
