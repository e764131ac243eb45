"""The proof that a plan keeps nobody: the real call is led into every state it can reach, and a person asked for there.

States are explored with everything forgiven that only shortens a call (misses, turns, seconds): what a call with less
patience left can reach is among them.  In each state a human phrase, the key 0 and a failure of ours must lead to a
person at once; and a caller who is never understood, whose numbers are never found, or who says nothing must be with a
person (or, when something was done for them, hear the farewell) within the limits below, whatever the files say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from typing import Any, cast

from ivr.call.actions import Action, Finish, Transfer
from ivr.call.call import FAREWELL_MS, Call
from ivr.call.events import Answered, Broken, Elapsed, Event, Failed, Heard, Partial, Played, Pressed, Started
from ivr.call.history import History
from ivr.call.known import Known
from ivr.call.plan import Plan, RequestPlan, SlotPlan
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
from ivr.grammar import BUILT_IN, PERSON, Expecting, Grammar, Meaning, valid

MOST_ANSWERS = 15  # that a caller may give in a row without being understood or found
MOST_SILENT_S = 60  # that a caller who says nothing may hear nothing but questions, their own length not counted
MOST_TURNS, MOST_SECONDS = 40, 900  # a call that the machine still has after this helps nobody
MOST_STATES = 20_000  # the shipped files: some hundred

_IN_REQUEST = Filling | ConfirmingSlot | ConfirmingChange | Working
_COUNTERS = ("elapsed_ms", "_silent_ms", "_keyed_ms", "_idle_keys")
_OF_ASKING = ("turns", "_impatient", "_offered")  # the last two only change what is said
_NOT_COMPARED = {
    *_COUNTERS,
    *_OF_ASKING,
    "_talking",
    "_speaking",
    "plan",
    "_plan",
    "grammar",
    "_languages",
    "_keys",
    "_asking",
    "said",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """A way to be kept.  ``path``: what such a caller does; ``setting``: the place in config/ivr.yaml, if it is one."""

    what: str
    path: tuple[str, ...]
    setting: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what} (the caller {', then '.join(self.path)})" if self.path else self.what


def prove(plan: Plan, grammar: Grammar, make: type[Call] = Call) -> tuple[list[Flaw], int]:
    """The flaws of a plan, the first of each kind, and in how many states was looked for them."""
    examples: dict[str, str] = {}
    for sentence, intent in grammar.sentences.items():
        examples.setdefault(intent, sentence)
    plan = replace(plan, requests=_one_of_each(plan.requests))
    places = _explore(plan, make, examples)
    found = [*_limits(plan, places), *_at_once(places), *_stubborn(places)]
    return list({flaw.what: flaw for flaw in reversed(found)}.values())[::-1], len(places)


def unheard(grammar: Grammar) -> list[Flaw]:
    """The human phrases of a language that would not reach a person."""
    return [
        Flaw(f"a human phrase in {grammar.language!r} is not understood", (f"says “{sentence}”",))
        for sentence, intent in grammar.sentences.items()
        if intent == PERSON and not grammar.asks_for_person(sentence)
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """A call in some state, and what its caller did to come there."""

    call: Call
    path: tuple[str, ...]


class _Words:
    """A grammar of the names of the intents and plain digits, whatever the language."""

    def understand(self, text: str, _: Expecting) -> Meaning:
        if text.isdigit():
            return Meaning(None, 1.0, 1.0, text, text)
        return Meaning(text, 1.0, 1.0, text) if text != "unknown" else Meaning(None)

    def asks_for_person(self, text: str) -> bool:
        return text == PERSON

    def knows_a_word(self, _: str, __: Expecting) -> bool:
        return True


def _one_of_each(requests: Mapping[str, RequestPlan]) -> dict[str, RequestPlan]:
    """Requests that behave alike are looked at once."""
    kinds: dict[str, str] = {}
    for intent, request in requests.items():
        slots = tuple(
            replace(slot, ask="", confirm="", own=slot.own and "", choices=slot.choices and "", name=str(at))
            for at, slot in enumerate(request.slots)
        )
        bare = replace(request, intent="", slots=slots, outcomes={}, topic=request.topic and "")
        bare = replace(bare, before=bare.before and "", action=bare.action and "", confirm=bare.confirm and "")
        outcomes = sorted({str(replace(outcome, say="")) for outcome in request.outcomes.values()})
        kinds.setdefault(f"{bare} {outcomes}", intent)
    return {intent: requests[intent] for intent in kinds.values()}


# -- Every state ------------------------------------------------------------------------------------------------------


def _explore(plan: Plan, make: type[Call], examples: Mapping[str, str]) -> list[_Place]:
    found: dict[object, _Place] = {}
    todo = [_Place(make(plan, cast(Grammar, _Words()), caller), ()) for caller in ("", "+15550100")]
    for place in todo:
        place.call.handle(Started())
    while todo and len(found) < MOST_STATES:
        following = []
        for place in todo:
            _forgive(place.call, misses=True)
            key = _key(place.call)
            if key not in found:
                found[key] = place
                following += [after for after in _after(place, _moves(place.call, examples)) if not after.call.over]
        todo = following
    return list(found.values())


def _after(place: _Place, moves: Iterable[tuple[str, Event]]) -> Iterator[_Place]:
    """Where each move leads.  Prompts are heard to their end, but for the farewell: into that, the caller may speak."""
    for what, event in moves:
        call = _twin(place.call)
        call.handle(event)
        if not isinstance(call.asking.state, Leaving):
            call.handle(Played())
        yield _Place(call, (*place.path, what) if what else place.path)


def _moves(call: Call, examples: Mapping[str, str]) -> Iterator[tuple[str, Event]]:
    """Everything that can happen in a state, one of each kind."""
    unsure = (call.plan.bands.accept + call.plan.bands.confirm) / 2
    requests = list(call.plan.requests)
    # Elsewhere another request, whichever it is, is a change of mind; half understood, all that is no request is alike.
    between = isinstance(call.asking.state, Open | ConfirmingRequest | Leaving)
    for intent in (*BUILT_IN, *(requests if between else requests[:1])):
        if intent != PERSON:
            yield f"says “{examples.get(intent, intent)}”", Heard(intent, 1.0)
    for intent in ("robot", *(requests if between else ())):
        yield f"says “{examples.get(intent, intent)}”, half understood", Heard(intent, unsure)
    yield from _numbers(call, 1.0)
    yield from _numbers(call, unsure)
    match call.asking.state:
        case Filling():
            yield from ((f"presses {key}", Pressed(key)) for key in "4*#")
            yield "says 4", Heard("4", 1.0)
        case ConfirmingRequest() | ConfirmingSlot() | ConfirmingChange() | Offering():
            yield from ((f"presses {key}", Pressed(key)) for key in "12")
    yield from _answers(call)
    yield "mumbles", Heard("", 0.0, speech_ms=2_000)
    yield from _unhelpful(call)


def _unhelpful(call: Call) -> Iterator[tuple[str, Event]]:
    """What a caller does who cannot or will not help."""
    silent_ms = call.plan.timing.no_input_ms
    yield f"says nothing for {silent_ms / 1000:g} s", Elapsed(silent_ms)
    yield "says something unknown", Heard("unknown", 1.0)
    yield from _numbers(call, 1.0)


def _numbers(call: Call, sure: float) -> Iterator[tuple[str, Event]]:
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


def _answers(call: Call) -> Iterator[tuple[str, Event]]:
    """What the business may answer; with values, when it was asked for the caller's own."""
    state = call.asking.state
    if not isinstance(state, Working):
        return
    kinds = {str(replace(each, say="")): name for name, each in state.errand.request.outcomes.items()}
    for name in {"found", "none", "verified", "allowed", *kinds.values()}:
        for values in ((), ("4",), ("4", "5")) if state.errand.slot else ((),):
            yield f"waits for the answer “{name}”", Answered(state.work, name, {"values": values})
    yield "waits", Failed(state.work, "the proof says so")


