"""When a caller's utterance begins and ends, in audio time."""

from dataclasses import dataclass

from ivr.grammar import Completeness, Expecting


@dataclass(frozen=True, slots=True)
class TurnTiming:
    """Silence, in ms, that ends an utterance.

    ``complete_ms``: after a whole sentence that a longer one could go on from; ``final_ms``: after one that nothing
    can extend.  ``longest_ms`` ends an utterance that never pauses (a line full of noise).
    """

    silence_ms: int = 500
    digits_silence_ms: int = 1100
    complete_ms: int = 340
    final_ms: int = 160
    longest_ms: int = 20_000
    onset_ms: int = 40

    def silence_needed(self, expecting: Expecting, completeness: Completeness) -> int:
        """How long the caller must have been silent for the utterance to be over."""
        usual = self.digits_silence_ms if expecting.asked in ("digits", "date") else self.silence_ms
        match completeness:
            case Completeness.COUNTING:
                return self.digits_silence_ms
            case Completeness.FINAL:
                return min(self.final_ms, usual)
            case Completeness.COMPLETE:
                return min(self.complete_ms, usual)
            case _:
                return usual


class TurnDetector:
    """Follows one utterance.  ``hear`` is called for every stretch of audio with what is known about it."""

    def __init__(self, timing: TurnTiming) -> None:
        self._timing = timing
        self._onset_ms = 0
        self._length_ms = 0
        self.speech_ms = 0
        self.quiet_ms = 0
        self.began = False

    def hear(self, ms: int, speech: bool) -> bool:
        """Take ``ms`` of audio; ``speech`` says whether the caller is talking in it.  True when an utterance begins."""
        if self.began:
            self._length_ms += ms
        if speech:
            self.quiet_ms = 0
            self.speech_ms += ms
            self._onset_ms += ms
            if not self.began and self._onset_ms >= self._timing.onset_ms:
                self.began = True
                return True
        else:
            self._onset_ms = 0
            self.quiet_ms += ms
            if not self.began:
                self.speech_ms = 0
        return False

    def ended(self, expecting: Expecting, completeness: Completeness) -> bool:
        """True when the utterance that began is over."""
        if not self.began:
            return False
        too_long = self._length_ms >= self._timing.longest_ms
        return too_long or self.quiet_ms >= self._timing.silence_needed(expecting, completeness)
