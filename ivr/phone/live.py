"""A caller who is really there: sound and keys come from a microphone and a keypad while the call goes on."""

import threading
from collections import deque
from collections.abc import Callable

from ivr.phone.caller import FRAME_MS, QUIET, Frame, Press, Utterance
from ivr.phone.playback import Playback

MOST_BEHIND = 10  # frames (200 ms): a microphone that is faster than the line loses the oldest, it is never late


class LiveCaller:
    """The other side of a softphone.  ``take_sound``, ``press`` and ``hang_up`` may come from any thread.

    ``ear`` gets what the caller hears, as μ-law; ``silenced`` is called when what was not yet heard is taken back.
    """

    def __init__(self, ear: Callable[[bytes], None], silenced: Callable[[], None]) -> None:
        self.hears = ear
        self.silenced = silenced
        self._lock = threading.Lock()
        self._sound: deque[bytes] = deque(maxlen=MOST_BEHIND)
        self._rest = b""
        self._keys: deque[str] = deque()
        self._gone = False

    def take_sound(self, mulaw: bytes) -> None:
        """What the microphone heard, 8 kHz μ-law, any length."""
        with self._lock:
            self._rest += mulaw
            while len(self._rest) >= len(QUIET):
                self._sound.append(self._rest[: len(QUIET)])
                self._rest = self._rest[len(QUIET) :]

    def press(self, key: str) -> None:
        """One of 0-9, * and #."""
        with self._lock:
            self._keys.append(key)

    def hang_up(self) -> None:
        """The receiver is put down."""
        self._gone = True

    # what an exchange asks of a caller ------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """A person who is there may always say more."""
        return self._gone

    def frame(self, now_ms: float, ears: Playback) -> Frame:
        """The next 20 ms."""
        with self._lock:
            key = self._keys.popleft() if self._keys else None
            mulaw = self._sound.popleft() if self._sound else QUIET
        return Frame(mulaw, key, Press(key) if key else None, hangs_up=self._gone)

    def take_keys(self, count: int | None = None, finish: str = "#") -> str:
        """The keys pressed so far, outside a stream."""
        with self._lock:
            taken = ""
            while self._keys and len(taken) != count:
                taken += self._keys.popleft()
                if taken[-1] in finish:
                    break
            return taken

    def take_speech(self) -> list[Utterance]:
        """What was said since the stream ended is one message."""
        with self._lock:
            spoken = b"".join(self._sound) + self._rest
            self._sound.clear()
            self._rest = b""
        return [Utterance("[your voice]", spoken, len(spoken) * FRAME_MS // len(QUIET))] if spoken else []

    def hangs_up_now(self) -> bool:
        """Whether the receiver is down."""
        return self._gone