# -- What must hold in each -------------------------------------------------------------------------------------------


def _limits(plan: Plan, places: list[_Place]) -> Iterator[Flaw]:
    """Limits of one call that only the budget keeps: no state is needed to see them broken."""
    if len(places) >= MOST_STATES:
        yield Flaw(f"a call can be in more than {MOST_STATES:,} states, too many to look at", ())
    if plan.budget.turns > MOST_TURNS:
        path = next((place.path for place in places if place.call.asking.history.served), ())
        what = f"a caller who is always answered may be kept for {plan.budget.turns} turns, more than {MOST_TURNS}"
        yield Flaw(what, (*path, "asks on and on"), ("budget", "turns"))
    if plan.budget.seconds > MOST_SECONDS:
        what = f"a caller may be kept for {plan.budget.seconds} seconds, more than {MOST_SECONDS}"
        yield Flaw(what, ("talks without a pause",), ("budget", "seconds"))


def _at_once(places: list[_Place]) -> Iterator[Flaw]:
    for place in places:
        for playing in (False, True):
            place.call._speaking = playing
            for what, event in (
                ("asks for a person", Partial(PERSON)),
                ("asks for a person", Heard(PERSON, 1.0)),
                ("asks for a person, hardly understood,", Heard(PERSON, 0.0)),
                ("presses 0", Pressed("0")),
                ("meets a failure of ours", Broken("the proof says so")),
            ):
                if not _reaches_person(place.call, event):
                    yield Flaw(f"who {what} is not put through at once", (*place.path, what))
        place.call._speaking = False
        yield from _silence(place)


