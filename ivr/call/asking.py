"""The open question: putting it, asking back while the budget allows it, giving up; and how a call ends.

Every path that does not lead to an answer or a question leads to ``transfer``.
"""

from collections.abc import Mapping
from datetime import date

from ivr.call.actions import Action, Finish, Note, Notice, Reason, Say, Transfer
from ivr.call.history import NOT_CONFIRMED, History
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
MOST_SMALL_TALK = 3  # "hello?", "one moment", "say that again" in a row: who needs a fourth is better off with a person


class Asking:
    """Which question is open.

    ``turns`` counts the caller's answers, silences included; ``doubts`` how often the call has asked back.
    ``waiting``: the caller has asked for a moment, so the next silence may be longer.
    """

    def __init__(self, plan: Plan, caller: str, today: date | None) -> None:
        self.state: State = Open("how_can_i_help")
        self.history = History(caller)
        self.turns = self.doubts = 0
        self.waiting = False
        self._plan = plan
        self._today = today
        self._misses: list[Reason] = []
        self._small_talk = 0
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
        """Put the caller through, now.  A change that was read back and not agreed to is an advisor's to settle."""
        if isinstance(self.state, ConfirmingChange):
            self.history.pending(self.state.request.intent, NOT_CONFIRMED)
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
            case Filling(slot=slot, again=True) if slot.lengths and not slot.choices:
                return [Say("key_in_day" if slot.kind == "date" else "key_in")]
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

    # -- doubts -------------------------------------------------------------------------------------------------------

    @property
    def trying_again(self) -> bool:
        """True when whatever the caller says next is another try: the last one was not understood."""
        return any(reason != "no_input" for reason in self._misses)

    def understood(self) -> None:
        """The caller made themselves understood: earlier misses are forgiven, the doubts of the call are not."""
        self._misses.clear()
        self._small_talk = 0

    def talk(self, said: list[Action]) -> list[Action]:
        """Answer what is about the conversation alone.  It forgives nothing, and does not go on for ever."""
        self._small_talk += 1
        return said if self._small_talk <= MOST_SMALL_TALK else self.transfer("time_budget")

    def wait(self) -> list[Action]:
        """Give the caller time."""
        self.waiting = True
        return [Say("take_your_time")]

    @property
    def may_ask_back(self) -> bool:
        """True while the call has a doubt left."""
        return self.doubts < self._plan.budget.doubts

    def doubt(self) -> bool:
        """Use up one of the times that a call may ask back; False when none is left."""
        may = self.may_ask_back
        self.doubts += may
        return may

    def miss(self, reason: Reason) -> list[Action]:
        """Nothing was said, or nothing that can be used.  Ask back where the budget allows it, else a person."""
        self.turns += reason == "no_input"
        match self.state:
            case HandingOver(reason=why_people, topic=topic):
                return self.transfer(why_people, topic)
            case ConfirmingChange():
                return self.transfer(reason)
            case Working():
                return self.missed(reason, number=False)
        if isinstance(self.state, ConfirmingSlot) and reason != "no_input":
            self.state = Filling(self.state.request, self.state.slot)
        may_be_keyed = isinstance(self.state, Filling) and bool(self.state.slot.lengths)
        if over := self.missed(reason, may_be_keyed or isinstance(self.state, Leaving)):
            return over
        why = "no_input" if reason == "no_input" else "no_match"
        if isinstance(self.state, Filling):
            self.state = self.state if reason == "no_input" else self.state.asked_again()
            why = "unclear" if may_be_keyed and reason != "no_input" else why
        if isinstance(self.state, Leaving):
            self.state = Open("anything_else", served=self.history.content)
        # Noticed first: whom this puts through hears no beginning of a question.
        noticed: list[Action] = [Notice("sighing_silence")] if reason == "no_input" else []
        said = [] if self._impatient else [Say(why)]  # who is losing patience is not told at length what went wrong
        return [*noticed, *said, *self.ask()]

    def missed(self, reason: Reason, number: bool) -> list[Action]:
        """Count one more miss; a person when it was one too many.

        ``number``: where there is nothing to lose but a number, the first miss is a doubt: it is asked for once more.
        """
        self._misses.append(reason)
        budget, silences = self._plan.budget, self._misses.count("no_input")
        unclear = len(self._misses) - silences
        if reason == "no_input":
            again = silences < budget.silences and self.doubt()
        else:
            again = unclear < budget.misses or (number and unclear == 1 and self.doubt())
        # What was said and not understood tells the advisor more than a silence after it.
        spoken = [each for each in self._misses if each != "no_input"]
        return [] if again else self.transfer(spoken[-1] if spoken else reason)

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
