"""``ivr understand``: the answer to a question, as JSON."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from ivr.cli.understand import understand


def answer(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(understand, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--as", "number", "four two seven one eight, no nine"), ("42719", None, "accept", None)),
        (("--digits", "four two seven one nine"), ("42719", None, "accept", None)),
        (("--as", "number", "my postcode is one oh double oh one"), (None, None, "transfer", "no_match")),
        (("--as", "number", "--language", "fr", "vingt quatre vingt deux"), ("24202", None, "confirm", None)),
        (("--as", "day", "--today", "2026-12-02", "a week on tuesday"), (None, "2026-12-15", "accept", None)),
        (("--as", "day", "--today", "2026-12-02", "any day except friday"), (None, None, "transfer", "no_match")),
        (("--as", "day", "an advisor please"), (None, None, "transfer", "asked")),
    ],
)
def test_a_number_or_a_day_is_printed_with_what_a_call_does(
    arguments: tuple[str, ...], found: tuple[str | None, ...]
) -> None:
    printed = answer(*arguments)
    assert (printed["number"], printed["day"], printed["decision"], printed["reason"]) == found


def test_a_request_has_no_number_and_no_day() -> None:
    printed = answer("where is my order")
    assert (printed["intent"], printed["number"], printed["day"]) == ("order_status", None, None)


def test_a_day_that_is_none_is_a_mistake_of_the_command_line() -> None:
    assert CliRunner().invoke(understand, ["friday", "--as", "day", "--today", "soon"]).exit_code == 2
