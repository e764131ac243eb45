"""What a request needs next.  A pure function: the one place that says in which order things are asked and done."""

from dataclasses import dataclass, field
from typing import Any

from ivr.call.actions import Transfer
from ivr.call.known import Known
from ivr.call.plan import RequestPlan
from ivr.call.state import Errand, Filling


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing is missing: the request has come to an outcome."""

    outcome: str
    values: dict[str, Any] = field(default_factory=dict)


Need = Filling | Errand | Answer | Transfer
"""A question for the caller, an errand to the business, the answer, or a person."""


def next_need(request: RequestPlan, known: Known) -> Need:
    """What a request needs next: its slots, then the business, then its answer."""
    if request.topic:
        return Transfer("topic", request.topic)
    for slot in request.slots:
        if slot.name not in known.slots:
            if slot.own and known.caller and slot.name not in known.listed:
                return Errand(request, "own", slot.own, slot)
            return Filling(request, slot)
    if request.lookup is None:
        return Answer("found")
    return Errand(request, "request", request.lookup)
