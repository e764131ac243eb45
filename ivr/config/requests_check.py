"""What can be wrong between the parts of config/requests.yaml; each mistake with its line and its remedy."""

from collections.abc import Iterable, Iterator

from ivr.config.actions import check_actions, values_needed
from ivr.config.requests import OutcomeEntry, RequestEntry, RequestsFile
from ivr.config.source import Mistakes, Source

Found = tuple[tuple[str, ...], str, str]
"""where below ``requests: <intent>``, what is wrong, the remedy"""


def check_requests(source: Source | None, file: RequestsFile, mistakes: Mistakes) -> None:
    """Collect what is wrong."""
    if source is None:
        return
    for place, what, remedy in _identity(file):
        mistakes.found.append(source.mistake(place, what, remedy))
    known: dict[str, frozenset[str]] = {}
    for intent, request in file.requests.items():
        for part, what, remedy in _request(file, request):
            mistakes.found.append(source.mistake(("requests", intent, *part), f"{intent}: {what}", remedy))
        slots = frozenset(request.slots) | frozenset(_proof_slots(file, request))
        for name in (*request.actions(), *_proof_actions(file, request)):
            known[name] = known.get(name, slots) & slots  # each request that uses an action must give it all it needs
    check_actions(source, file.actions, file.text_messages, known, mistakes)


def _proof_slots(file: RequestsFile, request: RequestEntry) -> Iterator[str]:
    if request.identity != "none":
        yield from (name for name, proof in file.proofs.items() if proof.slot)


def _proof_actions(file: RequestsFile, request: RequestEntry) -> Iterator[str]:
    if request.identity != "none":
        yield from (proof.action for proof in file.proofs.values())


def _identity(file: RequestsFile) -> Iterator[Found]:
    yield from _unknown((proof.action for proof in file.proofs.values()), file, ("proofs",))
    for level, needed in file.identity.items():
        if needed > len(file.proofs):
            what = f"identity {level} needs {needed} proofs, and there are {len(file.proofs)}"
            yield ("identity", level), what, "nobody could ever be known: add a proof, or ask for fewer"


def _unknown(names: Iterable[str], file: RequestsFile, place: tuple[str, ...]) -> Iterator[Found]:
    for name in sorted(set(names) - set(file.actions)):
        yield place, f"{name!r} is not under actions", "add it there"


def _request(file: RequestsFile, request: RequestEntry) -> Iterator[Found]:
    if request.people:
        if request.model_fields_set - {"people"}:
            yield (), "people: true leaves it to advisors, so nothing else of it counts", "remove one of the two"
        return
    yield from _unknown(request.actions(), file, ())
    if not request.outcomes:
        yield (), "has no outcomes: nothing could be answered", "add outcomes, or `people: true`"
    elif request.action is None and "found" not in request.outcomes:
        yield (), "has no action and no outcome `found`", "add one of the two"
    if request.identity not in ("none", *file.identity):
        yield ("identity",), f"{request.identity!r} is not under identity", f"none, {', '.join(file.identity)}"
    yield from _change(file, request)
    yield from _slots(file, request)
    for name, outcome in request.outcomes.items():
        for what, remedy in _outcome(file, request, outcome):
            yield ("outcomes", name), f"outcome {name}: {what}", remedy


def _change(file: RequestsFile, request: RequestEntry) -> Iterator[Found]:
    action = file.actions.get(request.action or "")
    if action and action.changes and not request.confirm:
        what = f"{request.action} changes something, and no caller is asked before it does"
        yield (), what, "add `confirm`: the prompt that reads the change back"
    if request.confirm and not (action and action.changes):
        yield ("confirm",), "there is no change to confirm", "remove `confirm`, or mark the action `changes: true`"
    for name in (request.before, *(slot.choices for slot in request.slots.values())):
        if name in file.actions and file.actions[name].changes:
            yield (), f"{name} changes something before the caller has agreed", "only `action` may change anything"


def _slots(file: RequestsFile, request: RequestEntry) -> Iterator[Found]:
    used = {
        value
        for name in (*request.actions(), *_proof_actions(file, request))
        if name in file.actions
        for value in values_needed(file.actions[name])
    }
    for name in request.slots:
        if name not in used:
            yield ("slots", name), f"slot {name} is asked for and never used", "use it in an action, or remove it"
    if request.identity != "none" and not request.slots:
        yield ("identity",), "nothing says whose identity is needed", "add the slot the proofs are about"


def _outcome(file: RequestsFile, request: RequestEntry, outcome: OutcomeEntry) -> Iterator[tuple[str, str]]:
    if outcome.again and not request.slots:
        yield "there is no slot to ask for again", "remove `again`"
    if outcome.again + outcome.people + bool(outcome.offer) + bool(outcome.undo) > 1:
        yield "only one thing can follow", "keep one of `again`, `people`, `offer` and `undo`"
    if outcome.undo and not request.confirm:
        yield "nothing is changed, so nothing can be taken back", "remove `undo`"
    if outcome.offer in file.actions and not file.actions[outcome.offer].text_message:
        yield f"{outcome.offer} sends no text message", "add `text_message` to it"
