"""The shape of the identifiers of calls and streams: Twilio's are "CA" or "MZ" and 32 hexadecimal digits."""

import re

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")  # Twilio's have 34 characters; none of these forges a line or a path


def is_identifier(text: str) -> bool:
    """True for letters, digits, hyphens and underscores, 64 at most."""
    return _IDENTIFIER.fullmatch(text) is not None
