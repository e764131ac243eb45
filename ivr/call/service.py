"""Requests: from what the caller wants to a question, an errand to the business, an answer or a person.

What a request needs next is in ``needs``, how digits become values in ``filling``, who is calling in ``identity``.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ivr.call import identity
from ivr.call.actions import Action, Do, Note, Say, Transfer
from ivr.call.asking import Asking
from ivr.call.filling import Filled, Step, Unclear
from ivr.call.known import Known
from ivr.call.needs import Answer, next_need
from ivr.call.plan import Plan, RequestPlan, SlotPlan
from ivr.call.state import ConfirmingChange, ConfirmingSlot, Errand, Filling, Offering, Open, Working
from ivr.grammar import valid


class Service:
    """Serves the requests of one call, one after the other."""

    def __init__(self, plan: Plan, asking: Asking, caller: str) -> None:
        self._plan = plan
        self._asking = asking
        self._known = Known(caller)
        self._request: RequestPlan | None = None
        self._work = 0

    def begin(self, request: RequestPlan, given: tuple[tuple[str, str], ...] = ()) -> list[Action]:
        """The caller wants this.  ``given``: values of its slots that were said in the same breath."""
        self._asking.understood()
        self._asking.history.wants(request.intent)
        self._known.begin()
        self._request = request
        slots = {slot.name: slot for slot in request.slots}
        for name, value in given:
            check = slots[name].check
            if slots[name].kind == "date" and not slots[name].sure_if_found:
                return self._asking.enter(ConfirmingSlot(request, slots[name], value, unsure=False))
            if check is None or valid(value, check):
                self._learn(request, slots[name], value)
        return self._go_on(request)

    def _go_on(self, request: RequestPlan) -> list[Action]:
        """Whatever the request needs next."""
        if request.proofs:
            self._asking.history.verified(sorted(identity.proved(request, self._known)))
        match next_need(request, self._known):
            case Transfer(reason=reason, topic=topic):
                return self._asking.transfer(reason, topic)
            case Filling() | ConfirmingChange() as question:
                return self._asking.enter(question)
            case Errand() as errand:
                return self._send(errand)
            case Answer(outcome=outcome):
                return self._answer(request, outcome, {})
            case _:
                return self._asking.transfer("failure")

    # -- changes of mind ----------------------------------------------------------------------------------------------

    def drop(self) -> list[Action]:
        """The caller does not want it after all.  A change that is being made can no longer be stopped."""
        state = self._asking.state
        if isinstance(state, Working) and state.errand.changes:
            return []
        if isinstance(state, Open) or self._request is None:
            return self._asking.ask()
        self._known.begin()
        self._asking.understood()
        self._asking.history.dropped(self._request.intent)
        noted = Note("dropped", {"request": self._request.intent})
        return [noted, Say("nothing_done"), *self._asking.enter(Open("anything_else", served=True))]

    def take_other(self) -> list[Action]:
        """ "Actually the other one": the same request about something else."""
        state, request = self._asking.state, self._request
        if isinstance(state, Working) and state.errand.changes:
            return []
        if request is None or not request.subject:
            return self._asking.miss("no_match")
        self._asking.understood()
        slot = request.subject[0]
        before = self._known.slots.get(slot.name, "")
        others = [value for value in self._known.own.get(slot.own or "", ()) if value != before]
        self._known.forget(slot.name)
        if before and len(others) == 1:
            return self.fill(request, slot, others[0])
        return self._go_on(request)

    # -- slots --------------------------------------------------------------------------------------------------------

    def step(self, state: Filling | ConfirmingSlot, step: Step) -> list[Action]:
        """What the caller gave for a slot."""
        match step:
            case Filled(value=value):
                return self.fill(state.request, state.slot, value)
            case ConfirmingSlot(unsure=unsure):
                may = not unsure or self._asking.doubt()
                return self._asking.enter(step) if may else self._asking.transfer("low_confidence")
            case Filling():
                self._asking.state = step
                return []
            case Transfer(reason=reason):
                return self._asking.transfer(reason)
            case Unclear(reason=reason):
                return self._asking.miss(reason)

    def fill(self, request: RequestPlan, slot: SlotPlan, value: str) -> list[Action]:
        """A slot has its value."""
        self._learn(request, slot, value)
        return self._go_on(request)

    def _learn(self, request: RequestPlan, slot: SlotPlan, value: str) -> None:
        if slot in request.subject:
            self._known.learn(slot.name, value)
        else:
            self._known.slots[slot.name] = value
        if slot.kind != "keypad":  # what is keyed and never said is a secret: it is in no record and on no card
            self._asking.history.learned(slot.name, self._known.choices.get(slot.name, {}).get(value, value))

    # -- errands ------------------------------------------------------------------------------------------------------

    def confirmed(self, state: ConfirmingChange) -> list[Action]:
        """The caller said yes to a change."""
        self._known.confirmed = True
        return self._go_on(state.request)

    def send_text(self, state: Offering) -> list[Action]:
        """The caller would like a text message."""
        return self._send(Errand(state.request, "offer", state.action))

    def _send(self, errand: Errand) -> list[Action]:
        self._work += 1
        self._asking.state = Working(self._work, errand)
        if errand.changes:
            self._asking.history.pending(errand.request.intent, "sent")
        return [Do(self._work, errand.action, self._known.values(), errand.changes)]

    def wait(self, state: Working, ms: int) -> list[Action]:
        """Time passes while the business is being asked."""
        state = replace(state, waited_ms=state.waited_ms + ms)
        self._asking.state = state
        if state.waited_ms >= self._plan.timing.lookup_ms:
            return self._give_up(state.errand, "lookup_timeout", "no answer in time", unknown=True)
        if state.waited_ms >= self._plan.timing.filler_ms and not state.explained:
            self._asking.state = replace(state, explained=True)
            return [Say("passing_on" if state.errand.changes else "one_moment")]
        return []

    def failed(self, work: int, why: str, unknown: bool) -> list[Action]:
        """The business could not be asked.  ``unknown``: it may have done what it was asked all the same."""
        state = self._asking.state
        if not (isinstance(state, Working) and state.work == work):
            return []
        return self._give_up(state.errand, "lookup_failed", why, unknown)

    def _give_up(self, errand: Errand, kind: str, why: str, unknown: bool) -> list[Action]:
        noted = Note(kind, {"request": errand.request.intent, "action": errand.action, "why": why})
        if errand.purpose == "offer":
            return [noted, *self._go_to_open(Say("text_not_sent"))]
        if not errand.changes:
            return [noted, *self._asking.transfer("backend")]
        self._asking.history.pending(errand.request.intent, "unknown" if unknown else "not_done")
        why_people = Say("change_unknown" if unknown else "change_failed")
        return [noted, *self._asking.hand_over(why_people, "backend")]

    def answered(self, work: int, outcome: str, values: Mapping[str, Any]) -> list[Action]:
        """The business answered.  An answer that is no longer waited for is ignored."""
        state = self._asking.state
        if not (isinstance(state, Working) and state.work == work):
            return []
        errand, known = state.errand, self._known
        match errand:
            case Errand(purpose="own", slot=SlotPlan() as slot, request=request):
                known.own[errand.action] = own = tuple(map(str, values.get("values", ())))
                return self.fill(request, slot, own[0]) if len(own) == 1 else self._go_on(request)
            case Errand(purpose="choices", slot=SlotPlan() as slot, request=request):
                listed = list(map(str, values.get("values", ())))
                known.choices[slot.name] = dict(zip(listed, values.get("labels", listed), strict=False))
                return self._go_on(request) if listed else self._asking.transfer("topic", request.intent)
            case Errand(purpose="proof"):
                return self._proved(errand, outcome == "verified")
            case Errand(purpose="before", request=request) if outcome == "allowed":
                known.allowed = values
                return self._go_on(request)
            case Errand(purpose="offer"):
                return self._go_to_open(Say("text_sent" if outcome == "sent" else "text_not_sent"))
            case _:
                if outcome not in errand.request.outcomes:
                    return self._give_up(errand, "lookup_failed", f"unexpected outcome {outcome!r}", unknown=True)
                return self._answer(errand.request, outcome, values)

    def _proved(self, errand: Errand, holds: bool) -> list[Action]:
        """A proof of who is calling came back.  A wrong one may be misheard: a doubt, both are asked again."""
        request, known = errand.request, self._known
        if holds:
            known.proved.add(errand.proof)
            return self._go_on(request)
        known.disproved.add(errand.proof)
        if errand.slot is None:
            return self._go_on(request)
        known.failures += 1
        if known.failures >= identity.FAILURES or not self._asking.doubt():
            return self._asking.transfer("identity")
        said = Say("not_proved", known.spoken())
        theirs = bool(identity.proved(request, known))
        for name in (errand.slot.name, *(() if theirs else (slot.name for slot in request.subject))):
            known.forget(name)
        return [said, *self._go_on(request)]

    def _answer(self, request: RequestPlan, outcome: str, values: Mapping[str, Any]) -> list[Action]:
        asking, history = self._asking, self._asking.history
        plan = request.outcomes[outcome]
        told = {**self._known.spoken(), **values}
        said = Say(plan.say, told)
        if plan.again and request.subject:
            if over := asking.missed("no_match", number=True):
                return over
            self._known.forget(request.subject[0].name)
            return [said, *asking.enter(Filling(request, request.subject[0], again=True))]
        if plan.people:
            history.pending(request.intent, outcome)
            return asking.hand_over(said, "topic", request.intent)
        asking.understood()
        history.done(request.intent, outcome)
        noted = Note("served", {"request": request.intent, "outcome": outcome})
        if plan.offer and self._known.caller:
            return [noted, said, *asking.enter(Offering(request, plan.offer, (said,)))]
        can_be_undone = any(value for name, value in values.items() if name.startswith("undo"))
        undo = [Say(plan.undo, told)] if plan.undo and can_be_undone else []
        return [noted, *self._go_to_open(said, *undo)]

    def _go_to_open(self, *said: Say) -> list[Action]:
        return [*said, *self._asking.enter(Open("anything_else", served=True, said=said))]
