"""The files without what a server cannot do."""

from collections.abc import Container
from dataclasses import replace

from ivr.call.plan import RequestPlan
from ivr.config.load import Config


def without_actions(config: Config, missing: Container[str]) -> Config:
    """The same with every request that needs one of these actions left to people; itself if none does."""
    plans = {
        language: replace(plan, requests={name: _left(each, missing) for name, each in plan.requests.items()})
        for language, plan in config.plans.items()
    }
    return config if plans == config.plans else replace(config, plans=plans)


def _left(request: RequestPlan, missing: Container[str]) -> RequestPlan:
    needed = (request.before, request.action, *(each for slot in request.slots for each in (slot.own, slot.choices)))
    proofs = (proof.action for proof in request.proofs)
    if any(action in missing for action in (*needed, *proofs)):
        return replace(request, topic=request.topic or request.intent)
    return request