def _reaches_person(call: Call, event: Event) -> bool:
    state, call = call.asking.state, _twin(call)
    if _transfers(call.handle(event)):
        return True
    if not (isinstance(event, Pressed) and isinstance(state, Filling) and state.keyed):
        return False
    # Within a number being keyed, 0 is a digit: it completes the number, or a person follows unless another key does.
    return len(state.keyed) + 1 in state.slot.lengths or _transfers(call.handle(Elapsed(call.plan.timing.keypad_ms)))


def _transfers(actions: list[Action]) -> bool:
    return any(isinstance(action, Transfer) for action in actions)


def _silence(place: _Place) -> Iterator[Flaw]:
    """A caller who says nothing any more, and one whose time is over."""
    call, waited_ms, path = _twin(place.call), 0, place.path
    step_ms = call.plan.timing.no_input_ms
    while not call.over and waited_ms <= MOST_SILENT_S * 1000:
        done = [*call.handle(Elapsed(step_ms)), *call.handle(Played())]
        waited_ms, path = waited_ms + step_ms, (*path, f"says nothing for {step_ms / 1000:g} s")
        if any(isinstance(action, Finish) for action in done) and not call.asking.history.content:
            yield Flaw("a caller for whom nothing was done is sent away", path)
    if not call.over:
        setting = ("timing", "no_input") if step_ms * 5 > MOST_SILENT_S * 1000 else ("budget", "silences")
        yield Flaw(f"a caller who says nothing is not with a person after {MOST_SILENT_S} s", path, setting)
    call = _twin(place.call)
    call.elapsed_ms = 2 * call.plan.budget.seconds * 1000
    call.handle(Elapsed(FAREWELL_MS))
    if not call.over:
        yield Flaw("a call outlasts its budget", place.path, ("budget", "seconds"))


def _stubborn(places: list[_Place]) -> Iterator[Flaw]:
    """A caller who is never understood or found, beginning in every state."""
    layer = places
    for _ in range(MOST_ANSWERS):
        following: dict[object, _Place] = {}
        todo = [after for place in layer for after in _after(place, _in_vain(place.call))]
        while todo:
            place = todo.pop()
            _forgive(place.call, misses=False)
            key = _key(place.call)
            if place.call.over or key in following:
                continue
            following[key] = place
            todo += _after(place, _nothing_found(place.call))
        layer = list(following.values())
    if layer:
        path = min((place.path for place in layer), key=len)
        yield Flaw(f"a caller may give more than {MOST_ANSWERS} answers in vain", path, ("budget", "misses"))


