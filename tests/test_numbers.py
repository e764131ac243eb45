"""Numbers and days as people say them."""

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.config import Config
from ivr.grammar import Expecting
from ivr.grammar.check_digits import CHECKS, valid
from ivr.grammar.digits import MAX_ALTERNATIVES, DigitWords, SpokenNumber

FIVE = (5,)


def spoken(config: Config, language: str, text: str, lengths: tuple[int, ...] = ()) -> SpokenNumber:
    return config.grammars[language].digit_words.number(text, lengths)


# How people say them.

EXAMPLES = {
    "en": {
        "four two seven one nine": "42719",
        "forty-two seventy-one nine": "42719",
        "forty two seven one nine": "42719",
        "four twenty-seven nineteen": "42719",
        "four two seven nineteen": "42719",
        "forty two thousand seven hundred and nineteen": "42719",
        "forty-two thousand seven nineteen": None,
        "it's um four two... seven one nine": "42719",
        "yeah hi, my order number is 4 2 7 1 9, thank you": "42719",
        "42719": "42719",
        "42,719": "42719",
        "4-2-7-1-9": "42719",
        "four two seven no sorry four two seven one nine": "42719",
        "four two eight, I mean, four two seven one nine": "42719",
        "nine double oh double seven": "90077",
        "triple one nine zero": "11190",
        "one two zeros five five": "10055",
        "nine hundred five five": "90055",
        "nineteen oh five two": "19052",
        "twelve hundred thirty": None,
    },
    "fr": {
        "quatre deux sept un neuf": "42719",
        "quarante-deux soixante et onze neuf": "42719",
        "quarante-deux soixante-et-onze neuf": "42719",
        "quarante-deux sept cent dix-neuf": "42719",
        "quatre cent vingt-sept dix-neuf": "42719",
        "quarante-deux mille sept cent dix-neuf": "42719",
        "alors c'est le quarante-deux, euh, sept, dix-neuf": "42719",
        "quatre-vingt-dix-sept zéro quatre-vingt-un": "97081",
        "quatre vingt dix sept zéro quatre vingt un": "97081",
        "nonante-sept septante-deux un": "97721",
        "huitante et un zéro zéro deux": "81002",
        "soixante-dix soixante-seize huit": "70768",
        "vingt et un vingt-deux trois": "21223",
        "deux fois le sept zéro zéro un": "77001",
        "triple zéro quarante-deux": "00042",
        "quatre deux huit non pardon quatre deux sept un neuf": "42719",
        "cent vingt-trois quarante-cinq": "12345",
        "mon numéro c'est le 42719 s'il vous plaît": "42719",
        "quarante-deux cent trois": "42103",
    },
    "cs": {
        "čtyři dva sedm jedna devět": "42719",
        "čtyři dvě sedm jeden devět": "42719",
        "čtyřicet dva sedmdesát jedna devět": "42719",
        "dvaačtyřicet jednasedmdesát devět": "42719",
        "dvaačtyřicet jedenasedmdesát devět": "42719",
        "čtyřicetdva sedum devatenáct": "42719",
        "čtyřicet dva tisíc sedm set devatenáct": "42719",
        "dvaačtyřicet tisíc sedm set devatenáct": "42719",
        "čtyři sta dvacet sedm devatenáct": "42719",
        "jo, takže číslo objednávky je čtyři dva sedm jedna devět": "42719",
        "čtyři dva osm, ne, pardon, čtyři dva sedm jedna devět": "42719",
        "čtyřka dvojka sedmička jednička devítka": "42719",
        "čtyři dvě nuly sedm jedna": "40071",
        "tři sedmičky čtyřicet": "77740",
        "dvakrát pět nula nula vosum": "55008",
        "sto dvacet tři čtyřicet pět": "12345",
        "dvě stě tři padesát": "20350",
        "42 719": "42719",
    },
    "ko": {
        "사 이 칠 일 구": "42719",
        "사이칠일구": "42719",
        "사이칠일구입니다": "42719",
        "주문번호는 공일공 육칠 이에요": "01067",
        "사이팔 아니 사이칠일구": "42719",
    },
}


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [(language, text, digits) for language, texts in EXAMPLES.items() for text, digits in texts.items() if digits],
)
def test_an_order_number_of_five_digits_is_read(config: Config, language: str, text: str, digits: str) -> None:
    number = spoken(config, language, text, FIVE)
    assert (number.digits, number.share) == (digits, 1.0)


@pytest.mark.parametrize(
    ("language", "text"),
    [(language, text) for language, texts in EXAMPLES.items() for text, digits in texts.items() if digits is None],
)
def test_a_number_that_does_not_have_five_digits_is_not_made_to(config: Config, language: str, text: str) -> None:
    number = spoken(config, language, text, FIVE)
    assert len(number.digits) != 5 or not number.sure


