"""One reading for a call: the probability that the caller is upset, and what it rests on.

Evidence is added in log-odds, as a detector of change does (E. S. Page, "Continuous inspection schemes", 1954): each
utterance moves it by what its sound and words say, up by as much as they say, down by little.  It never falls below
nothing, so a long calm call does not make a caller harder to hear.
"""

import math
from dataclasses import dataclass

import numpy as np

from ivr.grammar import normalise
from ivr.tone.cues import NAMES, NO_VOICE, NoVoice, Sound, numbers
from ivr.tone.frames import Floats
from ivr.tone.weights import Behaviour, Weights
from ivr.tone.words import NO_WORDS, UpsetWords

_MOST_OF_AN_UTTERANCE = 3.5  # log-odds of sound: two utterances say more than one, however loud
_FALL = 0.7  # log-odds that one calm utterance takes back of words and behaviour, at most
_KEPT = 0.6  # of earlier evidence of sound at each utterance: two raised ones in a row count, two in ten do not
_MOST_EVIDENCE = 6.0
_MOST_OF_SILENCE = 0.6  # log-odds: silence is never a transfer by itself
_LOUDER_FROM_DB, _LOUDER_UP_TO_DB = 3.0, 12.0  # less is a turned head, more a moved telephone
_PROBABLY = 0.5  # confidence: below, it is more likely that a hum or a cough became the shortest phrase there is
_OVER_PROMPT = 0.5  # share of an utterance
_WORTH_NAMING = 0.25  # log-odds

