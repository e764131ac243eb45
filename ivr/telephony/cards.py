"""Links to handover cards: only we can make them, and they end by themselves."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import quote

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

VALID_S = 8 * 3600  # a shift
CLOCKS_DIFFER_S = 300  # between the machine that made a link and the one that reads it, or after a correction


class LinkRefused(Exception):
    """The link is not ours, or no longer valid (``expired``)."""

    def __init__(self, expired: bool) -> None:
        super().__init__("expired" if expired else "not one of our links")
        self.expired = expired


class CardLinks:
    """Makes links to cards and reads them back.  The key is derived from ``secret`` for this purpose only."""

    def __init__(self, secret: str, base_url: str, valid_s: int = VALID_S) -> None:
        self._signer = TimestampSigner(
            secret, salt="ivr handover card", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._base_url = base_url
        self._valid_s = valid_s

    def link(self, call_id: str) -> str:
        """A link to the card of a call, valid from now on for ``valid_s``."""
        return f"{self._base_url}/card/{quote(self._signer.sign(call_id).decode(), safe='')}"

    def call_of(self, token: str) -> str:
        """The call a link's last part leads to.  Raises LinkRefused."""
        try:
            return self._signer.unsign(token, max_age=self._valid_s).decode()
        except SignatureExpired as error:
            made = error.date_signed
            if made and error.payload and 0 < (made - datetime.now(UTC)).total_seconds() <= CLOCKS_DIFFER_S:
                return str(error.payload, "ascii", "replace")
            raise LinkRefused(expired=True) from None
        except BadSignature:
            raise LinkRefused(expired=False) from None