@pytest.mark.parametrize(
    ("language", "text", "natural", "length", "wanted"),
    [
        ("en", "forty two", "42", 3, "402"),
        ("en", "nine hundred five", "905", 4, "9005"),
        ("fr", "quatre vingt", "80", 3, "420"),
        ("fr", "quatre vingt dix sept", "97", 4, "8017"),
        ("fr", "soixante dix", "70", 4, "6010"),
        ("fr", "quarante-deux cent trois", "4203", 5, "42103"),
        ("cs", "čtyřicet dva", "42", 3, "402"),
    ],
)
def test_the_expected_length_chooses_between_readings_and_says_that_it_did(
    config: Config, language: str, text: str, natural: str, length: int, wanted: str
) -> None:
    number = spoken(config, language, text)
    assert (number.digits, number.sure) == (natural, True)
    number = spoken(config, language, text, (length,))
    assert (number.digits, number.sure) == (wanted, False)


def test_two_readings_of_the_same_length_are_both_shown(config: Config) -> None:
    number = spoken(config, "fr", "vingt quatre vingt deux", (4,))
    assert number == SpokenNumber("2422", 1.0, alternatives=("2082",), sure=False)


def test_a_hundred_after_a_digit_is_never_a_hundred_of_its_own(config: Config) -> None:
    assert spoken(config, "en", "four hundred", (4,)).digits == "400"
    assert spoken(config, "en", "a hundred").digits == "100"
    assert spoken(config, "fr", "deux mille cent").digits == "2100"


def test_beginning_anew_takes_back_what_was_said(config: Config) -> None:
    number = spoken(config, "en", "no wait it's four two", FIVE)
    assert (number.digits, number.restarted) == ("42", True)
    number = spoken(config, "en", "four two seven one nine no sorry", FIVE)
    assert (number.digits, number.share, number.restarted) == ("", 0.0, True)
    assert not spoken(config, "en", "four two", FIVE).restarted


def test_words_that_are_no_number_lower_the_share_and_fillers_do_not(config: Config) -> None:
    assert spoken(config, "en", "um so it's four two seven please").share == 1.0
    assert spoken(config, "en", "four bananas two").share == pytest.approx(2 / 3)
    assert spoken(config, "en", "where is my order") == SpokenNumber()
    assert spoken(config, "en", "") == SpokenNumber()


def test_reading_without_lengths_stays_as_it_was() -> None:
    words = DigitWords({"one": "1", "two": "2"}, {"double": 2})
    assert words.read("one double two") == ("122", 1.0)
    assert words.words == ("one", "two", "double")


def test_the_words_for_a_recogniser_are_single_words(config: Config) -> None:
    for grammar in config.grammars.values():
        words = (*grammar.digit_words.words, *grammar.digit_words.group_words)
        assert words and len(set(words)) == len(words)
        assert not any(" " in word for word in words)
    assert "quatre" in config.grammars["fr"].digit_words.words
    assert "dvaačtyřicet" in config.grammars["cs"].digit_words.group_words
    assert "seventy" in config.grammars["en"].digit_words.group_words
    for words in (config.grammars["en"].digit_words.words, config.grammars["en"].digit_words.group_words):
        assert not {"sorry", "um"} & set(words)


def test_the_words_for_single_digits_stand_apart(config: Config) -> None:
    assert "seventy" not in config.grammars["en"].digit_words.words
    assert {"seven", "oh", "double"} <= set(config.grammars["en"].digit_words.words)


# Whatever number it is.

ONES = {
    "en": "zero one two three four five six seven eight nine",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "cs": "nula jedna dva tři čtyři pět šest sedm osm devět",
    "ko": "공 일 이 삼 사 오 육 칠 팔 구",
}
TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "fr": "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "cs": "deset jedenáct dvanáct třináct čtrnáct patnáct šestnáct sedmnáct osmnáct devatenáct",
}
TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "fr": "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt",
    "cs": "dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát",
}
AGAIN = {
    "en": {2: "double", 3: "triple"},
    "fr": {2: "deux fois le", 3: "triple"},
    "cs": {2: "dvakrát", 3: "třikrát"},
}


def one_by_one(language: str, digits: str) -> str:
    return " ".join(ONES[language].split()[int(digit)] for digit in digits)


def below_100(language: str, value: int) -> str:
    ones, teens, tens = (table[language].split() for table in (ONES, TEENS, TENS))
    if value < 20:
        return ones[value] if value < 10 else teens[value - 10]
    ten, unit = divmod(value, 10)
    if language == "fr" and ten in (7, 9):
        return f"{tens[ten - 2]} {'et ' if value == 71 else ''}{teens[unit]}"
    if language == "fr" and unit == 1 and ten != 8:
        return f"{tens[ten - 2]} et un"
    return f"{tens[ten - 2]} {ones[unit]}" if unit else tens[ten - 2]


