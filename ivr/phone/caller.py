"""Somebody with a script: what is said, pressed and left out, and the moment for each."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ivr.phone.playback import Playback
from ivr.speech.codec import FRAME_BYTES, SILENCE, duration_ms

FRAME_MS = 20
LISTENING_MS = 250  # a pause this long after a prompt is an invitation to speak
BARGE_IN_MS = 1000  # into a prompt: long enough to know it, well before its end
KEY_MS = 200  # between two keys: a quick thumb
EARLY_MS = 300  # a prompt that began this shortly before the end of an utterance already answers it
QUIET = bytes([SILENCE]) * FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said.  ``begins_ms`` and ``ends_ms``: where in ``mulaw`` there is speech, with silence around it."""

    text: str
    mulaw: bytes
    ends_ms: int
    begins_ms: int = 0


@dataclass(frozen=True, slots=True)
class Press:
    """Keys pressed one after the other: 0-9, * and #."""

    keys: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence counted from the item before it.  What follows comes at once, whether the system is listening or not."""

    ms: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The caller lets one prompt go by."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The caller puts the receiver down."""


Item = Utterance | Press | Pause | Unanswered | HangUp


@dataclass(frozen=True, slots=True)
class Frame:
    """What the caller does during 20 ms."""

    mulaw: bytes = QUIET
    key: str | None = None
    begins: Utterance | Press | None = None
    speech_ended: bool = False
    hangs_up: bool = False


_SILENT_FRAME = Frame()


class OnTheLine(Protocol):
    """Who holds the telephone: somebody with a script (``Caller``), or somebody who is there (``live.LiveCaller``)."""

    def frame(self, now_ms: float, ears: Playback) -> Frame:
        """The next 20 ms.  To be asked once for every frame that is sent."""
        ...

    def hears(self, mulaw: bytes, /) -> None:
        """What the system says, as it arrives."""
        ...

    def silenced(self) -> None:
        """What has arrived and was not yet heard is taken back."""
        ...

    def take_keys(self, count: int | None = None, finish: str = "#") -> str:
        """Keys pressed outside a stream."""
        ...

    def take_speech(self) -> list[Utterance]:
        """What is said outside a stream."""
        ...

    def hangs_up_now(self) -> bool:
        """Whether the receiver is put down now, outside a stream."""
        ...


class Caller:
    """Goes through the script: each item when the system is listening, or with ``barge_in`` while it talks.

    One prompt invites one item: after an item the caller waits for something new to be said.
    """

    def __init__(self, script: Iterable[Item], barge_in: bool = False) -> None:
        self._script = deque(script)
        self._barge_in = barge_in
        self._at_once = False  # the item before was a pause
        self._done_ms = float("-inf")  # when the speech or the last key of the last item was over
        self._frames: deque[Frame] = deque()  # the rest of the item that is going on
        self._pause_ends_ms: float | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to say."""
        return not self._script and not self._frames

    def frame(self, now_ms: float, ears: Playback) -> Frame:
        """The next 20 ms.  To be asked once for every frame that is sent."""
        if self._frames:
            return self._go_on(now_ms)
        if not self._script:
            return _SILENT_FRAME
        item = self._script[0]
        if isinstance(item, Pause):
            self._sit_out(item, now_ms)
            return _SILENT_FRAME
        if not (self._at_once or self._is_my_turn(now_ms, ears)):
            return _SILENT_FRAME
        self._script.popleft()
        self._at_once = False
        if isinstance(item, Unanswered):
            self._done_ms = now_ms
            return _SILENT_FRAME
        self._frames.extend(_frames(item))
        return self._go_on(now_ms)

    def hears(self, mulaw: bytes, /) -> None:
        """Somebody with a script listens for pauses only (``frame``)."""

    def silenced(self) -> None:
        """The same."""

    def take_keys(self, count: int | None = None, finish: str = "#") -> str:
        """The keys the script holds next, outside a stream (``<Gather>``); "" if it goes on with something else.

        At most ``count`` keys, and up to and including a key of ``finish``; the others stay in the script.
        """
        self._skip_pauses()
        taken = ""
        while self._script and isinstance(item := self._script[0], Press):
            self._script.popleft()
            for index, key in enumerate(item.keys):
                taken += key
                if key in finish or len(taken) == count:
                    if item.keys[index + 1 :]:
                        self._script.appendleft(Press(item.keys[index + 1 :]))
                    return taken
        return taken

    def take_speech(self) -> list[Utterance]:
        """Everything the script still wants to say, outside a stream (``<Record>``)."""
        spoken: list[Utterance] = []
        while self._script and isinstance(item := self._script[0], Utterance | Pause | Unanswered):
            self._script.popleft()
            if isinstance(item, Utterance):
                spoken.append(item)
        return spoken

    def hangs_up_now(self) -> bool:
        """Whether putting the receiver down is the next thing in the script, outside a stream."""
        self._skip_pauses()
        return bool(self._script) and isinstance(self._script[0], HangUp)

    def _go_on(self, now_ms: float) -> Frame:
        frame = self._frames.popleft()
        if frame.speech_ended or frame.key is not None:  # not the silence after it: the answer may come during that
            self._done_ms = now_ms
        return frame

    def _is_my_turn(self, now_ms: float, ears: Playback) -> bool:
        began_ms = ears.began_ms
        if began_ms is None or began_ms < self._done_ms - EARLY_MS:
            return False
        if self._barge_in:
            return now_ms - began_ms >= BARGE_IN_MS
        return ears.quiet_ms(now_ms) >= LISTENING_MS

    def _sit_out(self, pause: Pause, now_ms: float) -> None:
        if self._pause_ends_ms is None:
            self._pause_ends_ms = now_ms + pause.ms
        if now_ms + FRAME_MS >= self._pause_ends_ms:
            self._script.popleft()
            self._pause_ends_ms = None
            self._at_once = True

    def _skip_pauses(self) -> None:
        while self._script and isinstance(self._script[0], Pause | Unanswered):
            self._script.popleft()


def _frames(item: Utterance | Press | HangUp) -> list[Frame]:
    match item:
        case HangUp():
            return [Frame(hangs_up=True)]
        case Press(keys):
            quiet = [_SILENT_FRAME] * (KEY_MS // FRAME_MS - 1)
            frames = [frame for key in keys for frame in (Frame(key=key), *quiet)]
            return [Frame(key=keys[0], begins=item), *frames[1 : len(frames) - len(quiet)]]
        case Utterance(_, mulaw, ends_ms):
            pieces = [mulaw[at : at + FRAME_BYTES] for at in range(0, len(mulaw), FRAME_BYTES)] or [QUIET]
            last_speech = min(max(0, -(-ends_ms // FRAME_MS) - 1), len(pieces) - 1)
            return [
                Frame(
                    mulaw=piece.ljust(FRAME_BYTES, QUIET[:1]),
                    begins=item if index == 0 else None,
                    speech_ended=index == last_speech,
                )
                for index, piece in enumerate(pieces)
            ]


def spoken_ms(utterances: Iterable[Utterance]) -> int:
    """How long saying these takes."""
    return sum(duration_ms(utterance.mulaw) for utterance in utterances)
