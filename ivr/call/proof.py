"""The proof that a plan keeps nobody: the real call is led into every state it can reach, and a person asked for there.

States are explored with everything forgiven that only shortens a call (misses, turns, seconds): what a call with less
patience left can reach is among them.  In each state a human phrase, the key 0 and a failure of ours must lead to a
person at once; and a caller who is never understood, whose numbers are never found, or who says nothing must be with a
person (or, when something was done for them, hear the farewell) within the limits below, whatever the files say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ivr.call.actions import Action, Finish, Transfer
from ivr.call.call import FAREWELL_MS, Call
from ivr.call.events import Broken, Elapsed, Event, Heard, Partial, Played, Pressed, Started
from ivr.call.moves import LANGUAGES, WORDS, Move, in_vain, moves, nothing_found
from ivr.call.plan import Plan, RequestPlan
from ivr.call.state import Filling, Leaving
from ivr.call.twins import forgive, key, twin
from ivr.grammar import PERSON, Expecting, Grammar

MOST_ANSWERS = 15  # that a caller may give in a row without being understood or found
MOST_SILENT_S = 60  # that a caller who says nothing may hear nothing but questions, their own length not counted
MOST_TURNS, MOST_SECONDS = 40, 900  # a call that the machine still has after this helps nobody
_QUESTIONS = tuple(Expecting(asked) for asked in ("request", "reply", "yes_no", "digits", "date"))
MOST_STEPS = 200  # answers and waits together, where waiting leads to waiting
MOST_STATES = 20_000  # the shipped files: some hundred


@dataclass(frozen=True, slots=True)
class Flaw:
    """A way to be kept.  ``path``: what such a caller does; ``setting``: the place in config/ivr.yaml, if it is one."""

    what: str
    path: tuple[str, ...]
    setting: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what} (the caller {', then '.join(self.path)})" if self.path else self.what


def prove(plan: Plan, grammars: Iterable[Grammar], make: type[Call] = Call) -> tuple[list[Flaw], int]:
    """The flaws of a plan, the first of each kind, and in how many states was looked for them."""
    examples: dict[str, str] = {}
    for grammar in grammars:
        for sentence, intent in grammar.sentences.items():
            examples.setdefault(intent, sentence)
    places = _explore(plan, make, examples)
    found = [*_limits(plan, places), *_at_once(places), *_stubborn(places)]
    return list({flaw.what: flaw for flaw in reversed(found)}.values())[::-1], len(places)


def unheard(grammar: Grammar) -> list[Flaw]:
    """The human phrases of a language that would not reach a person."""
    return [
        Flaw(f"a human phrase in {grammar.language!r} is not understood", (f"says “{sentence}”",))
        for sentence, intent in grammar.sentences.items()
        if intent == PERSON and not (grammar.asks_for_person(sentence) or _asks_alone(sentence, grammar))
    ]


def _asks_alone(sentence: str, grammar: Grammar) -> bool:
    """True for the word of the key 0: within a number it is a digit, alone it asks for a person at any question."""
    zero = grammar.digit_words.word_set.issuperset(sentence.split())
    return zero and all(grammar.understand(sentence, each).intent == PERSON for each in _QUESTIONS)


def one_of_each(plans: Iterable[Plan]) -> tuple[Plan, str]:
    """One plan with each kind of request that any of them has, once; and a text that plans with the same kinds share.

    The plans of one configuration, one for each language, differ in their requests only; and what a caller can come to
    with some of them is among what they can come to with all.
    """
    first, *others = plans
    kinds: dict[str, RequestPlan] = {}
    for plan in (first, *others):
        for request in plan.requests.values():
            kinds.setdefault(_kind(request), request)
    requests: dict[str, RequestPlan] = {}
    for request in kinds.values():
        name = request.intent
        while name in requests:  # another kind has this name in another language
            name += "_"
        requests[name] = replace(request, intent=name)
    bare = replace(first, requests={}, greeting="")
    return replace(first, requests=requests), f"{bare} {sorted(kinds)}"


def _kind(request: RequestPlan) -> str:
    """The same for requests that behave alike, whatever they and what they say are called."""
    slots = tuple(
        replace(slot, ask="", confirm="", own=slot.own and "", choices=slot.choices and "", name=str(at))
        for at, slot in enumerate(request.slots)
    )
    bare = replace(request, intent="", slots=slots, outcomes={}, topic=request.topic and "")
    bare = replace(bare, before=bare.before and "", action=bare.action and "", confirm=bare.confirm and "")
    outcomes = sorted({str(replace(outcome, say="")) for outcome in request.outcomes.values()})
    return f"{bare} {outcomes}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A call in some state, and what its caller did to come there."""

    call: Call
    path: tuple[str, ...]