_SPOKEN_OF = {
    "pitch": ("higher voice", "lower voice"),
    "pitch_spread": ("livelier melody", "flatter melody"),
    "pitch_drift": ("rising melody", "falling melody"),
    "brightness": ("sharper voice", "darker voice"),
    "brightness_spread": ("more varied sounds", "one harsh colour throughout"),
    "dullness": ("no soft vowels", "hollow vowels"),
    "tilt_spread": ("sharper contrasts", "softer contrasts"),
    "ripple_low": ("open resonance", "raised voice"),
    "ripple": ("tense resonance", "relaxed resonance"),
    "timbre_motion": ("more forceful articulation", "softer articulation"),
    "opening": ("mouth thrown open", "mouth closing slowly"),
    "fronting": ("words bitten off", "words trailing off"),
    "harmonicity": ("clearer voice", "rougher voice"),
    "peakedness": ("ringing pulses", "pressed voice"),
    "peakedness_drift": ("voice let go", "voice tightening"),
    "decay": ("voice held up", "voice dropped"),
    "above_noise": ("louder over the line's noise", "quieter over the line's noise"),
    "active_share": ("fewer pauses", "more pauses"),
    "syllables": ("speaking faster", "speaking slower"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """``upset``: probability, or None while nothing can be said.  ``contributions``: why, the weightiest first."""

    upset: float | None
    contributions: tuple[str, ...] = ()


UNKNOWN = Reading(None)


class Tone:
    """Follows one caller.  Pure state: no clock, no audio.  One for each call, not shared between threads."""

    def __init__(self, weights: Weights, words: UpsetWords = NO_WORDS) -> None:
        self._weights = weights
        self._words = words
        self._baseline = weights.caller()
        self._evidence = 0.0
        self._of_sound = 0.0  # of the evidence
        self._silence = 0.0
        self._reasons: dict[str, float] = {}
        self._known = False

    def listen_for(self, words: UpsetWords) -> None:
        """The caller goes on in another language; how they sound stays known."""
        self._words = words

    @property
    def reading(self) -> Reading:
        """What is known now."""
        if not self._known:
            return UNKNOWN
        named = sorted(((part, why) for why, part in self._reasons.items() if part >= _WORTH_NAMING), reverse=True)
        upset = 1 / (1 + math.exp(-(self._weights.prior + self._evidence)))
        return Reading(round(upset, 3), tuple(why for _, why in named[:4]))

    @property
    def transfer(self) -> bool:
        """True when the caller should be put through now."""
        return (self.reading.upset or 0.0) >= self._weights.transfer_from

    @property
    def offer(self) -> bool:
        """True when a person should be offered, and prompts be short."""
        return (self.reading.upset or 0.0) >= self._weights.offer_from

    def hear(
        self, sound: Sound | NoVoice | None, text: str = "", again: bool = False, confidence: float = 1.0
    ) -> Reading:
        """An utterance is over.  ``sound``: its cues, None when they say nothing; ``text``: what was recognised, with
        its ``confidence``; ``again``: the one before was not understood.
        """
        if sound is NO_VOICE:  # a radio, music on hold: what was recognised in it says nothing of the caller
            return self.reading
        said = self._said(text, confidence)
        if sound is None and not (said or (text and again)):
            return self.reading
        heard, parts = self._sound(sound) if isinstance(sound, Sound) else (0.0, {})
        retried = self._weights.behaviour.get("rephrased", 0.0) if again else 0.0
        change = max(heard + retried, -_FALL)  # a calm voice makes another try an ordinary one
        reasons = {**parts, **said, "rephrased": min(retried, max(change, 0.0))}
        self._move(heard, change + sum(said.values()), reasons)  # words count however calmly they are said
        return self.reading

    def behave(self, what: Behaviour) -> Reading:
        """The caller did something that people do when patience runs out."""
        amount = self._weights.behaviour.get(what, 0.0)
        if what == "sighing_silence":
            amount = min(amount, _MOST_OF_SILENCE - self._silence)
            self._silence += amount
        self._known = self._known or amount > 0
        why = what.replace("_", " ")
        self._evidence = min(_MOST_EVIDENCE, self._evidence + amount)
        self._reasons[why] = self._reasons.get(why, 0.0) + amount
        return self.reading

    def _said(self, text: str, confidence: float) -> dict[str, float]:
        """Phrases inside other words count; one that is all that was recognised does if it was probably said."""
        found = [each for each in self._words.find(text) if confidence >= _PROBABLY or each.phrase != normalise(text)]
        return {f"said '{each.phrase}'": self._weights.words.get(each.kind, 0.0) for each in found}

    def _sound(self, sound: Sound) -> tuple[float, dict[str, float]]:
        """Evidence of the sound, and its parts by name.  Calm utterances also teach how this caller sounds."""
        values = numbers(sound)
        shift = self._weights.shift(self._baseline)
        score, parts = self._weights.score(values, self._baseline)
        louder_db = self._baseline.louder_db(sound.level)
        louder = self._weights.louder * max(0.0, min(louder_db, _LOUDER_UP_TO_DB) - _LOUDER_FROM_DB)
        heard = min(float(self._weights.believed(score + louder, sound.voiced_ms)), _MOST_OF_AN_UTTERANCE)
        calmness = 1 / (1 + math.exp(self._weights.prior + self._evidence + max(heard, 0.0)))
        self._baseline.learn(values, sound.level, calmness)
        named = self._name(values - self._weights.calm - shift, parts)
        named |= {f"louder {louder_db:+.0f} dB": louder} if louder else {}
        if sound.overlap >= _OVER_PROMPT:
            over = self._weights.behaviour.get("interrupted", 0.0)
            heard, named = heard + over, {**named, "spoke over the prompt": over}
        return heard, named if heard > 0 else {}

    @staticmethod
    def _name(change: Floats, parts: Floats) -> dict[str, float]:
        named = {}
        for name, away, part in zip(NAMES, change, parts, strict=True):
            if part < _WORTH_NAMING:
                continue
            if name == "pitch":
                named[f"pitch {100 * (2 ** (away / 12) - 1):+.0f} %"] = float(part)
            else:
                higher, lower = _SPOKEN_OF[name]
                named[higher if away > 0 else lower] = float(part)
        return named

    def _move(self, heard: float, change: float, reasons: dict[str, float]) -> None:
        self._known = True
        before, kept_sound = self._evidence, _KEPT * self._of_sound
        after = before - self._of_sound + kept_sound + change
        self._evidence = float(np.clip(after, 0.0, _MOST_EVIDENCE))
        self._of_sound = min(max(kept_sound + heard, 0.0), self._evidence)
        kept = self._evidence / before if 0 < self._evidence < before else float(self._evidence > 0)
        self._reasons = {why: part * kept for why, part in self._reasons.items()} | reasons
