"""What a request needs next.  A pure function: the one place that says in which order things are asked and done."""

from dataclasses import dataclass

from ivr.call.actions import Transfer
from ivr.call.identity import next_proof
from ivr.call.known import Known
from ivr.call.plan import RequestPlan
from ivr.call.state import ConfirmingChange, Errand, Filling


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing is missing and nobody need be asked: the answer is the same for everybody."""

    outcome: str


Need = Filling | ConfirmingChange | Errand | Answer | Transfer
"""A question for the caller, an errand to the business, the answer, or a person."""


def next_need(request: RequestPlan, known: Known) -> Need:
    """What it is about, who is calling, whether it is allowed, what to choose, a yes; then it is done."""
    if request.topic:
        return Transfer("topic", request.topic)
    if request.needs_caller and not known.caller:
        return Transfer("identity")
    return (
        _subject(request, known)
        or next_proof(request, known)
        or _leave(request, known)
        or _choice(request, known)
        or _confirmation(request, known)
        or (Errand(request, "request", request.action) if request.action else Answer("found"))
    )


def _subject(request: RequestPlan, known: Known) -> Filling | Errand | None:
    for slot in request.subject:
        if slot.name not in known.slots:
            if slot.own and known.caller and slot.own not in known.own:
                return Errand(request, "own", slot.own, slot)
            return Filling(request, slot)
    return None


def _leave(request: RequestPlan, known: Known) -> Errand | None:
    return Errand(request, "before", request.before) if request.before and known.allowed is None else None


def _choice(request: RequestPlan, known: Known) -> Filling | Errand | None:
    for slot in request.slots:
        if slot.choices and slot.name not in known.choices:
            return Errand(request, "choices", slot.choices, slot)
        if slot.choices and slot.name not in known.slots:
            return Filling(request, slot, choices=tuple(known.choices[slot.name].items()), values=known.spoken())
    return None


def _confirmation(request: RequestPlan, known: Known) -> ConfirmingChange | None:
    return ConfirmingChange(request, known.spoken()) if request.confirm and not known.confirmed else None
