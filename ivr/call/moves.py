"""Everything that can happen in a state of a call, one of each kind, and in words; for the proof."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from ivr.call.call import Call
from ivr.call.events import Answered, Elapsed, Event, Failed, Heard, Pressed
from ivr.call.plan import Languages
from ivr.call.state import (
    ConfirmingChange,
    ConfirmingRequest,
    ConfirmingSlot,
    Filling,
    Leaving,
    Offering,
    Open,
    Working,
)
from ivr.grammar import BUILT_IN, LANGUAGE, PERSON, Expecting, Grammar, Meaning, valid

Move = tuple[str, Event]
"""What the caller does, in words, and the event it is."""


class Words(Grammar):
    """A grammar of the names of the intents and plain digits, whatever the language."""

    def understand(self, text: str, _: Expecting) -> Meaning:
        """A number, or an intent by its name."""
        if text.isdigit():
            return Meaning(None, 1.0, 1.0, text, text)
        return Meaning(text, 1.0, 1.0, text) if text != "unknown" else Meaning(None)

    def asks_for_person(self, text: str) -> bool:
        """The intent by its name."""
        return text == PERSON

    def knows_a_word(self, _: str, __: Expecting) -> bool:
        """Whatever is said is speech."""
        return True


WORDS = Words("xx", {})
LANGUAGES = Languages({"yy": Words("yy", {})}, {"9": "yy"})


def moves(call: Call, examples: Mapping[str, str]) -> Iterator[Move]:
    """Whatever may come next.  ``examples``: a sentence of each intent, for the words."""
    unsure = (call.plan.bands.accept + call.plan.bands.confirm) / 2
    requests = list(call.plan.requests)
    # Elsewhere another request, whichever it is, is a change of mind; half understood, all that is no request is alike.
    between = isinstance(call.asking.state, Open | ConfirmingRequest | Leaving)
    for intent in (*BUILT_IN, *(requests if between else requests[:1])):
        if intent != PERSON:
            yield f"says “{examples.get(intent, intent)}”", Heard(intent, 1.0)
    for intent in ("robot", *(requests if between else ())):
        yield f"says “{examples.get(intent, intent)}”, half understood", Heard(intent, unsure)
    yield "asks for another language", Heard(f"{LANGUAGE}yy", 1.0)
    yield from _numbers(call, 1.0)
    yield from _numbers(call, unsure)
    match call.asking.state:
        case Filling():
            yield from ((f"presses {key}", Pressed(key)) for key in "4*#")
            yield "says 4", Heard("4", 1.0)
        case ConfirmingRequest() | ConfirmingSlot() | ConfirmingChange() | Offering():
            yield from ((f"presses {key}", Pressed(key)) for key in "12")
        case Open():
            yield "presses the key of another language", Pressed("9")
    yield from _answers(call)
    yield "mumbles", Heard("", 0.0, speech_ms=2_000)
    yield from _unhelpful(call)


def in_vain(call: Call) -> Iterator[Move]:
    """Answers that do not help.  Waiting for the business is none."""
    if isinstance(call.asking.state, Working):
        return iter((("says something unknown", Heard("unknown", 1.0)),))
    return iter((("asks for a moment", Heard("wait", 1.0)), *_unhelpful(call)))


def nothing_found(call: Call) -> Iterator[Move]:
    """Answers of the business that make it ask again, or that know nothing."""
    state = call.asking.state
    if isinstance(state, Working):
        again = [name for name, outcome in state.errand.request.outcomes.items() if outcome.again]
        for name in ["none"] if state.errand.slot or state.errand.purpose == "proof" else again[:1]:
            yield f"waits for the answer “{name}”", Answered(state.work, name)


def _unhelpful(call: Call) -> Iterator[Move]:
    """What a caller does who cannot or will not help."""
    silent_ms = call.plan.timing.no_input_ms
    yield f"says nothing for {silent_ms / 1000:g} s", Elapsed(silent_ms)
    yield "says something unknown", Heard("unknown", 1.0)
    yield from _numbers(call, 1.0)


def _numbers(call: Call, sure: float) -> Iterator[Move]:
    """A number that can be right, and one that cannot, where one is asked for."""
    state = call.asking.state
    if isinstance(state, Filling | ConfirmingSlot):
        length = max(state.slot.lengths, default=0)
        right = "1" if state.slot.kind == "choice" else _example(length, state.slot.check)
        for digits in (right, "9" * (length + 1)):
            yield f"says {digits}", Heard(digits, sure)


@cache
def _example(length: int, check: str | None) -> str:
    numbers = (f"{ending:0{length}d}" for ending in range(10 ** min(length, 3)))
    return next((number for number in numbers if check is None or valid(number, check)), "0" * length)


def _answers(call: Call) -> Iterator[Move]:
    """What the business may answer; with values, when it was asked for the caller's own."""
    state = call.asking.state
    if not isinstance(state, Working):
        return
    kinds = {str(replace(each, say="")): name for name, each in state.errand.request.outcomes.items()}
    for name in {"found", "none", "verified", "allowed", *kinds.values()}:
        for values in ((), ("4",), ("4", "5")) if state.errand.slot else ((),):
            yield f"waits for the answer “{name}”", Answered(state.work, name, {"values": values})
    yield "waits", Failed(state.work, "the proof says so")
