"""The reviewed numbers behind a reading: ``config/tone.yaml`` as it is written, and as it is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from yaml import YAMLError

from ivr.tone.baseline import Baseline
from ivr.tone.cues import NAMES
from ivr.tone.frames import Floats
from ivr.yaml_text import parse

Behaviour = Literal[
    "repeated", "rephrased", "corrected", "interrupted", "hammered_keys", "sighing_silence", "called_before"
]
"""What a caller does when patience runs out.  ``called_before``: within 24 hours."""

WordClass = Literal["impatient", "complaint", "leaving", "swearing"]
_MOST_OF_BASELINE = 1.5  # log-odds; three in four people's calm words add less to the next, a synthetic voice's 4.3
FURTHEST = 5.0  # spreads; at 3 a strange microphone already hid the voice behind it

Share = Annotated[float, Field(gt=0, lt=1)]
LogOdds = Annotated[float, Field(ge=-6, le=6)]


class ToneFileError(Exception):
    """A tone file cannot be used; the message names the file, what is wrong and how to mend it."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CueEntry(_Shape):
    """One cue.  ``calm`` and ``spread``: mean and standard deviation of calm telephone speech; ``weight``: log-odds
    that the caller is upset for each spread above calm.
    """

    calm: float
    spread: Annotated[float, Field(gt=0)]
    weight: Annotated[float, Field(ge=-3, le=3)]


