"""One call: events in, actions out.  No clock, no input or output, no threads.

``Call.handle(event)`` returns the actions to carry out, in order.  What may happen at any moment is here: the human
phrases, the keys, time, hang-up.  The conversation about requests is in ``dialogue``.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from ivr.call.actions import Action, Hush, Listen, Note, Notice, Reason, Say
from ivr.call.asking import Asking
from ivr.call.dialogue import Dialogue
from ivr.call.events import (
    Answered,
    Broken,
    Elapsed,
    Event,
    Failed,
    Heard,
    HungUp,
    Partial,
    Played,
    Pressed,
    Started,
    Upset,
)
from ivr.call.plan import ONE_LANGUAGE, Languages, Plan
from ivr.call.service import Service
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
    Working,
)
from ivr.grammar import Grammar

UNHEARD_MS = 1_000  # talk this long without a recognised word is a miss; a cough or a click is shorter
HAMMERED_KEYS = 3  # keys pressed where none is asked for
FAREWELL_MS = 15_000  # longest wait for the last words to be played: then the machine is done all the same


class Call:
    """The state of one call and the rules that move it.  Not shared between threads."""

    def __init__(
        self,
        plan: Plan,
        grammar: Grammar,
        caller: str = "",
        today: date | None = None,
        languages: Languages = ONE_LANGUAGE,
    ) -> None:
        """``caller`` is the calling number, "" when it is withheld.  ``today``: without it no day can be understood."""
        self.plan = plan
        self.dialogue = Dialogue(plan, grammar, caller, today, languages)
        self._keys = languages.keys
        self.elapsed_ms = 0
        self._speaking = False
        self._silent_ms = 0
        self._keyed_ms = 0
        self._idle_keys = 0
        self._talking = False

    @property
    def asking(self) -> Asking:
        """The open question."""
        return self.dialogue.asking

    @property
    def service(self) -> Service:
        """The requests."""
        return self.dialogue.service

    @property
    def grammar(self) -> Grammar:
        """That of the language that is being spoken."""
        return self.dialogue.grammar

    @property
    def trying_again(self) -> bool:
        """True when whatever the caller says next is another try: for the reading of their tone."""
        return self.asking.trying_again

    @property
    def over(self) -> bool:
        """True when the call's part has ended; every further event gives no actions."""
        return isinstance(self.asking.state, Over)

    def handle(self, event: Event) -> list[Action]:
        """What to do about an event."""
        if self.over:
            return []
        before = self.asking.expecting
        actions = self._handle(event)
        if self.over:  # how the caller behaves no longer matters
            return [action for action in actions if not isinstance(action, Notice)]
        if any(isinstance(action, Say) for action in actions):
            self._speaking, self._silent_ms = True, 0
        if before != self.asking.expecting:
            actions.append(Listen(self.asking.expecting))
        return actions

    def card(self, reason: Reason | None = None) -> dict[str, Any]:
        """The call's story for the advisor: what was said, understood and done."""
        return self.asking.history.card(reason, self.elapsed_ms)

    def _handle(self, event: Event) -> list[Action]:
        if isinstance(event, Played | Heard | Pressed):
            self.asking.history.told()
        match event:
            case Started():
                return [Listen(self.asking.expecting), *self.asking.greet(self._keys)]
            case Elapsed(ms=ms, talking=talking):
                return self._pass_time(ms, talking)
            case Partial(text=text):
                return self._overhear(text)
            case Heard():
                return self._hear(event)
            case Upset(upset=upset, why=why):
                return self.asking.feel(upset, why)
            case Pressed(key=key):
                return self._press(key)
            case Played():
                self._speaking = False
                # Who talks into the end of the farewell is heard out.
                done = isinstance(self.asking.state, Leaving) and not self._talking
                return self.asking.finish() if done else []
            case Answered(work=work, outcome=outcome, values=values):
                return self.service.answered(work, outcome, values)
            case Failed(work=work, why=why, unknown=unknown):
                return self.service.failed(work, why, unknown)
            case HungUp():
                return self.asking.hung_up()
            case Broken(why=why):
                self.asking.history.untold()
                return [Note("broken", {"why": why}), *self.asking.transfer("failure")]
            case _:
                return self.asking.transfer("failure")

    def _overhear(self, text: str) -> list[Action]:
        """The caller is in mid-sentence.  A human phrase is acted on before the sentence is over."""
        if self.grammar.asks_for_person(text):
            self.asking.history.said(text, "person", 1.0)
            noted = Note("heard", {"text": text, "confidence": 1.0, "intent": "person", "slots": {}})
            return [noted, *self.asking.transfer("asked")]
        if self._speaking and self.grammar.knows_a_word(text, self.asking.expecting):
            self._speaking, self._silent_ms = False, 0
            return [Hush(), Notice("interrupted")]
        return []

    def _hear(self, heard: Heard) -> list[Action]:
        self._silent_ms = 0
        if not heard.text:
            felt = self.asking.feel(heard.upset, heard.why)
            missed = heard.speech_ms >= UNHEARD_MS and not self.over
            return [*felt, *(self.asking.miss("no_match") if missed else [])]
        hush: list[Action] = [Hush()] if self._speaking else []
        self._speaking = False
        if self._spent():
            return [*hush, *self.dialogue.hear(heard, spent=True)]
        return [*hush, *self.dialogue.hear(heard)]

    def _spent(self) -> bool:
        budget = self.plan.budget
        return self.asking.turns >= budget.turns or self.elapsed_ms >= budget.seconds * 1000

    def _pass_time(self, ms: int, talking: bool) -> list[Action]:
        self.elapsed_ms += ms
        self._talking = talking
        state = self.asking.state
        if isinstance(state, Leaving):
            return self._leave(state, ms)
        if isinstance(state, HandingOver):
            return self._hand_over(state, ms)
        if self.elapsed_ms >= 2 * self.plan.budget.seconds * 1000:  # whatever holds the call up, a person takes over
            return self.asking.transfer("time_budget")
        if isinstance(state, Working):
            return self.service.wait(state, ms)
        if self._speaking:
            return []
        if isinstance(state, Filling) and state.keyed:
            self._keyed_ms += ms
            return self.dialogue.keyed(state) if self._keyed_ms >= self.plan.timing.keypad_ms else []
        self._silent_ms = self._silent_ms if talking else self._silent_ms + ms
        if self._silent_ms < self.plan.timing.no_input_ms:
            return []
        self._silent_ms = 0
        if isinstance(state, Offering) or (isinstance(state, Open) and state.served):
            return self.asking.leave()
        if self._spent():
            return self.asking.transfer("time_budget")
        return self.asking.miss("no_input")

    def _leave(self, state: Leaving, ms: int) -> list[Action]:
        self.asking.state = Leaving(state.waited_ms + ms)
        return self.asking.finish() if state.waited_ms + ms >= FAREWELL_MS else []

    def _hand_over(self, state: HandingOver, ms: int) -> list[Action]:
        """The caller has heard why; who talks meanwhile is heard out."""
        state = replace(state, waited_ms=state.waited_ms + ms)
        self.asking.state = state
        heard = not self._speaking and not self._talking
        return self.asking.transfer(state.reason, state.topic) if heard or state.waited_ms >= FAREWELL_MS else []

    def _press(self, key: str) -> list[Action]:
        """A key.  0 is a person, except as the next digit of a number that is being keyed.

        Even then a person follows unless another key does, or the number is complete: see ``Dialogue.keyed``.
        """
        self._silent_ms = self._keyed_ms = 0
        state = self.asking.state
        secret = isinstance(state, Filling) and state.slot.kind == "keypad" and (state.keyed or key != "0")
        noted: list[Action] = [Note("pressed", {"keys": "•" if secret else key})]
        hush: list[Action] = [Hush()] if self._speaking else []
        if key == "0" and not (isinstance(state, Filling) and state.keyed):
            return [*noted, *self.asking.transfer("pressed_zero")]
        match state:
            case Filling():
                self._speaking = False
                return [*noted, *hush, *self.dialogue.press(state, key)]
            case ConfirmingRequest() | ConfirmingSlot() | ConfirmingChange() | Offering() if key in "12":
                self._speaking = False
                return [*noted, *hush, *self.dialogue.decided(key == "1")]
            case Open(served=False) if key in self._keys:
                self._speaking = False
                return [*noted, *hush, *self.dialogue.speak(self._keys[key])]
            case _:
                self._idle_keys += 1
                return [*noted, Notice("hammered_keys")] if self._idle_keys % HAMMERED_KEYS == 0 else noted
