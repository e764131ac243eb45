"""One call as a function from events to actions.  Pure."""

from ivr.call.call import Call
from ivr.call.plan import Bands, Budget, Languages, OutcomePlan, Plan, RequestPlan, SlotPlan, Timing, TonePlan

__all__ = [
    "Bands",
    "Budget",
    "Call",
    "Languages",
    "OutcomePlan",
    "Plan",
    "RequestPlan",
    "SlotPlan",
    "Timing",
    "TonePlan",
]
