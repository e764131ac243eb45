"""Check digits: the last digits of a number, computed from the others, that tell a number misheard from a right one."""

from collections.abc import Callable, Mapping


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B ("mod 10"): cards, many customer numbers."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _mod97(digits: str) -> bool:
    """ISO 7064, MOD 97-10, with two check digits at the end: contract and payment references."""
    return int(digits) % 97 == 1


def _ean13(digits: str) -> bool:
    """GS1 general specifications, 7.9: weights 1 and 3 in turn; 13 digits."""
    return len(digits) == 13 and (sum(map(int, digits[0::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0


CHECKS: Mapping[str, Callable[[str], bool]] = {"luhn": _luhn, "mod97": _mod97, "ean13": _ean13}
"""Name in a slot's `check:` -> the rule."""

FEWEST_DIGITS = 3  # a check digit or two, and something to check


def valid(digits: str, check: str) -> bool:
    """Whether a number keeps the rule named ``check``.  False for anything that is not a number.

    Raises KeyError for a rule that does not exist; the configuration is checked for that before a call.
    """
    rule = CHECKS[check]
    return len(digits) >= FEWEST_DIGITS and digits.isascii() and digits.isdigit() and rule(digits)
