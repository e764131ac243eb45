"""What the caller's ear gets: audio queued and played in order, in real time, as Twilio's side of a stream does it."""

from collections import deque

PAUSE_MS = 100  # audio that arrives this long after the buffer ran dry begins a new prompt; less is a late frame


class Playback:
    """The playback buffer of one stream.  Every time is in milliseconds since the stream's start and never goes back.

    ``began_ms`` is when the prompt that plays (or played last) began, None before the first one.
    """

    def __init__(self) -> None:
        self.began_ms: float | None = None
        self._ends_ms = 0.0
        self._marks: deque[tuple[float, str]] = deque()
        self._complete = True  # a mark or a clear came after the last audio: whatever comes next is something else

    def add_audio(self, now_ms: float, duration_ms: float) -> float | None:
        """Queue audio.  Returns how late it came (0 when in time), or None when it begins a new prompt."""
        dry_ms = now_ms - self._ends_ms
        fresh = dry_ms >= 0 and (self._complete or dry_ms >= PAUSE_MS)
        self._ends_ms = max(self._ends_ms, now_ms) + duration_ms
        self._complete = False
        if fresh:
            self.began_ms = now_ms
            return None
        return max(dry_ms, 0.0)

    def add_mark(self, now_ms: float, name: str) -> None:
        """Queue a mark; ``played`` returns its name once all audio before it has been played."""
        self._complete = True
        self._marks.append((max(self._ends_ms, now_ms), name))

    def played(self, now_ms: float) -> list[str]:
        """The marks that have been reached since the last call, in order."""
        names = []
        while self._marks and self._marks[0][0] <= now_ms:
            names.append(self._marks.popleft()[1])
        return names

    def clear(self, now_ms: float) -> list[str]:
        """Empty the buffer.  Returns every mark that was still waiting: Twilio echoes them all."""
        names = [name for _, name in self._marks]
        self._marks.clear()
        self._ends_ms = min(self._ends_ms, now_ms)
        self._complete = True
        return names

    def quiet_ms(self, now_ms: float) -> float:
        """How long nothing has been heard; 0 while something plays."""
        return max(0.0, now_ms - self._ends_ms)
