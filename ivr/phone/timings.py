"""What is measured on the wire during one media stream.

Every time is in milliseconds since the stream's start and is taken when a message leaves or reaches the socket.
"""

from ivr.phone.caller import EARLY_MS


class Timings:
    """Told what happens, in order of time; ``first_audio_ms``, ``replies_ms`` and the rest are the answers.

    A reply runs from the end of an utterance's audio to the first frame of the prompt that answers it.  Frames of the
    prompt that played before do not count, nor does a prompt that began well before the caller had finished.
    """

    def __init__(self) -> None:
        self.first_audio_ms: float | None = None
        self.replies_ms: list[float] = []
        self.late_ms: list[float] = []  # for every frame of a prompt but its first: how late it was for the ear
        self.own_delay_ms: list[float] = []  # how late this telephone itself was with each of its frames
        self.close_after_ms: float | None = None  # from the end of the last item to the server's Close
        self.closed_ms: float | None = None  # how long the stream lasted
        self.sound: list[bytes] = []  # the caller's frames
        self.talked_ms = 0  # of speech in what the caller began to say
        self._open = False  # an utterance waits for its answer
        self._ends_ms: float | None = None  # when its audio ended; None while it is being said
        self._answer_ms: float | None = None

    def item_begins(self, is_speech: bool) -> None:
        """The caller begins to speak (or presses a key)."""
        self._settle()
        self._open = is_speech
        self._ends_ms = None
        self._answer_ms = None

    def item_ended(self, now_ms: float) -> None:
        """The last frame of speech (or a key) has been sent; for keys, once for each."""
        self._ends_ms = now_ms
        if self._answer_ms is not None and self._answer_ms < now_ms - EARLY_MS:
            self._answer_ms = None

    def audio(self, now_ms: float, late_ms: float | None) -> None:
        """Audio arrived; ``late_ms`` as ``Playback.add_audio`` returned it."""
        if self.first_audio_ms is None:
            self.first_audio_ms = now_ms
        if late_ms is not None:
            self.late_ms.append(late_ms)
        elif self._open and self._answer_ms is None:
            self._answer_ms = now_ms

    def sent(self, delay_ms: float) -> None:
        """A frame of ours left this much later than it should: what everything here is accurate to."""
        self.own_delay_ms.append(max(0.0, delay_ms))

    def cleared(self) -> None:
        """The server took back what it was saying: if the caller still speaks, that was no answer."""
        if self._ends_ms is None:
            self._answer_ms = None

    def closed(self, now_ms: float, by_server: bool) -> None:
        """The stream is over."""
        self._settle()
        self._open = False
        self.closed_ms = now_ms
        if by_server:
            spoke = self._ends_ms if self._ends_ms is not None else now_ms
            self.close_after_ms = max(0.0, now_ms - spoke)

    def _settle(self) -> None:
        if self._open and self._answer_ms is not None and self._ends_ms is not None:
            self.replies_ms.append(max(0.0, self._answer_ms - self._ends_ms))
