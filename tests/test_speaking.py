"""Values as people say them: tables of what is written in a prompt and what a caller hears, for each language."""

from collections.abc import Sequence

import pytest
from jinja2 import UndefinedError

from ivr.config.texts import Texts

LANGUAGES = ("en", "fr", "cs", "ko")
DIGITS = [("42719 | digits", "4, 2, 7, 1, 9"), ("12345678 | groups", "1 2 3 4, 5 6 7 8"),
          ("1234567 | groups", "1 2 3, 4 5 6 7"), ("12345 | groups", "1 2 3, 4 5"), ("'7' | groups", "7")]  # fmt: skip
TABLE: dict[str, Sequence[tuple[str, str]]] = {
    "en": [
        *DIGITS,
        ("'2026-11-27' | day", "Friday, November 27"),
        ("'14:30' | clock", "2:30 PM"),
        ("'2026-11-27T09:05:00' | clock", "9:05 AM"),
        ("'09:00' | clock", "9 AM"),
        ("'12:00' | clock", "noon"),
        ("'00:00' | clock", "midnight"),
        ("1250 | number", "one thousand two hundred and fifty"),
        ("'2.5' | number", "two point five"),
        ("'19.50' | amount('EUR')", "nineteen euros fifty"),
        ("19.5 | amount('USD')", "nineteen dollars fifty"),
        ("'1.00' | amount('EUR')", "one euro"),
        ("0 | amount('EUR')", "zero euros"),
        ("'0.99' | amount('GBP')", "ninety-nine pence"),
        ("'3.05' | amount('GBP')", "three pounds and five pence"),
        ("'3.01' | amount('EUR')", "three euros and one cent"),
        ("'nw21629944' | spell", "N, W, 2 1 6 2, 9 9 4 4"),
        ("'+12025550143' | phone", "2 0 2, 5 5 5, 0 1 4 3"),
        ("'12' | phone", "1 2"),
    ],
    "fr": [
        *DIGITS,
        ("'2026-11-27' | day", "vendredi 27 novembre"),
        ("'2026-11-01' | day", "dimanche premier novembre"),
        ("'14:30' | clock", "14 heures 30"),
        ("'01:00' | clock", "une heure"),
        ("'12:00' | clock", "midi"),
        ("'00:15' | clock", "minuit 15"),
        ("71 | number", "soixante et onze"),
        ("'19.50' | amount('EUR')", "dix-neuf euros cinquante"),
        ("'19.05' | amount('EUR')", "dix-neuf euros cinq"),
        ("'0.80' | amount('EUR')", "quatre-vingts centimes"),
        ("21 | amount('GBP')", "vingt et une livres"),
        ("'NW12' | spell", "N, double vé, 1 2"),
        ("'+33123456789' | phone", "01, 23, 45, 67, 89"),
    ],
    "cs": [
        *DIGITS,
        ("'2026-11-27' | day", "pátek 27. listopadu"),
        ("'14:30' | clock", "14:30"),
        ("'09:00' | clock", "9 hodin"),
        ("'19.50' | amount('EUR')", "devatenáct eur padesát"),
        ("1 | amount('CZK')", "jedna koruna"),
        ("2 | amount('EUR')", "dvě eura"),
        ("2 | amount('USD')", "dva dolary"),
        ("'490.05' | amount('CZK')", "čtyřista devadesát korun a pět haléřů"),
        ("'NW12' | spell", "N, dvojité vé, 1 2"),
        ("'+420777123456' | phone", "7 7 7, 1 2 3, 4 5 6"),
    ],
    "ko": [
        *DIGITS,
        ("'2026-11-27' | day", "11월 27일 금요일"),
        ("'14:30' | clock", "오후 두 시 삼십 분"),
        ("'00:00' | clock", "오전 열두 시"),
        ("'19.50' | amount('EUR')", "십구 유로 오십 센트"),
        ("19500 | amount('KRW')", "만 구천오백 원"),
        ("'NW12' | spell", "엔, 더블유, 1 2"),
        ("'+821012345678' | phone", "0 1 0, 1 2 3 4, 5 6 7 8"),
    ],
}


@pytest.mark.parametrize(
    ("language", "written", "said"), [(language, *row) for language, rows in TABLE.items() for row in rows]
)
def test_values_are_said_as_people_say_them(language: str, written: str, said: str) -> None:
    assert Texts(language, {"x": f"{{{{ {written} }}}}"}, "us").text("x", {}) == said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("filtered", ["day", "clock", "number", "amount('EUR')"])
@pytest.mark.parametrize("value", [None, "", "soon", "NaN", [], "-1.00"])
def test_what_cannot_be_said_is_an_error_and_never_heard(language: str, filtered: str, value: object) -> None:
    if filtered == "number" and value == "-1.00":
        return
    with pytest.raises((ValueError, TypeError)):
        Texts(language, {"x": f"{{{{ value | {filtered} }}}}"}, "us").text("x", {"value": value})


def test_nobody_hears_none() -> None:
    with pytest.raises(UndefinedError):
        Texts("en", {"x": "It is in {{ place }}."}, "us").text("x", {"place": None})


def test_words_of_a_value_are_no_template() -> None:
    assert (
        Texts("en", {"x": "Hello {{ name }}"}, "us").text("x", {"name": "{{ 7 * 7 }} Zoë"}) == "Hello {{ 7 * 7 }} Zoë"
    )
