"""The conversation about requests: understanding, asking for what is missing, confirming once, answering.

Each method answers one thing that happened with the actions it leads to.  Every path that does not lead to an answer
or a question leads to ``transfer``.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ivr.call.actions import Action, Do, Finish, Note, Notice, Reason, Say, Transfer
from ivr.call.events import Heard
from ivr.call.history import History
from ivr.call.plan import Plan, RequestPlan, SlotPlan
from ivr.call.policy import confidence, decide
from ivr.call.state import ConfirmingRequest, ConfirmingSlot, Filling, Leaving, Open, Over, State, Working, expecting
from ivr.grammar import NO, PERSON, YES, Grammar, Meaning, valid


class Dialogue:
    """What is being talked about.  ``turns`` counts the caller's answers, silences included."""

    def __init__(self, plan: Plan, grammar: Grammar, caller: str) -> None:
        self.state: State = Open("how_can_i_help")
        self.history = History(caller)
        self.turns = 0
        self._plan = plan
        self._grammar = grammar
        self._caller = caller
        self._slots: dict[str, str] = {}
        self._own_tried: set[str] = set()
        self._misses: list[Reason] = []
        self._unsure = False
        self._impatient = self._offered = False
        self._work = 0

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
        meaning = self._grammar.understand(heard.text, expecting(self.state))
        sure = confidence(heard, meaning)
        self.history.said(heard.text, meaning.intent, sure)
        slots = {self.state.slot.name: meaning.digits} if meaning.digits and isinstance(self.state, Filling) else {}
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
        if isinstance(self.state, Filling | ConfirmingSlot) and meaning.digits:
            return self._digits(self.state, meaning, sure)
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
        """Serve a request: find what is missing, ask for it, look it up, answer."""
        self._misses.clear()
        self.history.wants(request.intent)
        if request.topic:
            return self.transfer("topic", request.topic)
        for slot in request.slots:
            if slot.name in self._slots:
                continue
            if slot.own and self._caller and slot.name not in self._own_tried:
                self._own_tried.add(slot.name)
                return self._do(request, slot.own, slot)
            self.state = Filling(request, slot)
            return self._ask()
        if request.lookup is None:
            return self._answer(request, "found", {})
        return self._do(request, request.lookup, None)

    def _do(self, request: RequestPlan, lookup: str, slot: SlotPlan | None) -> list[Action]:
        self._work += 1
        self.state = Working(self._work, request, slot)
        return [Do(self._work, lookup, {**self._slots, "caller": self._caller})]

    def wait(self, state: Working, ms: int) -> list[Action]:
        """Time passes while a lookup is under way."""
        state = self.state = replace(state, waited_ms=state.waited_ms + ms)
        if state.waited_ms >= self._plan.timing.lookup_ms:
            return [Note("lookup_timeout", {"request": state.request.intent}), *self.transfer("backend")]
        if state.waited_ms >= self._plan.timing.filler_ms and not state.explained:
            self.state = replace(state, explained=True)
            return [Say("one_moment")]
        return []

    def failed(self, work: int, why: str) -> list[Action]:
        """A lookup could not be answered."""
        if not (isinstance(self.state, Working) and self.state.work == work):
            return []
        return [Note("lookup_failed", {"why": why}), *self.transfer("backend")]

    def answered(self, work: int, outcome: str, values: Mapping[str, Any]) -> list[Action]:
        """A lookup came back.  One that is no longer waited for is ignored."""
        if not (isinstance(self.state, Working) and self.state.work == work):
            return []
        request, slot = self.state.request, self.state.slot
        if slot is None:
            return self._answer(request, outcome, values)
        own = [str(value) for value in values.get("values", ())]
        if len(own) == 1:
            return self._fill(request, slot, own[0])
        return self.begin(request)

    def _answer(self, request: RequestPlan, outcome: str, values: Mapping[str, Any]) -> list[Action]:
        plan = request.outcomes.get(outcome)
        if plan is None:
            return [Note("lookup_failed", {"why": f"unexpected outcome {outcome!r}"}), *self.transfer("backend")]
        said = Say(plan.say, {**self._slots, **values})
        if plan.again and request.slots:
            self._misses.append("no_match")
            if self._missed_enough():
                return self.transfer("no_match")
            slot = request.slots[0]
            self._slots.pop(slot.name, None)
            self.state = Filling(request, slot)
            return [said, *self._ask()]
        self._misses.clear()
        self.history.done(request.intent, outcome)
        self.state = Open("anything_else", served=True)
        return [Note("served", {"request": request.intent, "outcome": outcome}), said, *self._ask()]

    # -- slots --------------------------------------------------------------------------------------------------------

    def _fill(self, request: RequestPlan, slot: SlotPlan, value: str) -> list[Action]:
        self._slots[slot.name] = value
        self.history.learned(slot.name, value)
        return self._keep_misses(request)

    def _keep_misses(self, request: RequestPlan) -> list[Action]:
        """Going on with a request does not forgive earlier misses about it: wrong numbers in a row are a person's."""
        misses = list(self._misses)
        actions = self.begin(request)
        if not isinstance(self.state, Open | Over):
            self._misses = misses
        return actions

    def _digits(self, state: Filling | ConfirmingSlot, meaning: Meaning, sure: float) -> list[Action]:
        """Spoken digits: a whole number, or a part of one to which the next utterance adds."""
        before = state.digits if isinstance(state, Filling) else ""
        if meaning.restarted or len(meaning.digits) in state.slot.lengths:
            before = ""  # begun anew, or all of it said once more
        sure = min(sure, state.confidence) if before and isinstance(state, Filling) else sure
        digits = before + meaning.digits
        if _possible(state.slot, digits):
            decision = decide(self._plan.bands, sure, meaning, unsure_before=False)
            if decision == "accept" or (decision == "confirm" and state.slot.sure_if_found):
                return self._fill(state.request, state.slot, digits)
            if decision == "transfer":
                return self.transfer("low_confidence")
            self.state = ConfirmingSlot(state.request, state.slot, digits)
            return self._ask()
        if len(digits) < max(state.slot.lengths):
            self.state = Filling(state.request, state.slot, digits, sure)
            return []  # more may follow: silence brings the question back
        self.state = Filling(state.request, state.slot)
        return self.miss("no_match")

    def press(self, state: Filling, key: str) -> list[Action]:
        """A key while a number is asked for: a digit, # for the end, * to begin again."""
        if key == "*":
            self.state = replace(state, keyed="")
            return []
        if key == "#":
            return self.keyed(state) if state.keyed else []
        state = self.state = replace(state, keyed=state.keyed + key, digits="")
        return self._take_keyed(state) if len(state.keyed) >= max(state.slot.lengths) else []

    def keyed(self, state: Filling) -> list[Action]:
        """No more keys: take the number.  A trailing 0 that completed nothing was a call for a person."""
        if len(state.keyed) not in state.slot.lengths and state.keyed.endswith("0"):
            return self.transfer("pressed_zero")
        return self._take_keyed(state)

    def _take_keyed(self, state: Filling) -> list[Action]:
        self.turns += 1
        self.state = replace(state, keyed="")
        if _possible(state.slot, state.keyed):
            return self._fill(state.request, state.slot, state.keyed)
        return self.miss("no_match")


def _possible(slot: SlotPlan, digits: str) -> bool:
    """True for a number of a right length with a right check digit."""
    return len(digits) in slot.lengths and (slot.check is None or valid(digits, slot.check))