# -- Every state ------------------------------------------------------------------------------------------------------


def _explore(plan: Plan, make: type[Call], examples: Mapping[str, str]) -> list[_Place]:
    found: dict[object, _Place] = {}
    todo = [_Place(make(plan, WORDS, caller, languages=LANGUAGES), ()) for caller in ("", "+15550100")]
    for place in todo:
        place.call.handle(Started())
    while todo and len(found) < MOST_STATES:
        following = []
        for place in todo:
            forgive(place.call, misses=True)
            if (state := key(place.call)) not in found:
                found[state] = place
                following += [after for after in _after(place, moves(place.call, examples)) if not after.call.over]
        todo = following
    return list(found.values())


def _after(place: _Place, following: Iterable[Move]) -> Iterator[_Place]:
    """Where each move leads.  Prompts are heard to their end, but for the farewell: into that, the caller may speak."""
    for what, event in following:
        call = twin(place.call)
        call.handle(event)
        if call._speaking and not isinstance(call.asking.state, Leaving):
            call.handle(Played())
        yield _Place(call, (*place.path, what) if what else place.path)


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
    state, call = call.asking.state, twin(call)
    if _transfers(call.handle(event)):
        return True
    if not (isinstance(event, Pressed) and isinstance(state, Filling) and state.keyed):
        return False
    # Within a number being keyed, 0 is a digit: it completes the number, or a person follows unless another key does.
    return len(state.keyed) + 1 in state.slot.lengths or _transfers(call.handle(Elapsed(call.plan.timing.keypad_ms)))


def _transfers(actions: list[Action]) -> bool:
    return any(isinstance(action, Transfer) for action in actions)


def _silence(place: _Place) -> Iterator[Flaw]:
    """A caller who says nothing any more, having asked for a moment, and one whose time is over."""
    call, waited_ms, path = twin(place.call), 0, place.path
    call.asking.waiting = True
    step_ms = call.plan.timing.no_input_ms
    while not call.over and waited_ms <= MOST_SILENT_S * 1000:
        done = [*call.handle(Elapsed(step_ms)), *call.handle(Played())]
        waited_ms, path = waited_ms + step_ms, (*path, f"says nothing for {step_ms / 1000:g} s")
        if any(isinstance(action, Finish) for action in done) and not call.asking.history.content:
            yield Flaw("a caller for whom nothing was done is sent away", path)
    if waited_ms > MOST_SILENT_S * 1000:
        setting = ("timing", "no_input") if step_ms * 5 > MOST_SILENT_S * 1000 else ("budget", "silences")
        yield Flaw(f"a caller who says nothing is not with a person after {MOST_SILENT_S} s", path, setting)
    call = twin(place.call)
    call.elapsed_ms = 2 * call.plan.budget.seconds * 1000
    call.handle(Elapsed(FAREWELL_MS))
    if not call.over:
        yield Flaw("a call outlasts its budget", place.path, ("budget", "seconds"))


def _stubborn(places: list[_Place]) -> Iterator[Flaw]:
    """A caller who is never understood or found, beginning in every state."""
    harmless: dict[object, int] = {}
    for place in places:
        for after in _after(place, in_vain(place.call)):
            try:
                _answers_from(after, 1, harmless)
            except _Kept as kept:
                what = f"a caller may give more than {MOST_ANSWERS} answers in vain"
                yield Flaw(what, kept.args[0], ("budget", "misses"))
                return


class _Kept(Exception):
    """A way to go on too long was found; it holds what the caller does."""


def _answers_from(place: _Place, given: int, harmless: dict[object, int]) -> int:
    """How many answers in vain such a caller can still give after so many.  ``harmless``: state -> the same, if known.

    None once the farewell is being said: whoever speaks into it begins anew.  Raises _Kept.
    """
    if place.call.over or isinstance(place.call.asking.state, Leaving):
        return 0
    forgive(place.call, misses=False)
    state = key(place.call)
    left = harmless.get(state, 0)
    if given + left > MOST_ANSWERS or len(place.path) > MOST_STEPS:
        raise _Kept(place.path)
    if state not in harmless:
        waited = [_answers_from(after, given, harmless) for after in _after(place, nothing_found(place.call))]
        answered = [1 + _answers_from(after, given + 1, harmless) for after in _after(place, in_vain(place.call))]
        harmless[state] = max([*waited, *answered], default=0)
    return harmless[state]
