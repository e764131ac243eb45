"""Telephone numbers and numbers in words, as somebody who need not know them sees them."""

import re

_SHOWN = 3
_LONG_NUMBER = re.compile(r"\d(?:[\s.,-]?\d){3,}")


def mask(number: str) -> str:
    """ "+15550199" -> "•••199"; "" (a withheld number) -> "withheld"."""
    return f"•••{number[-_SHOWN:]}" if number else "withheld"


def redact(text: str) -> str:
    """Four digits or more in a row become dots: order numbers, postcodes, card numbers."""
    return _LONG_NUMBER.sub("••••", text)
