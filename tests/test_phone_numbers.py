"""Telephone numbers as networks and people write them: who calls, what was dialled, who can be called back."""

import pytest

from ivr.phone_numbers import callback_number, calling_number, dialled_line

LINES = {"+15550133": "fr", "+12025550100": "en"}


@pytest.mark.parametrize(
    "said",
    [
        "",
        " ",
        "anonymous",
        "Restricted",
        "UNAVAILABLE",
        "Blocked",
        "Private number",
        "+266696687",
        "266696687",
        "+7378742833",
        "+17378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
        "client:jane",
        "client:+12025550142",
        "sip:anonymous@anonymous.invalid",
        "sip:reception@pbx.example.com",
        "sip:+266696687@pbx.example.com",
        "+0000000000",
        "911",
        "+1",
        "1" * 30,
    ],
)
def test_a_withheld_number_and_what_is_no_number_is_nobody_s(said: str) -> None:
    assert calling_number(said, "US") == ""


@pytest.mark.parametrize(
    "said",
    [
        "+12025550142",
        "12025550142",
        " +1 (202) 555-0142",
        "2025550142",
        "tel:+1-202-555-0142",
        "sip:+12025550142@pbx.example.com",
        "SIP:12025550142@10.0.0.1:5061;transport=tls",
        "<sips:%2B12025550142@pbx.example.com;user=phone>",
        "0012025550142",
    ],
)
def test_a_caller_is_the_same_however_the_number_is_written(said: str) -> None:
    assert calling_number(said, "US") == "+12025550142"


def test_numbers_of_other_countries_and_without_an_area_code_stay_apart() -> None:
    assert calling_number("+420777123456", "US") == "+420777123456"
    assert calling_number("0612345678", "FR") == "+33612345678"
    assert calling_number("+15550199", "US") == "+15550199"
    assert calling_number("+74951234567", "US") == "+74951234567", "a Russian number that spells no word"


@pytest.mark.parametrize(
    "said", ["+15550133", "15550133", "sip:+15550133@ivr.example.com", "+1 555-0133", " +15550133", "0015550133"]
)
def test_a_line_is_the_same_however_it_was_dialled(said: str) -> None:
    assert dialled_line(said, LINES, "US") == "+15550133"


def test_a_line_in_the_countrys_own_spelling_is_known_and_a_name_is_none() -> None:
    assert dialled_line("(202) 555-0100", LINES, "US") == "+12025550100"
    assert {dialled_line(each, LINES, "US") for each in ("", "sip:support@x", "+15550134")} == {None}


@pytest.mark.parametrize(
    ("keyed", "number"),
    [
        ("2025550117", "+12025550117"),
        ("12025550117", "+12025550117"),
        ("00420777123456", "+420777123456"),
        ("011420777123456", "+420777123456"),
        ("4165550123", "+14165550123"),
    ],
)
def test_a_callback_is_promised_to_a_number_that_can_be_called(keyed: str, number: str) -> None:
    assert callback_number(keyed, "US") == number


@pytest.mark.parametrize(
    "keyed", ["0000000000", "1111111111", "1234567890", "9005550123", "8765550123", "0018765550123", "911", "12", ""]
)
def test_no_callback_is_promised_to_premium_numbers_and_to_nobody(keyed: str) -> None:
    assert callback_number(keyed, "US") is None


def test_what_is_premium_depends_on_where_the_company_is() -> None:
    assert callback_number("8765550123", "JM") == "+18765550123"
    assert callback_number("0899123456", "FR") is None
    assert callback_number("906123456", "CZ") is None
