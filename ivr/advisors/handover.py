"""The handover card: everything an advisor should see of a call, gathered from its record and put in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_timedelta

from ivr.advisors.status import LIVE, Status, status
from ivr.advisors.story import Text, mood, reason_in_words, request_in_words
from ivr.call.history import UNREAD
from ivr.records.callbacks import Promise
from ivr.records.earlier import EarlierCall
from ivr.records.records import StoredCall, StoredEvent


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the conversation.  ``who``: caller, assistant or "" for what happened.  ``sure``: 0 to 1 or None."""

    who: str
    text: str
    meaning: str = ""
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts known from elsewhere.  ``orders``: None while or because they could not be looked up.

    ``now``: in the company's time zone, in which all times are shown.
    """

    events: Sequence[StoredEvent]
    earlier: Sequence[EarlierCall]
    promise: Promise | None
    orders: Sequence[str] | None
    now: datetime


def handover(call: StoredCall, facts: Facts, text: Text, locale: Locale) -> dict[str, Any]:
    """The values of the page, ready to be shown; everything a caller said is plain text."""
    card: Mapping[str, Any] = call.card or {}
    where: Status = status(call.outcome, facts.events)
    return {
        "call": call,
        "status": where,
        "live": where in LIVE,
        "waits": _minutes(call, facts.now) if where in ("ringing", "waiting") else None,
        "caller": call.caller,
        "verified": card.get("verified"),
        "language": locale.languages.get(call.language, call.language),
        "seconds": round(card.get("seconds") or 0),
        "reason": reason_in_words(call.reason, text) if call.reason else "",
        "wants": request_in_words(card.get("wanted"), text),
        "slots": [(name.replace("_", " "), value) for name, value in (card.get("slots") or {}).items()],
        "done": [
            (request_in_words(each["request"], text), _outcome(each["outcome"])) for each in card.get("done") or ()
        ],
        "pending": _pending(card.get("pending"), text),
        "mood": mood({"reason": call.reason, **card}),
        "tone": card.get("tone"),
        "conversation": _conversation(facts.events, text) or _from_card(card, text),
        "earlier": [_earlier(each, facts.now, text, locale) for each in facts.earlier],
        "promise": facts.promise,
        "window": _window(facts.promise, locale, facts.now.tzinfo) if facts.promise else "",
        "voicemail": _voicemail(facts.events),
        "orders": facts.orders,
        "opened": sum(event.kind == "card_opened" for event in facts.events),
    }


def _outcome(outcome: str) -> str:
    """Nothing for the outcome of a question that has one answer."""
    return "" if outcome == "found" else outcome.replace("_", " ")


def _pending(pending: Mapping[str, Any] | None, text: Text) -> tuple[str, str] | None:
    """What an advisor has to look after: the request, and how it stands."""
    return (request_in_words(pending["request"], text), str(pending["how"])) if pending else None


def _minutes(call: StoredCall, now: datetime) -> int | None:
    if call.ended_at is None:
        return None
    ended = call.ended_at if call.ended_at.tzinfo else call.ended_at.replace(tzinfo=UTC)
    return max(0, int((now - ended).total_seconds())) // 60


def _conversation(events: Sequence[StoredEvent], text: Text) -> list[Said]:
    """Who said what, in order; what one said in a row is one line.  The greeting is always the same and left out."""
    lines: list[Said] = []
    for event in events:
        match event.kind, event.data:
            case "heard", data:
                lines.append(_heard(data, text))
            case "unread", _:
                lines.append(Said("caller", UNREAD))
            case ("said", {"text": str(words), "prompt": prompt}) if prompt != "greeting":
                _add(lines, "assistant", words, " ")
            case "pressed", {"keys": str(keys)}:
                _add(lines, "keys", keys, "")
    return lines if any(line.who != "assistant" for line in lines) else []


def _add(lines: list[Said], who: str, words: str, between: str) -> None:
    if lines and lines[-1].who == who:
        words = lines.pop().text + between + words
    lines.append(Said(who, words))


def _from_card(card: Mapping[str, Any], text: Text) -> list[Said]:
    """The caller's part of it, from a card whose events are not there (yet)."""
    return [_heard(each, text) for each in card.get("said") or ()]


def _heard(data: Mapping[str, Any], text: Text) -> Said:
    intent = data.get("intent")
    known = ", ".join(str(value) for value in (data.get("slots") or {}).values())
    meaning = " · ".join(filter(None, (request_in_words(intent, text), known)))
    return Said("caller", str(data.get("text", "")), meaning, data.get("confidence"))


def _earlier(call: EarlierCall, now: datetime, text: Text, locale: Locale) -> dict[str, Any]:
    return {
        "when": format_timedelta(call.began_at - now, add_direction=True, locale=locale),
        "recent": call.recent,
        "outcome": call.outcome or "hung_up",
        "wanted": request_in_words(call.wanted, text),
    }


def _window(promise: Promise, locale: Locale, zone: tzinfo | None) -> str:
    begin, end = (moment.astimezone(zone) for moment in (promise.not_before, promise.not_after))
    until = "short" if begin.date() == end.date() else None
    last = format_datetime(end, "HH:mm" if until else "d MMM HH:mm", locale=locale)
    return f"{format_datetime(begin, 'EEEE d MMM HH:mm', locale=locale)} – {last}"


def _voicemail(events: Sequence[StoredEvent]) -> dict[str, Any] | None:
    message: dict[str, Any] = {}
    for event in events:
        if event.kind == "voicemail":
            message = {"seconds": event.data.get("seconds"), "state": "waits"}
        elif event.kind == "transcript":
            message |= {"state": "written", "text": event.data.get("text")}
        elif event.kind == "no_transcript":
            message |= {"state": "unwritten"}
    return message or None
