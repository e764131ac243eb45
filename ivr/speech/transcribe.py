"""Writing down a message that nobody waits for: free speech, without a grammar."""

import json

import numpy as np

from ivr.speech.recogniser import RATE_HZ, RecognitionModel, Samples
from ivr.speech.vosk import VoskModel
from ivr.speech.widening import Widening

_PIECE_S = 10  # Whisper reads 30 s at a time, but may stop writing after a sentence: so less is lost
_LOOK_FOR_PAUSE_S = 5  # before the end of a piece, so that no word is cut
_TENTH = RATE_HZ // 10


def transcribe(model: RecognitionModel, samples: Samples) -> str:
    """What was said, as the model hears it without a grammar; "" when it hears nothing.

    Takes 0.1 to 0.5 seconds for each second of sound.  Raises ValueError for a model that cannot do it.
    """
    if isinstance(model, VoskModel):
        return _by_vosk(model, samples)
    from ivr.speech.whisper import WhisperModel

    if isinstance(model, WhisperModel):
        return " ".join(filter(None, map(model.write, pieces(samples))))
    raise ValueError(f"{model.name} hears sentences of a grammar only")


def pieces(samples: Samples) -> list[Samples]:
    """Audio in parts of at most 10 s, cut where it is quietest."""
    parts = []
    while len(samples) > _PIECE_S * RATE_HZ:
        begin = (_PIECE_S - _LOOK_FOR_PAUSE_S) * RATE_HZ
        tenths = samples[begin : _PIECE_S * RATE_HZ].astype(np.float32).reshape(-1, _TENTH)
        cut = begin + int((tenths**2).mean(axis=1).argmin()) * _TENTH + _TENTH // 2
        parts.append(samples[:cut])
        samples = samples[cut:]
    return [*parts, samples]


def _by_vosk(model: VoskModel, samples: Samples) -> str:
    recogniser, widening = model._new(""), Widening()  # no grammar: free speech
    texts = []
    for at in range(0, len(samples), 2 * _TENTH):
        if recogniser.AcceptWaveform(widening.widen(samples[at : at + 2 * _TENTH]).tobytes()):
            texts.append(json.loads(recogniser.Result())["text"])
    texts.append(json.loads(recogniser.FinalResult())["text"])
    return " ".join(filter(None, texts))
