"""Grammars in which every phrase differs from what is said by one word: all of it must be rejected."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from ivr.accuracy.labelled import LabelledDataError
from ivr.accuracy.recognition import Judged
from ivr.call.plan import Bands
from ivr.call.policy import decide
from ivr.speech.vosk_again import likeness

Change = Literal["drop", "replace"]

_ANOTHER_WORD = 0.5  # of the letters in common, at most: "order" and "orders" are not told apart by anybody


def changed_phrases(transcripts: Iterable[str], change: Change) -> dict[str, str]:
    """Transcript of two words or more -> the phrase with one word dropped, or replaced by one of another transcript.

    The same transcripts always give the same phrases.  A phrase is never one of the transcripts: that would be right.
    Raises LabelledDataError when nothing can be changed so.
    """
    said = dict.fromkeys(transcripts)
    others = sorted({word for transcript in said for word in transcript.split()})
    found = {}
    for transcript in (each for each in said if " " in each):
        chance = random.Random(transcript)  # noqa: S311  the same choice every time
        words = transcript.split()
        phrases = _dropped(words, chance) if change == "drop" else _replaced(words, others, chance)
        if phrase := next((each for each in phrases if each not in said), None):
            found[transcript] = phrase
    if not found:
        raise LabelledDataError("no transcript has two words or more of which one can be changed")
    return found


def _dropped(words: Sequence[str], chance: random.Random) -> Iterator[str]:
    for at in chance.sample(range(len(words)), len(words)):
        yield " ".join((*words[:at], *words[at + 1 :]))


def _replaced(words: Sequence[str], others: Sequence[str], chance: random.Random) -> Iterator[str]:
    for at in chance.sample(range(len(words)), len(words)):
        for other in chance.sample(others, len(others)):
            if other not in words and likeness(words[at], other) <= _ANOTHER_WORD:
                yield " ".join((*words[:at], other, *words[at + 1 :]))


def table(judged: Sequence[Judged], bands: Bands) -> dict[str, Any]:
    """Shares accepted, asked back and rejected, of recordings that should all be rejected."""
    decided = [decide(bands, each.confidence, unsure_before=False) if each.found else "transfer" for each in judged]
    shares = {name: round(decided.count(name) / len(decided), 4) for name in ("accept", "confirm", "transfer")}
    return {
        "utterances": len(judged),
        "accepted": shares["accept"],
        "asked_back": shares["confirm"],
        "rejected": shares["transfer"],
    }