def _in_vain(call: Call) -> Iterator[tuple[str, Event]]:
    """Answers that do not help.  Waiting for the business is none."""
    waiting = isinstance(call.asking.state, Working)
    return iter((("says something unknown", Heard("unknown", 1.0)),)) if waiting else _unhelpful(call)


def _nothing_found(call: Call) -> Iterator[tuple[str, Event]]:
    """Answers that ask again, or know nothing."""
    state = call.asking.state
    if isinstance(state, Working):
        again = [name for name, outcome in state.errand.request.outcomes.items() if outcome.again]
        for name in ["none"] if state.errand.slot or state.errand.purpose == "proof" else again[:1]:
            yield f"waits for the answer “{name}”", Answered(state.work, name)


# -- Calls as values --------------------------------------------------------------------------------------------------


def _forgive(call: Call, misses: bool) -> None:
    """Give back what only shortens a call: patience, and between two requests what is known, which is asked again."""
    for name in _COUNTERS:
        setattr(call, name, 0)
    for name in _OF_ASKING:
        setattr(call.asking, name, 0)
    call.service._work = 0
    call.dialogue._unsure = False
    call.service._known = _forget_others(call)
    if misses:
        call.asking._misses.clear()
        call.service._known.failures = 0
    call.asking.history._said.clear()


def _forget_others(call: Call) -> Known:
    """What is known for the present request; what else is known only shortens a later one."""
    known, request = call.service._known, call.service._request
    if request is None or not isinstance(call.asking.state, _IN_REQUEST):
        call.service._request = None
        return Known(known.caller)
    names = {slot.name for slot in (*request.slots, *(proof.slot for proof in request.proofs if proof.slot))}
    return replace(
        known,
        slots={name: value for name, value in known.slots.items() if name in names},
        own={slot.own: known.own[slot.own] for slot in request.slots if slot.own in known.own},
    )


@cache
def _changes(kind: type[Any]) -> bool:
    """True for a class whose objects change while a call lasts."""
    if kind in (str, int, float, bool, tuple, type(None), Plan, _Words):
        return False
    return not (is_dataclass(kind) and kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def _twin(value: Any, twins: dict[int, Any] | None = None) -> Any:
    """A copy that shares only what never changes.  ``twins``: what was copied already, for what is held twice."""
    twins = {} if twins is None else twins
    if (twin := twins.get(id(value))) is not None:
        return twin
    kind = type(value)
    twin = twins[id(value)] = object.__new__(kind)
    names = value.__slots__ if hasattr(value, "__slots__") else value.__dict__
    for name in names:
        each = getattr(value, name)
        if each.__class__ in (list, set, dict):
            each = each.copy()
        elif _changes(each.__class__):
            each = _twin(each, twins)
        object.__setattr__(twin, name, each)
    return twin


def _key(value: Any) -> object:
    """The same for calls that go on alike."""
    match value:
        case str() | int() | float() | None:
            return value
        case tuple():
            return tuple(map(_key, value))
        case list():
            return tuple(sorted(value))
        case dict() | set():
            return frozenset(value)
        case RequestPlan():
            return value.intent
        case SlotPlan():
            return value.name
        case History():
            return value.content
        case Working():  # waiting longer only shortens it
            return _key(value.errand)
        case Filling(slot=slot):  # between the first digit and the last but one, a number is like itself
            so_far = [min(len(digits), 1) + (len(digits) + 1 in slot.lengths) for digits in (value.digits, value.keyed)]
            return value.request.intent, slot.name, len(value.choices), *so_far
    names = value.__slots__ if hasattr(value, "__slots__") else value.__dict__
    return (type(value), *[_key(getattr(value, name)) for name in names if name not in _NOT_COMPARED])
