"""Any bytes are accepted, or rejected as documented: a moment of what ``python -m tests.fuzz`` does for longer."""

from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import NAMES

EXAMPLES = {"media": 500, "session": 40, "webhooks": 100, "files": 5, "imports": 200, "numbers": 200}
PIECES = (b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"[" * 5000, b"{", b'"', b"null", b"9" * 5000, b"\n", b"%00")
_START = b'{"event":"start","start":{"streamSid":"MZ1","callSid":'
FOUND = {
    "media": [
        _START + b'"\\ud800"}}',
        b'{"event":"mark","mark":{"name":"\\ud800"}}',
        b'{"event":' + b"1" * 5000 + b"}",
    ],
}
"""What broke something once."""

put_in = st.one_of(st.binary(max_size=8), st.sampled_from(PIECES))
edits = st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 40), put_in), max_size=4)


def changed(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """A good input with some of it cut out and something else put in."""
    for where, cut, put in edits:
        at = where % (len(seed) + 1)
        seed = seed[:at] + put + seed[at + cut :]
    return seed


@pytest.mark.parametrize("name", NAMES)
def test_whatever_comes_is_accepted_or_rejected_as_documented(name: str) -> None:
    harness = import_module(f"tests.fuzz.{name}")
    for seed in [*harness.SEEDS, *FOUND.get(name, ()), b""]:
        harness.one(seed)

    @settings(max_examples=EXAMPLES[name], deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(harness.SEEDS), edits)
    def try_out(seed: bytes, made: list[tuple[int, int, bytes]]) -> None:
        harness.one(changed(seed, made))

    try_out()
