"""What a prompt of a request can be told: the slots of the request, and what its actions answer."""

import re
from collections.abc import Iterator

from ivr.config.actions import ActionEntry
from ivr.config.requests import RequestEntry, RequestsFile

_TEXT = re.compile(r"'(?:[^']|'')*'")
_SELECTED = re.compile(r"\s*SELECT\s+(?:DISTINCT\s+)?(.*)", re.IGNORECASE | re.DOTALL)
_FROM_OR_SYMBOL = re.compile(r"\bFROM\b|[(),]", re.IGNORECASE)
_NAME = re.compile(r"(?:\bAS\s+|^\s*(?:\w+\.)?)(\w+)\s*$", re.IGNORECASE)


def prompt_values(file: RequestsFile) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Prompt, the request that says it, and the values it then has; left out where these cannot be known."""
    for intent, request in file.requests.items():
        slots = _slots(file, request)
        before = _columns(file, request.before)
        for name, slot in request.slots.items():
            if slot.confirm:
                yield slot.confirm, intent, frozenset({name})
            if not slot.choices:
                yield slot.ask, intent, frozenset()
            elif before is not None:
                yield slot.ask, intent, slots | before | {"choices"}
        if request.confirm and before is not None:
            yield request.confirm, intent, slots | before
        answered = _columns(file, request.action)
        if before is not None and answered is not None:
            for outcome in request.outcomes.values():
                yield outcome.say, intent, slots | before | answered
                if outcome.undo and any(name.startswith("undo") for name in answered):  # else it is never said
                    yield outcome.undo, intent, slots | before | answered
        for name in request.actions():
            message, sent = (
                file.actions.get(name, ActionEntry()).text_message,
                _columns(file, name, spoken=False),
            )
            if message and sent is not None:
                yield message, intent, slots | sent | {"language"}


def must_say(file: RequestsFile) -> Iterator[tuple[str, str, str]]:
    """Prompt, the request that says it, and the value without which nobody would hear what was understood.

    A day that is not read back (``sure_if_found``) is said by every answer.
    """
    for intent, request in file.requests.items():
        for name, slot in request.slots.items():
            if slot.confirm:
                yield slot.confirm, intent, name
            if slot.kind == "date" and slot.sure_if_found:
                for outcome in request.outcomes.values():
                    yield outcome.say, intent, name


def _slots(file: RequestsFile, request: RequestEntry) -> frozenset[str]:
    proofs = {name for name, proof in file.proofs.items() if proof.slot and request.identity != "none"}
    choice = {"choice"} if any(slot.choices for slot in request.slots.values()) else set()
    return frozenset({"caller", *request.slots, *proofs, *choice})


def _columns(file: RequestsFile, name: str | None, spoken: bool = True) -> frozenset[str] | None:
    """The values an action answers with, those that may be ``spoken`` or all; None where that cannot be known."""
    if name is None:
        return frozenset()
    action = file.actions.get(name, ActionEntry())
    if action.http:
        found: frozenset[str] | None = frozenset(action.http.values)
    else:
        found = selected(action.statements[-1]) if action.statements else None
    return None if found is None else frozenset(each for each in found if not (spoken and each.startswith("secret")))


def selected(statement: str) -> frozenset[str] | None:
    """The columns of a SELECT; None for any other statement, one with comments, ``*`` and columns without a name."""
    plain = _TEXT.sub("''", statement)
    match = _SELECTED.match(plain)
    if match is None or "--" in plain or "/*" in plain:
        return None
    rest, depth, begin, columns = match[1], 0, 0, []
    for symbol in _FROM_OR_SYMBOL.finditer(rest):
        depth += {"(": 1, ")": -1}.get(symbol[0], 0)
        if depth == 0 and symbol[0] not in "()":
            columns.append(rest[begin : symbol.start()])
            begin = symbol.end()
            if symbol[0] != ",":
                break
    else:
        columns.append(rest[begin:])
    named = [_NAME.search(column) for column in columns]
    return frozenset(name[1] for name in named if name) if all(named) else None
