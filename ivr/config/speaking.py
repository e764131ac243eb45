"""Values as people say them, in each language: the filters of the prompts.

A voice reads what it is given: commas keep digits apart, words leave nothing to guess.  What cannot be said (None, no
date, no number) raises ValueError or TypeError: nobody hears "None", a person takes over.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

import phonenumbers
from babel import Locale
from babel.dates import format_date
from babel.numbers import get_currency_name
from num2words import num2words

Filter = Callable[..., str]

_YEAR = re.compile(r"[,\s]*y+년?[,\s]*")  # in the patterns of the full date: nobody says the year of a parcel
_CENTS = {"en": "cents", "fr": "centimes", "cs": "centů", "ko": "센트"}
_OTHER_CENTS = {("en", "GBP"): "pence", ("cs", "CZK"): "haléřů"}
_HOURS_KO = ("열두", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한")
_KO = "에이 비 씨 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 알 에스 티 유 브이 더블유 엑스 와이 제트"
_LETTERS = {
    "cs": {"Q": "kvé", "W": "dvojité vé", "X": "iks", "Y": "ypsilon"},
    "fr": {"W": "double vé", "Y": "i grec"},
    "ko": dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _KO.split(), strict=True)),
}


def filters(language: str) -> dict[str, Filter]:
    """The filters of a language, by the name they have in prompts."""
    pattern = _YEAR.sub("", str(Locale.parse(language).date_formats["full"]))
    said: dict[str, Callable[..., str]] = {
        "day": lambda value: _day(language, pattern, value),
        "clock": lambda value: _clock(language, value),
        "number": lambda value: _words(language, _decimal(value)),
        "amount": lambda value, currency: _amount(language, _decimal(value), str(currency)),
        "spell": lambda value: _spell(language, str(value)),
        "phone": lambda value: _phone(language, str(value)),
    }
    return {"digits": _digits, "groups": _groups, **said}


def _digits(value: object) -> str:
    """ "42719" -> "4, 2, 7, 1, 9": the commas keep a voice from running digits together."""
    return ", ".join(str(value))


def _groups(value: object) -> str:
    """ "12345678" -> "1 2 3 4, 5 6 7 8": groups of three or four, as people say long numbers."""
    text = str(value)
    size = 4 if len(text) % 4 == 0 else 3
    groups = [text[at : at + size] for at in range(0, len(text), size)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = ["".join(groups[-2:])]
    return ", ".join(map(" ".join, groups))


def _spell(language: str, text: str) -> str:
    """ "NW21629944" -> "N, W, 2 1 6 2, 9 9 4 4": letters by their names, digits in groups, nothing else."""
    names = _LETTERS.get(language, {})
    said = []
    for part in re.findall(r"\d+|[^\W\d_]", text):
        said.append(_groups(part) if part.isdigit() else names.get(part.upper(), part.upper()))
    return ", ".join(said)


def _phone(language: str, text: str) -> str:
    """A telephone number in the groups of its country; pairs stay numbers in French."""
    try:
        parsed = phonenumbers.parse(text)
        groups = re.findall(r"\d+", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
    except phonenumbers.NumberParseException:
        return _groups("".join(re.findall(r"\d", text)))
    return ", ".join(each if language == "fr" and len(each) == 2 else " ".join(each) for each in groups)


def _day(language: str, pattern: str, value: object) -> str:
    """A date (or its ISO text) as people say it: "Friday, November 27"."""
    when = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    said = str(format_date(when, format=pattern, locale=language))
    return said.replace(" 1 ", " premier ") if language == "fr" else said


def _clock(language: str, value: object) -> str:
    """A time of day (or its ISO text, with or without a date): "2:30 PM"."""
    when = value if isinstance(value, time | datetime) else time.fromisoformat(str(value).rpartition("T")[2][:5])
    hour, minute = when.hour, when.minute
    match language:
        case "fr":
            if not minute and hour in (0, 12):
                return "midi" if hour else "minuit"
            hours = {1: "une heure", 21: "vingt et une heures", 0: "minuit"}.get(hour, f"{hour} heures")
            return f"{hours} {minute}" if minute else hours
        case "cs":  # its cases depend on the sentence: a voice declines figures by itself
            return f"{hour}:{minute:02}" if minute or hour < 5 else f"{hour} hodin"
        case "ko":
            minutes = f" {_words(language, Decimal(minute))} 분" if minute else ""
            return f"{'오후' if hour >= 12 else '오전'} {_HOURS_KO[hour % 12]} 시{minutes}"
        case _:
            if not minute and hour in (0, 12):
                return "noon" if hour else "midnight"
            return f"{hour % 12 or 12}{f':{minute:02}' if minute else ''} {'PM' if hour >= 12 else 'AM'}"


def _amount(language: str, value: Decimal, currency: str) -> str:
    """An amount of money: "nineteen euros fifty"."""
    cents = int((value * 100).to_integral_value())
    if cents < 0:
        raise ValueError(f"{value} is no amount people are told")
    whole, rest = divmod(cents, 100)
    minor = _OTHER_CENTS.get((language, currency), _CENTS.get(language, ""))
    if not whole and rest:
        return f"{_words(language, Decimal(rest))} {minor}"
    said = _counted(language, whole, currency)
    if not rest:
        return said
    words = _words(language, Decimal(rest))
    if language == "ko" or (rest < 10 and language != "fr"):
        joined = {"en": " and", "cs": " a"}.get(language, "")
        return f"{said}{joined} {words} {minor.removesuffix('s') if language == 'en' and rest == 1 else minor}"
    return f"{said} {words}"


def _counted(language: str, number: int, currency: str) -> str:
    """ "nineteen euros": the currency without its country, in the form that goes with the number."""

    def unit(count: int) -> str:
        words = get_currency_name(currency, count=count, locale=language).split()
        return words[0] if language == "fr" else words[-1]  # "dollars des États-Unis", "US dollars"

    words = _words(language, Decimal(number))
    if language == "cs" and number in (1, 2):
        ending = unit(1)[-1]
        words = ({"a": "jedna", "o": "jedno"}.get(ending, "jeden"), "dvě" if ending in "ao" else "dva")[number - 1]
    if language == "fr" and unit(1) in ("livre", "couronne"):
        words = re.sub(r"\bun$", "une", words)
    return f"{words} {unit(number)}"


def _words(language: str, value: Decimal) -> str:
    whole = value == value.to_integral_value()
    return str(num2words(int(value) if whole else float(value), lang=language)).replace(",", "")


def _decimal(value: object) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    if not found.is_finite():
        raise ValueError(f"{value!r} is no number")
    return found
