"""The story of a call in few words: for an advisor's ear, a telephone's display, another system's routing.

Pure: a handover card in, words out.  ``text`` renders a prompt in the advisor's language; it raises KeyError for a
name it does not know.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ivr.call.history import DROPPED

Card = Mapping[str, Any]
Text = Callable[[str, Mapping[str, Any]], str]

MOST_HEADER_CHARACTERS = 1023  # Twilio: all headers of a <Sip> together below 1,024
MOST_ATTRIBUTE_BYTES = 3500  # TaskRouter takes 4,096 and adds some of its own
_LONGEST_WORDS = 200


def reason_in_words(reason: str | None, text: Text) -> str:
    """Why a person takes over: "The caller asked for a person"."""
    return text(f"reason_{reason or 'failure'}", {})


def request_in_words(intent: str | None, text: Text) -> str:
    """What a request is called: "the status of an order"; its own name when nobody named it."""
    if not intent:
        return ""
    try:
        return text(f"request_{intent}", {})
    except KeyError:
        return intent.replace("_", " ")


def mood(card: Card) -> str:
    """How the caller sounded last: "upset", "losing_patience", "calm", or "" when nobody can say.

    Where one begins and the other ends the card says itself, as config/tone.yaml said during the call.
    """
    if card.get("reason") == "tone":
        return "upset"
    tone = card.get("tone")
    if not tone:
        return ""
    if "offer_from" not in tone:
        return ""
    return "losing_patience" if tone["upset"] >= tone["offer_from"] else "calm"


def whisper(card: Card, text: Text) -> str:
    """What the advisor hears before taking the call: why, about what, what is already done, in what mood."""
    served = dict.fromkeys(
        request_in_words(each["request"], text) for each in card.get("done") or () if each["outcome"] != DROPPED
    )
    wanted = request_in_words(card.get("wanted"), text)
    numbers = [value for value in (card.get("slots") or {}).values() if str(value).isdecimal()]
    values = {
        "reason": reason_in_words(card.get("reason"), text),
        "about": wanted if wanted not in served else "",
        "numbers": numbers,
        "done": ", ".join(served),
        "pending": request_in_words((card.get("pending") or {}).get("request"), text),
        "mood": "" if card.get("reason") == "tone" else mood(card),
    }
    return " ".join(text("whisper", values).split())


def sip_headers(card: Card, link: str, plain: bool = False) -> dict[str, str]:
    """Headers for ``<Sip>``, encoded, the weightiest first; together within Twilio's limit.

    What does not fit is left out, except the caller's last words, which are cut.  The link is always whole.
    ``plain``: nothing is encoded; letters lose their accents, and what then has no place in a SIP address becomes "_".
    """
    encoded = _plain if plain else _percent
    return {name: encoded(value) for name, value in _headers(card, link, encoded).items()}


def _percent(value: str) -> str:
    return quote(value, safe="")


def _plain(value: str) -> str:
    """Of what RFC 3261 lets stand in a header of an address: "Où est ma commande ?" -> "Ou_est_ma_commande"."""
    without_accents = unicodedata.normalize("NFKD", value.replace("=", ":")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.~:/+_-]+", "_", without_accents).strip("_")


def _headers(card: Card, link: str, encoded: Callable[[str], str]) -> dict[str, str]:
    def length(name: str, value: str) -> int:
        return len(name) + len("=") + len(encoded(value)) + len("&")

    headers = {"x-ivr-card": link}
    left = MOST_HEADER_CHARACTERS - length("x-ivr-card", link)
    for name, value in (
        ("x-ivr-reason", card.get("reason") or "failure"),
        ("x-ivr-request", card.get("wanted") or ""),
        ("x-ivr-caller", card.get("caller") or ""),
        ("x-ivr-language", card.get("language") or ""),
        ("x-ivr-verified", "yes" if card.get("verified") else "no"),
        ("x-ivr-mood", mood(card)),
        ("x-ivr-pending", (card.get("pending") or {}).get("request") or ""),
        ("x-ivr-slots", ",".join(f"{name}={value}" for name, value in (card.get("slots") or {}).items())),
        ("x-ivr-done", ",".join(each["request"] for each in card.get("done") or ())),
        ("x-ivr-said", _last_words(card)),
    ):
        plain = "".join(letter if letter.isprintable() else " " for letter in value).strip()
        if name == "x-ivr-said":
            while plain and length(name, plain) > left:
                plain = plain[:-1]
        if encoded(plain) and length(name, plain) <= left:
            headers[name] = plain
            left -= length(name, plain)
    return headers


def task_attributes(card: Card, link: str) -> dict[str, Any]:
    """TaskRouter's attributes of a call: plain JSON, below its limit whatever the caller said."""
    said = [
        {"text": str(each["text"])[:_LONGEST_WORDS], "intent": each.get("intent"), "confidence": each.get("confidence")}
        for each in card.get("said") or ()
    ]
    attributes: dict[str, Any] = {
        "card": link,
        "reason": card.get("reason") or "failure",
        "request": card.get("wanted"),
        "caller": card.get("caller") or None,
        "language": card.get("language"),
        "verified": bool(card.get("verified")),
        "pending": card.get("pending"),
        "mood": mood(card) or None,
        "upset": (card.get("tone") or {}).get("upset"),
        "seconds": card.get("seconds"),
        "slots": dict(card.get("slots") or {}),
        "done": list(card.get("done") or ()),
        "said": said,
    }
    for spare in ("said", "done"):
        while attributes[spare] and len(json.dumps(attributes)) > MOST_ATTRIBUTE_BYTES:
            del attributes[spare][0]
    if len(json.dumps(attributes)) > MOST_ATTRIBUTE_BYTES:
        attributes["slots"] = {}
    return attributes


def _last_words(card: Card) -> str:
    said = [str(each["text"]) for each in card.get("said") or () if each.get("text")]
    return said[-1] if said else ""
