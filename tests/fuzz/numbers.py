"""What somebody says where a number or a day is asked for: digits, a day, or nothing."""

from datetime import date

from ivr.config import load
from ivr.grammar.dates import read_date
from tests.conftest import ROOT

CONFIG = load(ROOT)
LANGUAGES = sorted(CONFIG.grammars)
TODAY = date(2026, 11, 25)
SEEDS = [
    bytes([LANGUAGES.index(language)]) + text.encode()
    for language, text in (
        ("en", "four two seven one nine"),
        ("en", "no sorry double seven oh hundred and twelve"),
        ("fr", "quatre-vingt dix-sept mille deux cent trois"),
        ("cs", "čtyřicet dva sedm jedna devět"),
        ("ko", "사 이 칠 일 구"),
        ("en", "the twenty-ninth of february"),
        ("fr", "mardi prochain"),
    )
]


def one(data: bytes) -> None:
    """The first byte chooses the language, the rest is what was understood."""
    language = LANGUAGES[data[0] % len(LANGUAGES) if data else 0]
    text = data[1:400].decode("utf-8", "ignore")
    number = CONFIG.grammars[language].digit_words.number(text, (5, 6))
    assert number.digits == "" or number.digits.isdigit()
    assert 0 <= number.share <= 1 and number.digits not in number.alternatives
    day = read_date(text, language, TODAY)
    assert day is None or isinstance(day, date)
