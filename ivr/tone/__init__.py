"""Tone: hear that a caller is upset.  Sound, words and behaviour -> one ``Reading``.  No input or output, no threads.

How a call uses it::

    numbers = weights(read(home / "config" / "tone.yaml"))     # once for the server; ToneFile is its checked shape
    words = UpsetWords(templates, rules)                       # once for a language; ``words.phrases`` belong into the
                                                               # active grammar, so that they can be recognised
    cues, tone = Cues(), Tone(numbers, words)                  # one of each for a call

    cues.hear(samples, quiet_ms, over_prompt=playing)   # what the recogniser gets, look-back included; 0.2 % of a core
    reading = tone.hear(cues.finish(), text, again, confidence)   # at the end of each utterance, with its text ("" when
                                                      # there is none); ``again``: the one before was not understood
    reading = tone.behave("hammered_keys")     # see ``Behaviour``; whoever knows of it says so

    reading.upset           # probability, or None: nothing can be said (silence, noise, music, a click)
    reading.contributions   # why, the weightiest first: "pitch +20 %", "said 'ridiculous'", "hammered keys"
    tone.transfer, tone.offer   # above the supervisor's thresholds?

``cues.finish()`` takes a few milliseconds for an utterance of some seconds and must be called at the end of each.
Nothing here can lower the reading below what it was before the call: tone only ever leads towards a person.
"""

from ivr.tone.baseline import Baseline
from ivr.tone.cues import NAMES, NO_VOICE, Cues, NoVoice, Sound, numbers
from ivr.tone.fitting import CannotFit, Fitted, Labelled, fit
from ivr.tone.reading import UNKNOWN, Reading, Tone
from ivr.tone.weights import Behaviour, ToneFile, ToneFileError, Weights, read, text, weights
from ivr.tone.words import NO_WORDS, Found, UpsetWords

__all__ = [
    "NAMES",
    "NO_VOICE",
    "NO_WORDS",
    "UNKNOWN",
    "Baseline",
    "Behaviour",
    "CannotFit",
    "Cues",
    "Fitted",
    "Found",
    "Labelled",
    "NoVoice",
    "Reading",
    "Sound",
    "Tone",
    "ToneFile",
    "ToneFileError",
    "UpsetWords",
    "Weights",
    "fit",
    "numbers",
    "read",
    "text",
    "weights",
]
