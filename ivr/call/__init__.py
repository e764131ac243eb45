"""One call as a function from events to actions.  Pure."""

from ivr.call.call import Call
from ivr.call.plan import Bands, Budget, OutcomePlan, Plan, RequestPlan, SlotPlan, Timing, TonePlan

__all__ = ["Bands", "Budget", "Call", "OutcomePlan", "Plan", "RequestPlan", "SlotPlan", "Timing", "TonePlan"]