class ToneFile(_Shape):
    """config/tone.yaml"""

    upset_before_speaking: Share
    offer_from: Share
    transfer_from: Share
    bias: LogOdds
    stranger: Annotated[float, Field(ge=0, le=6)]
    caller_counts_after: Annotated[float, Field(gt=0, le=20)]
    brief_ms: Annotated[float, Field(ge=0, le=5000)]
    louder: Annotated[float, Field(ge=0, le=1)]
    cues: Annotated[dict[str, CueEntry], Field(min_length=1)]
    words: dict[WordClass, LogOdds]
    behaviour: dict[Behaviour, LogOdds]

    @field_validator("cues")
    @classmethod
    def _known(cls, cues: dict[str, CueEntry]) -> dict[str, CueEntry]:
        unknown = sorted(set(cues) - set(NAMES))
        if unknown:
            raise ValueError(f"no such cue: {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return cues

    @field_validator("words", "behaviour")
    @classmethod
    def _towards_a_person(cls, odds: dict[str, float]) -> dict[str, float]:
        if any(value < 0 for value in odds.values()):
            raise ValueError("words and behaviour can only lead towards a person: no number below 0")
        return odds


@dataclass(frozen=True, slots=True)
class Weights:
    """What ``Tone`` counts with.  Arrays are in the order of ``cues.NAMES``; evidence is in log-odds."""

    calm: Floats
    spread: Floats
    weight: Floats
    bias: float
    stranger: float  # log-odds taken off while nothing has been heard of a caller
    brief_ms: float  # an utterance with so much voice counts half
    prior: float  # log-odds before anything was heard
    caller_counts_after: float  # utterances until the caller's own calm voice counts as much as everybody's
    louder: float  # log-odds for each dB above the caller's own calm level
    offer_from: float  # probabilities
    transfer_from: float
    words: Mapping[str, float]
    behaviour: Mapping[str, float]

    def score(self, values: Floats, baseline: Baseline | None = None) -> tuple[float, Floats]:
        """Log-odds that these cues are an upset caller's, and the part of each cue.

        ``baseline``: how this caller sounds when calm.  A cue that is missing (NaN) counts as calm; none counts beyond
        FURTHEST spreads, so that no odd recording decides alone.
        """
        shift = self.shift(baseline) if baseline else 0.0
        heard = baseline.heard if baseline else 0.0
        away = np.clip((values - self.calm - shift) / self.spread, -FURTHEST, FURTHEST)
        parts = np.where(np.isnan(away), 0.0, away) * self.weight
        return float(self.bias - self.stranger / (1 + heard) + parts.sum()), parts

    def shift(self, baseline: Baseline) -> Floats:
        """How far this caller's calm voice lies from everybody's, as far as it is believed.

        Beside a voice much calmer than all others the next one would sound upset, though it may be another person's.
        """
        shift = baseline.shift
        adds = -float((shift * self.weight / self.spread).sum())  # to the score of what follows
        return shift * min(1.0, _MOST_OF_BASELINE / max(adds, _MOST_OF_BASELINE))

    def believed(self, score: Any, voiced_ms: Any) -> Any:
        """Evidence that a score is worth: the less voice an utterance has, the more its cues are chance."""
        share = voiced_ms / np.maximum(voiced_ms + self.brief_ms, 1.0)
        return np.maximum(score, 0.0) * share + np.minimum(score, 0.0)

    def caller(self) -> Baseline:
        """The baseline of a caller nothing has been heard of."""
        return Baseline(self.calm, self.caller_counts_after)


def weights(file: ToneFile) -> Weights:
    """The numbers of a checked file."""
    entries = [file.cues.get(name) or CueEntry(calm=0.0, spread=1.0, weight=0.0) for name in NAMES]
    return Weights(
        calm=np.array([entry.calm for entry in entries]),
        spread=np.array([entry.spread for entry in entries]),
        weight=np.array([entry.weight for entry in entries]),
        bias=file.bias,
        stranger=file.stranger,
        brief_ms=file.brief_ms,
        prior=float(np.log(file.upset_before_speaking / (1 - file.upset_before_speaking))),
        caller_counts_after=file.caller_counts_after,
        louder=file.louder,
        offer_from=file.offer_from,
        transfer_from=file.transfer_from,
        words={name: file.words.get(name, 0.0) for name in get_args(WordClass)},
        behaviour={name: file.behaviour.get(name, 0.0) for name in get_args(Behaviour)},
    )


def read(path: Path) -> ToneFile:
    """Read and check a tone file.  Raises ToneFileError."""
    try:
        return ToneFile.model_validate(parse(path.read_text(encoding="utf-8"))[0] or {})
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ToneFileError(f"{path}: cannot be read ({error}); restore it, or make one with ivr tone fit") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ToneFileError(f"{path}: {where}: {first['msg']}; correct it, or make one with ivr tone fit") from error


def text(file: ToneFile, origin: str) -> str:
    """The file as it is written, with its reasons; ``origin``: what the weights were fitted on, one line or more."""
    names = [name for name in NAMES if name in file.cues]
    width = max(map(len, names)) + 1
    lines = [
        *(f"# {line}".rstrip() for line in origin.splitlines()),
        "",
        "# Probability that a caller is upset before a word was said.",
        f"upset_before_speaking: {file.upset_before_speaking:g}",
        "# From here on a person is offered and prompts are short; from there on the caller is put through.",
        f"offer_from: {file.offer_from:g}",
        f"transfer_from: {file.transfer_from:g}",
        "",
        "# Everything below is in log-odds: +0.7 doubles the odds that the caller is upset.",
        "# An utterance whose cues are all at their calm value counts this much (below 0: it speaks for calm).",
        f"bias: {file.bias:g}",
        "# So much less while nothing has been heard of this caller; half of it after one calm utterance, and so on.",
        f"stranger: {file.stranger:g}",
        "# Utterances until the caller's own calm voice counts as much as everybody's.",
        f"caller_counts_after: {file.caller_counts_after:g}",
        "# What so many voiced milliseconds say for upset counts half: the shorter, the more it is chance.",
        f"brief_ms: {file.brief_ms:g}",
        "# For each dB, from 3 to 12, above the caller's own calm level.  Chosen, not fitted: recordings are levelled.",
        f"louder: {file.louder:g}",
        "",
        "# Each cue: mean and standard deviation in calm telephone speech; weight for each deviation above the mean.",
        "cues:",
    ]
    for name in names:
        cue = file.cues[name]
        numbers = f"{{calm: {cue.calm:.4g}, spread: {cue.spread:.4g}, weight: {cue.weight:.2f}}}"
        lines.append(f"  {name + ':':<{width}} {numbers}")
    lines += [
        "",
        "# For each phrase of config/upset/<language>.yaml (or grammars/<language>/upset.yaml) that was said.",
    ]
    lines += ["words:", *(f"  {name}: {value:g}" for name, value in file.words.items())]
    lines += ["", "# For each time.  Silence counts 0.6 in a whole call at most: it is never a transfer by itself."]
    lines += ["# Rephrased: every try after words that were not understood; a calm voice takes it back."]
    lines += ["behaviour:", *(f"  {name}: {value:g}" for name, value in file.behaviour.items())]
    return "\n".join(lines) + "\n"
