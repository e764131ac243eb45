"""The conversation about requests: understanding, asking for what is missing, confirming once, answering.

Each method answers one thing that happened with the actions it leads to.  Every path that does not lead to an answer
or a question leads to ``transfer``.  What a request needs next is in ``serving``, how digits become values in
``filling``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ivr.call import filling
from ivr.call.actions import Action, Do, Finish, Note, Notice, Reason, Say, Transfer
from ivr.call.events import Heard
from ivr.call.history import History
from ivr.call.known import Known
from ivr.call.plan import Plan, RequestPlan, SlotPlan
from ivr.call.policy import confidence, decide
from ivr.call.serving import Answer, next_need
from ivr.call.state import (
    ConfirmingRequest,
    ConfirmingSlot,
    Errand,
    Filling,
    Leaving,
    Open,
    Over,
    State,
    Working,
    expecting,
)
from ivr.grammar import NO, PERSON, YES, Expecting, Grammar, Meaning


class Dialogue:
    """What is being talked about.  ``turns`` counts the caller's answers, silences included."""

    def __init__(self, plan: Plan, grammar: Grammar, caller: str, today: date | None = None) -> None:
        self.state: State = Open("how_can_i_help")
        self.history = History(caller)
        self.turns = 0
        self._plan = plan
        self._grammar = grammar
        self._known = Known(caller)
        self._today = today
        self._misses: list[Reason] = []
        self._unsure = False
        self._impatient = self._offered = False
        self._work = 0

    @property
    def expecting(self) -> Expecting:
        """What the caller may say now."""
        return expecting(self.state, self._today)

    # -- beginnings and ends ------------------------------------------------------------------------------------------

    def greet(self) -> list[Action]:
        """The first words: that this is a machine, and how to reach a person."""
        return [Say(self._plan.greeting)]

    def transfer(self, reason: Reason, topic: str | None = None) -> list[Action]:
        """Put the caller through, now."""
        self.state = Over()
        return [Note("transfer", {"reason": reason, "topic": topic}), Transfer(reason, topic)]

    def leave(self) -> list[Action]:
        """Say farewell to a caller who is content."""
        self.state = Leaving()
        return [Say("farewell")]

    def finish(self) -> list[Action]:
        """The farewell has been heard."""
        self.state = Over()
        return [Finish("served", farewell=True)]

    def hung_up(self) -> list[Action]:
        """The caller is gone: content if something was done for them and no question was open, else we lost them."""
        content = self.history.served and isinstance(self.state, Open | Leaving)
        self.state = Over()
        return [Finish("served" if content else "hung_up", farewell=False)]

    # -- what the caller says -----------------------------------------------------------------------------------------

    def hear(self, heard: Heard, spent: bool = False) -> list[Action]:
        """A finished utterance with words in it.  ``spent``: the machine has had its time."""
        self.turns += 1
        meaning = self._grammar.understand(heard.text, self.expecting)
        sure = confidence(heard, meaning)
        self.history.said(heard.text, meaning.intent, sure)
        value = meaning.digits or meaning.day
        slots = {self.state.slot.name: value} if value and isinstance(self.state, Filling) else {}
        noted = Note(
            "heard", {"text": heard.text, "confidence": round(sure, 3), "intent": meaning.intent, "slots": slots}
        )
        if meaning.intent == PERSON:
            # Never confirmed.  Words that merely resemble a human phrase lead to a person too, under their true reason.
            return [noted, *self.transfer("asked" if sure >= self._plan.bands.confirm else "low_confidence")]
        felt = self.feel(heard.upset, heard.why)
        if isinstance(self.state, Over):
            return [noted, *felt]
        if spent and not (meaning.intent == "finished" and self.history.served):
            return [noted, *felt, *self.transfer("time_budget")]
        repeats = self.history.repeats(heard.text)
        again: list[Action] = [Notice("repeated")] if repeats and meaning.intent not in (YES, NO) else []
        return [noted, *felt, *self._understood(meaning, sure), *again]

    def feel(self, upset: float | None, why: tuple[str, ...]) -> list[Action]:
        """The caller's tone.  It can lead to a person, or to the offer of one; never the other way."""
        if upset is None or self._plan.tone is None:
            return []
        self.history.felt(upset, why)
        noted = Note("tone", {"upset": round(upset, 3), "why": list(why)})
        if upset >= self._plan.tone.transfer:
            return [noted, *self.transfer("tone")]
        self._impatient = self._impatient or upset >= self._plan.tone.offer
        return [noted]

    def _understood(self, meaning: Meaning, sure: float) -> list[Action]:
        if isinstance(self.state, Filling | ConfirmingSlot) and (meaning.digits or meaning.day):
            return self._step(self.state, filling.said(self.state, meaning, sure, self._plan.bands))
        if meaning.intent is None:
            return self.miss("no_match")
        decision = decide(self._plan.bands, sure, meaning, self._unsure)
        if decision == "transfer":
            return self.transfer("low_confidence")
        if isinstance(self.state, Working):  # an answer is on its way: no new question, but never a disguise
            return [Say("robot")] if meaning.intent == "robot" else []
        if decision == "confirm":
            return self._confirm(meaning)
        return self._act(meaning)

    def _act(self, meaning: Meaning) -> list[Action]:
        """The meaning is certain enough."""
        self._misses.clear()
        match meaning.intent:
            case "robot":
                return [Say("robot"), *self._ask()]
            case "repeat":
                return self._ask()
            case "finished":
                # A farewell before anything was done may be a misheard word: who means it hangs up.
                return self.leave() if self.history.served else self.miss("no_match")
            case "yes" | "no":
                return self.decided(meaning.intent == YES)
            case str(intent) if intent in self._plan.requests:
                return self.begin(self._plan.requests[intent])
            case _:
                return self.transfer("failure")  # a grammar with an intent nobody serves

    def _confirm(self, meaning: Meaning) -> list[Action]:
        """Ask about an unsure request, once in a call.  Anything else unsure is simply asked again."""
        self._unsure = True
        request = self._plan.requests.get(meaning.intent or "")
        if request is None:
            return self.miss("no_match")
        if request.topic:
            return self.transfer("topic", request.topic)  # towards a person nothing needs to be certain
        self.state = ConfirmingRequest(request)
        return self._ask()

    def decided(self, yes: bool) -> list[Action]:
        """Yes or no, by voice or key (1 and 2)."""
        match self.state:
            case ConfirmingRequest(request=request):
                if yes:
                    return self.begin(request)
                self.state = Open("how_can_i_help")
                return [*self.miss("no_match"), Notice("corrected")]
            case ConfirmingSlot(request=request, slot=slot, value=value):
                if yes:
                    return self._fill(request, slot, value)
                self.state = Filling(request, slot)
                return [*self.miss("no_match"), Notice("corrected")]
            case Filling(request=request, slot=slot) if slot.kind == "yes_no":
                return self._fill(request, slot, YES if yes else NO)
            case Open(served=True) if not yes:
                return self.leave()
            case _:
                return self.miss("no_match")

    def miss(self, reason: Reason) -> list[Action]:
        """Nothing was said, or nothing we understand.  Ask again while the budget allows it, then a person."""
        self.turns += reason == "no_input"
        self._misses.append(reason)
        if self._missed_enough():
            # What was said and not understood tells the advisor more than a silence after it.
            return self.transfer("no_match" if "no_match" in self._misses else reason)
        if isinstance(self.state, Filling):
            self.state = replace(self.state, digits="", keyed="")
        if isinstance(self.state, Working):
            return []
        if isinstance(self.state, Leaving):
            self.state = Open("how_can_i_help", served=self.history.served)
        noticed: list[Action] = [Notice("sighing_silence")] if reason == "no_input" else []
        if self._misses.count("no_match") > 1:
            noticed = [Notice("rephrased")]
        said = [] if self._impatient else [Say(reason)]  # who is losing patience is not told at length what went wrong
        return [*said, *self._ask(), *noticed]

    def _missed_enough(self) -> bool:
        budget = self._plan.budget
        return len(self._misses) >= budget.misses or self._misses.count("no_input") >= budget.silences

    def _ask(self) -> list[Action]:
        """Put the open question (again); who is losing patience is offered a person first, once."""
        if self._impatient and not self._offered:
            self._offered = True
            return [Say("offer_person"), *self._question()]
        return self._question()

    def _question(self) -> list[Action]:
        match self.state:
            case Open(question=question):
                return [Say(question)]
            case Filling(slot=slot):
                return [Say(slot.ask)]
            case ConfirmingRequest(request=request):
                return [Say("confirm_request", {"request": request.name})]
            case ConfirmingSlot(slot=slot, value=value):
                return [Say(slot.confirm, {slot.name: value})]
            case Leaving():
                return [Say("farewell")]
            case _:
                return []

    # -- requests -----------------------------------------------------------------------------------------------------

    def begin(self, request: RequestPlan) -> list[Action]:
        """The caller wants this."""
        self._misses.clear()
        self.history.wants(request.intent)
        return self._go_on(request)

    def _go_on(self, request: RequestPlan) -> list[Action]:
        """Whatever the request needs next."""
        match next_need(request, self._known):
            case Transfer(reason=reason, topic=topic):
                return self.transfer(reason, topic)
            case Filling() as question:
                self.state = question
                return self._ask()
            case Errand() as errand:
                return self._send(errand)
            case Answer(outcome=outcome, values=values):
                return self._answer(request, outcome, values)

    def _send(self, errand: Errand) -> list[Action]:
        self._work += 1
        self.state = Working(self._work, errand)
        return [Do(self._work, errand.lookup, self._known.values())]

    def wait(self, state: Working, ms: int) -> list[Action]:
        """Time passes while the business is being asked."""
        state = self.state = replace(state, waited_ms=state.waited_ms + ms)
        if state.waited_ms >= self._plan.timing.lookup_ms:
            return [Note("lookup_timeout", {"request": state.errand.request.intent}), *self.transfer("backend")]
        if state.waited_ms >= self._plan.timing.filler_ms and not state.explained:
            self.state = replace(state, explained=True)
            return [Say("one_moment")]
        return []

    def failed(self, work: int, why: str) -> list[Action]:
        """The business could not be asked."""
        if not (isinstance(self.state, Working) and self.state.work == work):
            return []
        return [Note("lookup_failed", {"why": why}), *self.transfer("backend")]

    def answered(self, work: int, outcome: str, values: Mapping[str, Any]) -> list[Action]:
        """The business answered.  An answer that is no longer waited for is ignored."""
        if not (isinstance(self.state, Working) and self.state.work == work):
            return []
        errand = self.state.errand
        if errand.slot is None:
            return self._answer(errand.request, outcome, values)
        self._known.listed.add(errand.slot.name)
        own = [str(value) for value in values.get("values", ())]
        if len(own) == 1:
            return self._fill(errand.request, errand.slot, own[0])
        return self._go_on(errand.request)

    def _answer(self, request: RequestPlan, outcome: str, values: Mapping[str, Any]) -> list[Action]:
        plan = request.outcomes.get(outcome)
        if plan is None:
            return [Note("lookup_failed", {"why": f"unexpected outcome {outcome!r}"}), *self.transfer("backend")]
        said = Say(plan.say, {**self._known.slots, **values})
        if plan.again and request.slots:
            self._misses.append("no_match")  # wrong numbers in a row are a person's
            if self._missed_enough():
                return self.transfer("no_match")
            slot = request.slots[0]
            self._known.slots.pop(slot.name, None)
            self.state = Filling(request, slot)
            return [said, *self._ask()]
        self._misses.clear()
        self.history.done(request.intent, outcome)
        self.state = Open("anything_else", served=True)
        return [Note("served", {"request": request.intent, "outcome": outcome}), said, *self._ask()]

    # -- slots --------------------------------------------------------------------------------------------------------

    def press(self, state: Filling, key: str) -> list[Action]:
        """A key while a slot is asked for."""
        if state.slot.kind == "yes_no":
            return self.decided(key == "1") if key in "12" else []
        return self._keyed(state, filling.pressed(state, key))

    def keyed(self, state: Filling) -> list[Action]:
        """No key follows any more."""
        return self._keyed(state, filling.all_pressed(state))

    def _keyed(self, state: Filling, step: filling.Step) -> list[Action]:
        self.turns += step is None or isinstance(step, filling.Filled)
        if state.slot.kind == "date" and isinstance(step, filling.Filled):
            day = self._day_keyed(step.value)
            step = filling.Filled(day) if day else None
        return self._step(state, step)

    def _day_keyed(self, keys: str) -> str:
        """ "24112026" or "2411" as a date, in the order of the language; "" when it is none."""
        written = "/".join(part for part in (keys[:2], keys[2:4], keys[4:]) if part)
        return self._grammar.understand(written, Expecting("date", today=self._today)).day

    def _step(self, state: Filling | ConfirmingSlot, step: filling.Step) -> list[Action]:
        match step:
            case filling.Filled(value=value):
                return self._fill(state.request, state.slot, value)
            case ConfirmingSlot():
                self.state = step
                return self._ask()
            case Filling():
                self.state = step
                return []
            case Transfer(reason=reason):
                return self.transfer(reason)
            case None:
                self.state = Filling(state.request, state.slot)
                return self.miss("no_match")

    def _fill(self, request: RequestPlan, slot: SlotPlan, value: str) -> list[Action]:
        self._known.slots[slot.name] = value
        self.history.learned(slot.name, value)
        return self._go_on(request)
