"""YAML as supervisors write it: a word is a word, what is written is read back, and every value has its line."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml import YAMLError

from ivr.config.source import Source
from ivr.yaml_text import Endless, dump, parse

SCALARS: dict[str, Any] = {
    "no": "no",
    "on": "on",
    "12:30": "12:30",
    "12-24": "12-24",
    "2026-12-24": date(2026, 12, 24),
    "2026-11-24 10:00": "2026-11-24 10:00",
    "017": 17,
    "08": 8,
    "0o17": 15,
    "0x1F": 31,
    "1_000": 1000,
    "1e3": 1000.0,
    ".5": 0.5,
    "~": None,
    "": None,
    "True": True,
    "tRue": "tRue",
    "=": "=",
    "'1'": "1",
}


@pytest.mark.parametrize("written", SCALARS)
def test_a_value_is_what_yaml_1_2_says(written: str) -> None:
    (value,) = parse(f"- {written}")[0]
    assert value == SCALARS[written] and type(value) is type(SCALARS[written])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(list(SCALARS)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(SCALARS)), inner),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert parse(dump(value))[0] == value


@pytest.mark.parametrize(
    "text",
    [
        "a: 2026-13-01",
        "a: !!bool perhaps",
        "a: !!python/object:os.system x",
        "a: 1\nb: {c: 1, c: 2}",
        "? [a]\n: b",
        "a: {<<: 3}",
        "a: 1\n---\nb: 2",
        "[" * 100_000,
        "\x00",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(YAMLError):
        parse(text)


def test_neither_aliases_nor_merges_can_explode() -> None:
    lists, merges = "a: &a [x, y]\n", "a: &a {x: 1}\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True):
        lists += f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
        merges += f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 8)}]}}\n"
    for text in (lists, merges, "a: &a [*a]", "a: &a {<<: *a}"):
        with pytest.raises(Endless):
            parse(text)


def test_every_value_has_its_line_also_one_that_was_merged() -> None:
    text = "base: &base\n  x: 1\n  y: 2\nother:\n  <<: *base\n  y: 3\nlist:\n- a\n- 12-24: b\n  2026-12-24: c\n"
    source = Source("file", *parse(text))
    lines = {
        ("other",): 4,
        ("other", "x"): 2,
        ("other", "y"): 6,
        ("list", 1): 9,
        ("list", 1, date(2026, 12, 24)): 10,
        ("list", 1, "nowhere", "below"): 9,
        ("list", 7): 7,
        ("nowhere",): 1,
    }
    assert {place: source.line(place) for place in lines} == lines
