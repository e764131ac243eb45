"""Telephone numbers and numbers in words, as somebody who need not know them sees them."""

import re
from collections.abc import Collection

SHOWN = 3
HIDDEN = "••••"
_SHORTEST = 4  # digits in a row that may be an order, a postcode, a card
_DIGITS = re.compile(r"\d(?:[\s.,-]{0,2}\d){3,}")


def mask(number: str) -> str:
    """ "+15550199" -> "•••199"; "" (a withheld number) -> "withheld"."""
    return f"•••{number[-SHOWN:]}" if number else "withheld"


def redact(text: str, number_words: Collection[str] = ()) -> str:
    """Four digits or number words or more in a row become dots: "it is four two seven one nine" -> "it is ••••"."""
    words, kept, run = text.split(" "), [], list[str]()
    for word in [*words, ""]:
        if word.strip(",.").lower() in number_words and word:
            run.append(word)
            continue
        kept += [HIDDEN] if len(run) >= _SHORTEST else run
        run = []
        kept.append(word)
    return _DIGITS.sub(HIDDEN, " ".join(kept[:-1]))