def unit_first(language: str, value: int) -> str:
    """ "Dvaačtyřicet", as most Czechs say it."""
    ten, unit = divmod(value, 10)
    if ten < 2 or not unit:
        return below_100(language, value)
    return f"{ONES['cs'].split()[unit]}a{TENS['cs'].split()[ten - 2]}"


def by_pairs(language: str, digits: str, say: Callable[[str, int], str] = below_100) -> str:
    pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
    return " ".join(say(language, int(pair)) if pair[0] != "0" else one_by_one(language, pair) for pair in pairs)


def repeated(language: str, digits: str) -> str:
    """ "Double seven", wherever a digit stands twice or three times."""
    said: list[str] = []
    at = 0
    while at < len(digits):
        times = next((n for n in (3, 2) if digits[at : at + n] == digits[at] * n), 1)
        said += [AGAIN[language][times]] if times > 1 else []
        said.append(one_by_one(language, digits[at]))
        at += times
    return " ".join(said)


def ways(language: str, digits: str) -> Iterator[Callable[[str], str]]:
    yield lambda number: one_by_one(language, number)
    if language == "ko":
        yield lambda number: one_by_one(language, number).replace(" ", "")
        return
    yield lambda number: by_pairs(language, number)
    yield lambda number: repeated(language, number)
    yield lambda number: f"{one_by_one(language, number[0])} {by_pairs(language, number[1:])}"
    if language == "cs":
        yield lambda number: by_pairs(language, number, unit_first)


@pytest.mark.parametrize("language", ["en", "fr", "cs", "ko"])
@settings(max_examples=150, deadline=None)
@given(digits=st.text("0123456789", min_size=4, max_size=12))
def test_a_number_said_in_any_usual_way_comes_back(config: Config, language: str, digits: str) -> None:
    for say in ways(language, digits):
        number = spoken(config, language, say(digits), (len(digits),))
        assert number.share == 1.0
        if number.digits != digits:  # the same words may stand for several numbers of this length: never one for sure
            assert not number.sure, say(digits)
            assert digits in number.alternatives or len(number.alternatives) == MAX_ALTERNATIVES, say(digits)


@pytest.mark.parametrize("language", ["en", "fr", "cs"])
def test_every_number_below_a_hundred_is_read(config: Config, language: str) -> None:
    for value in range(10, 100):
        number = spoken(config, language, below_100(language, value))
        assert (number.digits, number.sure) == (str(value), True)


@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["quatre", "vingt", "dix", "sept", "cent", "mille", "et", "un", "fois", "euh", "non", "42"])
    )
)
def test_any_row_of_words_gives_digits_or_nothing(config: Config, words: list[str]) -> None:
    number = spoken(config, "fr", " ".join(words), (5, 6))
    assert number.digits == "" or number.digits.isdigit()
    assert 0 <= number.share <= 1
    assert number.digits not in number.alternatives


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "my order number is forty two seventy one nine"),
        ("fr", "quarante deux soixante et onze neuf"),
        ("cs", "dvaačtyřicet jedenasedmdesát devět"),
    ],
)
def test_reading_a_number_takes_no_time_worth_mentioning(config: Config, language: str, text: str) -> None:
    fastest = min(_seconds(lambda: spoken(config, language, text, FIVE)) for _ in range(50))
    assert fastest < 0.001  # about 0.1 ms on an idle machine


def test_a_very_long_ramble_of_number_words_is_still_read_quickly(config: Config) -> None:
    assert _seconds(lambda: spoken(config, "fr", "quatre vingt dix " * 60, FIVE)) < 1


def _seconds(act: Callable[[], object]) -> float:
    start = time.thread_time()
    act()
    return time.thread_time() - start


# Check digits.


@pytest.mark.parametrize(
    ("digits", "check"),
    [
        ("79927398713", "luhn"),
        ("4539148803436467", "luhn"),
        ("79444", "mod97"),
        ("3214282912345698765432161182", "mod97"),  # the worked example of an account number in digits
        ("4006381333931", "ean13"),
        ("5901234123457", "ean13"),
    ],
)
def test_a_check_digit_tells_a_right_number_from_every_number_with_one_digit_misheard(digits: str, check: str) -> None:
    assert valid(digits, check)
    for at, digit in enumerate(digits):
        misheard = f"{digits[:at]}{(int(digit) + 1) % 10}{digits[at + 1 :]}"
        assert not valid(misheard, check)


