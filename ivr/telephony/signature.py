"""Is it Twilio who asks?  Signatures on webhooks and on the WebSocket's handshake, and the stream's one-time token."""

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Request
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm

from ivr.operations.numbers import ASK_AGAIN


class Signatures:
    """Checks against the address Twilio was given, never against headers a stranger can set.

    ``shared_keys``: secrets of Twilio's SharedKeys, for accounts that sign webhooks with one; two while it changes.
    """

    def __init__(self, auth_token: str, public_url: str, media_url: str, shared_keys: Sequence[str] = ()) -> None:
        self._key = auth_token.encode()
        self._by_token = RequestValidator(auth_token)
        self._by_shared_key = [RequestValidator(each) for each in shared_keys]
        parts = urlsplit(public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        media = urlsplit(media_url)
        port = media.port or (443 if media.scheme == "wss" else 80)
        spelled = {media.netloc, f"{media.hostname}:{port}", media.hostname or ""}  # the library takes wss for port 80
        self._media_urls = [media._replace(netloc=netloc).geturl() for netloc in sorted(spelled)]

    def webhook(self, request: Request) -> bool:
        """True when Twilio signed this webhook, with or without the overrides that our addresses end with.

        Its documentation says that they are not signed; a stand-in for it does sign them.
        """
        address = self._origin + _raw_path(request)
        return any(self._valid(address + each, request.form, request) for each in ("", ASK_AGAIN))

    def handshake(self, request: Request) -> bool:
        """True when Twilio signed this WebSocket handshake: with or without the port, and a slash at its end."""
        return any(self._valid(url + end, {}, request) for url in self._media_urls for end in ("", "/"))

    def stream_token(self, call_id: str) -> str:
        """The token of a call's stream: nobody else can make it, and a retried webhook gives the same one."""
        return hmac.new(self._key, f"stream {call_id}".encode(), hashlib.sha256).hexdigest()

    def _valid(self, url: str, form: object, request: Request) -> bool:
        signature = request.headers.get("X-Twilio-Signature", "")
        settings = request.headers.get(SIGNATURE_SETTINGS_HEADER)
        validators = self._by_shared_key if settings and self._by_shared_key else [self._by_token]
        try:
            algorithm = get_signature_algorithm(settings)
            return any(each.validate(url, form, signature, algorithm) for each in validators)
        except (ValueError, TypeError, KeyError):
            return False


def _raw_path(request: Request) -> str:
    """Path and query exactly as they came: decoding and encoding again may change what was signed."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    if raw.startswith("/"):
        return str(raw)
    whole = urlsplit(raw)  # a proxy may ask with the whole address; whose it says it is does not count
    return whole.path + (f"?{whole.query}" if whole.query else "")
