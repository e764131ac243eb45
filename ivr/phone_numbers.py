"""Telephone numbers: which number calls, which one was dialled, and which may be promised a callback.  PURE.

Twilio writes ordinary numbers as +country code and digits.  SIP trunks, forwarding companies and stand-ins write them
in other ways, and a withheld number in yet others.
"""

import re
from collections.abc import Container
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

_WITHHELD_WORDS = ("ANONYMOUS", "RESTRICTED", "BLOCKED", "UNKNOWN", "UNAVAILABLE", "PRIVATE", "WITHHELD")
_SPELT = {phonenumbers.convert_alpha_characters_in_number(word) for word in _WITHHELD_WORDS}
_WITHHELD = _SPELT | {f"1{digits}" for digits in _SPELT}  # some gateways put the country code of North America first
_IN_DIGITS = re.compile(r"\+?\d{3,20}")
_BETWEEN = re.compile(r"[\s().\-/]")  # between the digits of a number as people write it
_NO_TELEPHONES = {  # they cost whoever calls back, or nobody answers there
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}
_NORTH_AMERICA = {"US", "CA", "PR", "VI", "GU", "AS", "MP"}
"""Of the countries that share +1 these are called like each other.  The others look domestic and cost like premium
numbers, a known fraud: +1 876, +1 809, +1 284."""


def telephone_number(text: str, country: str) -> str | None:
    """A number in any spelling as +country code and digits; None for what can be nobody's number.

    ``country``: where a number without country code is.  Lengths and country codes are checked, not whether a range is
    in use: ranges are opened more often than any library is updated.
    """
    spellings = [text, f"+{text[2:]}"] if text.startswith("00") else [text]  # most of the world dials 00 for abroad
    for each in spellings:
        number = _parsed(each, country)
        if number and _possible(number) == ValidationResult.IS_POSSIBLE:
            return _written(number)
    return None


def calling_number(said: str, country: str) -> str:
    """The number that calls, from what the telephone network says; "" for a withheld number, and for what is none.

    A number withheld may come as a word, or as the keys that spell it (+266696687: ANONYMOUS).  A SIP address counts as
    the number in it; an application (``client:``) and a SIP address with a name have none.
    """
    text = _bare(said)
    if not _IN_DIGITS.fullmatch(text) or text.lstrip("+") in _WITHHELD:
        return ""
    whole = telephone_number(text, country)
    number = _parsed(text, country)
    if whole is None and number and _possible(number) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        whole = _written(number)  # without its area code it is still always the same caller
    return whole or ""


def dialled_line(said: str, lines: Container[str], country: str) -> str | None:
    """The line that was dialled, however it is spelt; None when it is none of them."""
    text = _bare(said)
    number = _parsed(text, country)
    digits = text.lstrip("+")
    spellings = (text, f"+{digits}", f"+{digits.removeprefix('00')}", _written(number) if number else "")
    return next((each for each in spellings if each in lines), None)


def callback_number(keyed: str, country: str) -> str | None:
    """A keyed number that can be promised a callback; None when nobody can be reached there, or only at a premium.

    A range this library does not know is refused: there is nobody to tell that the number was wrong.
    """
    whole = telephone_number(keyed, country)
    number = _parsed(whole, country) if whole else None
    if whole is None or number is None or not phonenumbers.is_valid_number(number):
        return None
    return whole if can_be_called(whole, country) else None


def can_be_called(number: str, country: str) -> bool:
    """True for a number, +country code and digits, that an advisor can call back without paying a premium."""
    parsed = _parsed(number, country)
    if parsed is None:
        return False
    region = phonenumbers.region_code_for_number(parsed)
    abroad = parsed.country_code == 1 and region is not None and region not in _NORTH_AMERICA | {country}
    return not abroad and phonenumbers.number_type(parsed) not in _NO_TELEPHONES


def _bare(said: str) -> str:
    """Without the scheme, host and parameters of an address, and without what is written between digits."""
    text = said.strip().removeprefix("<").removesuffix(">")
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in ("sip", "sips", "tel"):
        text = unquote(re.split(r"[@;?]", rest)[0])
    return _BETWEEN.sub("", text)


def _parsed(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _possible(number: phonenumbers.PhoneNumber) -> int:
    return int(phonenumbers.is_possible_number_with_reason(number))


def _written(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
