"""The open question: putting it, putting it again, giving up; and how a call ends.

Every path that does not lead to an answer or a question leads to ``transfer``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from ivr.call.actions import Action, Finish, Note, Notice, Reason, Say, Transfer
from ivr.call.history import History
from ivr.call.plan import Plan
from ivr.call.state import (
    ConfirmingChange,
    ConfirmingRequest,
    ConfirmingSlot,
    Filling,
    HandingOver,
    Leaving,
    Offering,
    Open,
    Over,
    State,
    Working,
    expecting,
)
from ivr.grammar import Expecting

NO_KEYS: Mapping[str, str] = {}


class Asking:
    """Which question is open.  ``turns`` counts the caller's answers, silences included."""

    def __init__(self, plan: Plan, caller: str, today: date | None) -> None:
        self.state: State = Open("how_can_i_help")
        self.history = History(caller)
        self.turns = 0
        self._plan = plan
        self._today = today
        self._misses: list[Reason] = []
        self._impatient = self._offered = False

    @property
    def expecting(self) -> Expecting:
        """What the caller may say now."""
        return expecting(self.state, self._today)

    # -- beginnings and ends ------------------------------------------------------------------------------------------

    def greet(self, others: Mapping[str, str] = NO_KEYS) -> list[Action]:
        """The first words: that this is a machine, how to reach a person, and the keys of ``others``, languages."""
        offers = [Say("other_language", {"key": key}, language) for key, language in others.items()]
        return [Say(self._plan.greeting), *offers]

    def transfer(self, reason: Reason, topic: str | None = None) -> list[Action]:
        """Put the caller through, now."""
        self.state = Over()
        return [Note("transfer", {"reason": reason, "topic": topic}), Transfer(reason, topic)]

    def hand_over(self, why: Say, reason: Reason, topic: str | None = None) -> list[Action]:
        """Say why a person has to take over, then put the caller through."""
        self.state = HandingOver(reason, topic)
        return [why]

    def leave(self) -> list[Action]:
        """Say farewell to a caller who is content."""
        self.state = Leaving()
        return [Say("farewell")]

    def finish(self) -> list[Action]:
        """The farewell has been heard."""
        self.state = Over()
        return [Finish("served" if self.history.served else "hung_up", farewell=True)]

    def hung_up(self) -> list[Action]:
        """The caller is gone: content if something was done for them and no question was open, else we lost them."""
        content = self.history.served and isinstance(self.state, Open | Offering | Leaving)
        self.state = Over()
        return [Finish("served" if content else "hung_up", farewell=False)]

    # -- questions ----------------------------------------------------------------------------------------------------

    def enter(self, state: State) -> list[Action]:
        """Put another question."""
        self.state = state
        return self.ask()

    def ask(self) -> list[Action]:
        """Put the open question (again); who is losing patience is offered a person first, once."""
        if self._impatient and not self._offered:
            self._offered = True
            return [Say("offer_person"), *self._question()]
        return self._question()

    def repeat(self) -> list[Action]:
        """ "Pardon?": the last answer, and the question."""
        said = self.state.said if isinstance(self.state, Open | Offering) else ()
        return [*said, *self.ask()]

    def _question(self) -> list[Action]:
        match self.state:
            case Open(question=question):
                return [Say(question)]
            case Filling(slot=slot, choices=choices, values=values):
                return [Say(slot.ask, {**values, "choices": [label for _, label in choices]} if choices else {})]
            case ConfirmingRequest(request=request):
                return [Say("confirm_request", {"request": request.intent})]
            case ConfirmingSlot(slot=slot, value=value):
                return [Say(slot.confirm, {slot.name: value})]
            case ConfirmingChange(request=request, values=values):
                return [Say(request.confirm or "", dict(values))]
            case Offering():
                return [Say("offer_text")]
            case Leaving():
                return [Say("farewell")]
            case _:
                return []

    # -- misses -------------------------------------------------------------------------------------------------------

    @property
    def trying_again(self) -> bool:
        """True when whatever the caller says next is another try: the last one was not understood."""
        return "no_match" in self._misses

    def understood(self) -> None:
        """The caller made themselves understood: earlier misses are forgiven."""
        self._misses.clear()

    def miss(self, reason: Reason) -> list[Action]:
        """Nothing was said, or nothing we understand.  Ask again while the budget allows it, then a person."""
        self.turns += reason == "no_input"
        if over := self.wrong(reason):
            return over
        if isinstance(self.state, HandingOver):
            return self.transfer(self.state.reason, self.state.topic)
        if isinstance(self.state, Working):
            return []
        if isinstance(self.state, Filling):
            self.state = replace(self.state, digits="", keyed="")
        if isinstance(self.state, Leaving):
            self.state = Open("how_can_i_help", served=self.history.content)
        # Noticed first: whom this puts through hears no beginning of a question.
        noticed: list[Action] = [Notice("sighing_silence")] if reason == "no_input" else []
        said = [] if self._impatient else [Say(reason)]  # who is losing patience is not told at length what went wrong
        return [*noticed, *said, *self.ask()]

    def wrong(self, reason: Reason) -> list[Action]:
        """One more miss; a person when there were enough in a row."""
        self._misses.append(reason)
        budget = self._plan.budget
        if len(self._misses) >= budget.misses or self._misses.count("no_input") >= budget.silences:
            # What was said and not understood tells the advisor more than a silence after it.
            return self.transfer("no_match" if "no_match" in self._misses else reason)
        return []

    # -- tone ---------------------------------------------------------------------------------------------------------

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
