"""One call, moment by moment, in words a supervisor reads."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from ivr.records.keeping import Keeping
from ivr.records.records import StoredEvent

REASONS = {
    "asked": "the caller asked for a person",
    "pressed_zero": "the caller pressed 0",
    "low_confidence": "we were not sure what the caller said",
    "no_match": "we did not understand the caller",
    "no_input": "the caller said nothing",
    "tone": "the caller sounded upset",
    "topic": "the subject is for people only",
    "identity": "the caller could not be identified",
    "backend": "a backend could not answer",
    "repeat_caller": "the caller had called before",
    "time_budget": "the machine had had its time",
    "overload": "too many calls at the same time",
    "failure": "an error of ours",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """``at_ms``: None where nobody noted it.  ``who``: caller, ivr or system.

    ``confidence`` and ``upset``: 0 to 1 or None.
    """

    at_ms: int | None
    who: str
    text: str
    note: str = ""
    confidence: float | None = None
    upset: float | None = None


def timeline(events: list[StoredEvent], keeping: Keeping, number_words: Collection[str]) -> list[Moment]:
    """The call in its order; what the tone was at an utterance stands beside it.  ``keeping`` masks what it masks."""
    moments: list[Moment] = []
    latest_ms = 0
    for event in events:
        data = keeping.shape(event.data, number_words)
        if event.kind == "tone" and moments and moments[-1].who == "caller" and moments[-1].upset is None:
            last = moments.pop()
            why = ", ".join(map(str, data.get("why", ())))
            note = "; ".join(filter(None, (last.note, why)))
            moments.append(Moment(last.at_ms, last.who, last.text, note, last.confidence, data.get("upset")))
        else:
            known = event.at_ms >= latest_ms  # webhooks note what they did without its time
            latest_ms = max(latest_ms, event.at_ms)
            moment = _moment(event, data)
            moments.append(moment if known else replace(moment, at_ms=None))
    return moments


def _moment(event: StoredEvent, data: dict[str, Any]) -> Moment:
    match event.kind:
        case "said":
            return Moment(event.at_ms, "ivr", str(data.get("text", "")))
        case "heard":
            return Moment(event.at_ms, "caller", str(data.get("text", "")), _meant(data), data.get("confidence"))
        case "pressed":
            return Moment(event.at_ms, "caller", f"[{data.get('keys', '')}]", "keys")
        case "transfer":
            topic = f" ({data['topic']})" if data.get("topic") else ""
            reason = REASONS.get(str(data.get("reason")), str(data.get("reason")))
            return Moment(event.at_ms, "system", f"Put through to a person: {reason}{topic}")
        case "served":
            return Moment(event.at_ms, "system", f"Done: {data.get('request')}", str(data.get("outcome", "")))
        case "tone":
            why = ", ".join(map(str, data.get("why", ())))
            return Moment(event.at_ms, "system", "Tone", why, None, data.get("upset"))
        case kind:
            details = ", ".join(f"{name}: {_plain(value)}" for name, value in data.items() if value not in ("", None))
            return Moment(event.at_ms, "system", kind.replace("_", " ").capitalize(), details)


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _meant(data: dict[str, Any]) -> str:
    intent, slots = data.get("intent"), data.get("slots") or {}
    known = ", ".join(f"{name} {value}" for name, value in slots.items())
    return " · ".join(filter(None, (str(intent) if intent else "not understood", known)))