def test_what_is_no_number_is_not_valid_and_an_unknown_check_is_our_mistake() -> None:
    for check in CHECKS:
        for text in ("", "0", "00", "12a4", "４２７"):
            assert not valid(text, check)
    with pytest.raises(KeyError):
        valid("42719", "crc")


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("en", "for two seven one nine", "42719"),
        ("en", "four too seven won nine", "42719"),
        ("en", "ate to seven one nine", "82719"),
        ("en", "five times five", "55555"),
        ("fr", "deux zéros sept un neuf", "00719"),
        ("fr", "cinq fois neuf", "99999"),
    ],
)
def test_a_number_is_read_as_callers_and_keyboards_put_it(
    config: Config, language: str, text: str, digits: str
) -> None:
    number = config.grammars[language].digit_words.number(text, (5,))
    assert (number.digits, number.share) == (digits, 1.0)


def test_words_that_sound_like_digits_are_none_in_a_sentence(config: Config) -> None:
    number = config.grammars["en"].digit_words.number("i want to ask for order two seven one nine", (5, 6))
    assert number.digits == "2719"


# Every word is accounted for.


@pytest.mark.parametrize(
    ("language", "text", "digits", "sure"),
    [
        ("en", "four two seven one eight, no nine", "42719", True),
        ("en", "four two seven one eight no one nine", "42719", True),
        ("en", "four two eight no seven one nine", "42719", False),  # or is "719" all that was said anew?
        ("en", "four two eight no four two seven one nine", "42719", True),
        ("en", "nine double oh double seven no double six", "90066", True),
        ("en", "not five oh five oh five, four two seven one nine", "42719", True),
        ("en", "it's not 50505, it's 42719", "42719", True),
        ("en", "42719, not 50505", "42719", True),
        ("en", "four two seven one nine is my order number", "42719", True),
        ("fr", "quatre deux sept un huit non neuf", "42719", True),
        ("fr", "pas 50505, 42719", "42719", True),
        ("cs", "čtyři dva sedm jedna osm, ne devět", "42719", True),
        ("cs", "není to 50505, je to 42719", "42719", True),
    ],
)
def test_a_correction_replaces_the_digits_that_it_corrects(
    config: Config, language: str, text: str, digits: str, sure: bool
) -> None:
    number = spoken(config, language, text, FIVE)
    assert (number.digits, number.sure, number.share) == (digits, sure, 1.0)


@settings(max_examples=100, deadline=None)
@given(digits=st.text("0123456789", min_size=5, max_size=5), wrong=st.text("0123456789", min_size=1, max_size=4))
def test_any_last_digits_may_be_corrected(config: Config, digits: str, wrong: str) -> None:
    first, last = digits[: -len(wrong)], digits[-len(wrong) :]
    said = f"{one_by_one('en', first + wrong)} no {one_by_one('en', last)}"
    number = spoken(config, "en", said, FIVE)
    assert (number.digits, number.share, number.restarted) == (digits, 1.0, False)


def test_a_correction_of_the_last_digit_waits_for_the_rest(config: Config) -> None:
    number = spoken(config, "en", "four two eight no seven", FIVE)
    assert (number.digits, number.restarted) == ("427", False)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "not five oh five oh five"),
        ("en", "the last three are seven one nine"),
        ("en", "it ends in seven one nine"),
        ("en", "my postcode is one oh double oh one"),
        ("en", "my phone number is four two seven one nine"),
        ("en", "i have two orders"),
        ("en", "i have one order"),
        ("en", "the one on the receipt?"),
        ("en", "i'm eighty two years old"),
        ("fr", "j'ai quatre-vingt-deux ans"),
        ("fr", "j'ai une commande"),
        ("fr", "les trois derniers sont sept un neuf"),
        ("fr", "mon code postal c'est le 42719"),
        ("cs", "mám dvě objednávky"),
        ("cs", "mám jednu objednávku"),
        ("cs", "moje psč je 42719"),
        ("en", "um uh well please"),
        ("en", "vier zwei seven quatre pět nine"),
        ("en", "four two seven one nine " * 40),
    ],
)
def test_digits_that_are_something_else_or_beside_unknown_words_are_no_number(
    config: Config, language: str, text: str
) -> None:
    assert config.grammars[language].understand(text, Expecting("digits", FIVE)).digits == ""


def test_the_name_of_another_number_is_no_lead_to_the_one_asked_for(config: Config) -> None:
    def taken(text: str, slot: str) -> str:
        return config.grammars["en"].understand(text, Expecting("digits", FIVE, slot=slot)).digits

    assert taken("my order number is 42719", "order_number") == "42719"
    assert taken("my order number is 42719", "postcode") == ""
    assert taken("my postcode is 42719", "postcode") == "42719"
    assert taken("my postcode is 42719", "order_number") == ""
    assert taken("it's 42719", "contract") == "42719"
