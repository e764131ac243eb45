"""Where a call is, as its record tells it.  Pure."""

from collections.abc import Iterable
from typing import Literal

from ivr.records.records import StoredEvent

Status = Literal["machine", "ringing", "waiting", "connected", "over", "callback", "voicemail", "gone", "served"]
LIVE: tuple[Status, ...] = ("machine", "ringing", "waiting", "connected")
"""From these a call goes on to another by itself."""

_BY_OUTCOME: dict[str | None, Status] = {
    None: "machine",
    "transferred": "ringing",
    "served": "served",
    "hung_up": "gone",
    "callback": "callback",
    "voicemail": "voicemail",
}
_BY_EVENT: dict[str, Status] = {
    "ringing": "ringing",
    "waiting": "waiting",
    "accepted": "connected",
    "bridged": "connected",
    "callback": "callback",
    "voicemail": "voicemail",
}
_TALKED = ("bridged", "bridging-in-process", "redirected", "redirected-from-bridged")  # Twilio's ways out of a queue


def status(outcome: str | None, events: Iterable[StoredEvent]) -> Status:
    """What an advisor should know first.  ``connected`` ends with the webhook that follows a conversation."""
    now = _BY_OUTCOME.get(outcome, "ringing")
    if now in ("machine", "served"):
        return now
    for event in events:
        now = _BY_EVENT.get(event.kind, now)
        match event.kind, event.data:
            case "dialled", {"bridged": "true"}:
                now = "over"
            case "dialled", {"status": "completed" | "answered", "bridged": ""}:
                now = "over"
            case "dialled", _:
                now = "waiting"
            case "queue_left", {"result": str(result)} if result in _TALKED:
                now = "over"
            case "queue_left", {"result": "hangup"}:
                now = "gone"
    return now
