"""From words and keys to what follows: understanding, asking back once, following the caller.

Each method answers one thing that the caller did with the actions it leads to.
"""

from datetime import date

from ivr.call import filling
from ivr.call.actions import Action, Note, Notice, Say, Speak
from ivr.call.asking import Asking
from ivr.call.events import Heard
from ivr.call.history import UNREAD
from ivr.call.plan import Languages, Plan, RequestPlan
from ivr.call.policy import decide, understand
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
from ivr.grammar import NO, PERSON, YES, Expecting, Grammar, Meaning, asked_language, normalise

ANSWERS = ("robot", "repeat", "finished", "hello", "wait", YES, NO)  # while nothing is asked these change nothing
SMALL_TALK = ("robot", "repeat", "hello", "wait")  # answered without certainty: nothing is begun, ended or changed


class Dialogue:
    """What the caller's words mean for the question that is open.  ``grammar``: of the language that is spoken."""

    def __init__(self, plan: Plan, grammar: Grammar, caller: str, today: date | None, languages: Languages) -> None:
        self.asking = Asking(plan, caller, today)
        self.service = Service(plan, self.asking, caller)
        self._plan = plan
        self.grammar = grammar
        self._languages = languages
        self._today = today

    # -- words --------------------------------------------------------------------------------------------------------

    def hear(self, heard: Heard, spent: bool = False) -> list[Action]:
        """A finished utterance with words in it.  ``spent``: the machine has had its time."""
        asking = self.asking
        asking.turns += 1
        asking.waiting = False
        meaning, sure = understand(heard, self.grammar, asking.expecting)
        text = heard.text or heard.free
        asking.history.said(text, meaning.intent, sure)
        value = meaning.digits or meaning.day
        slots = {asking.state.slot.name: value} if value and isinstance(asking.state, Filling) else dict(meaning.slots)
        noted = Note(
            "heard",
            {
                "text": text,
                "recognised": round(heard.confidence, 3),
                "confidence": round(sure, 3),
                "intent": meaning.intent,
                "slots": slots,
            },
        )
        if meaning.intent == PERSON:
            # Never confirmed.  Words that merely resemble a human phrase lead to a person too, under their true reason.
            return [noted, *asking.transfer("asked" if sure >= self._plan.bands.confirm else "low_confidence")]
        felt = asking.feel(heard.upset, heard.why)
        if isinstance(asking.state, Over):
            return [noted, *felt]
        if spent and not (meaning.intent == "finished" and asking.history.content):
            return [noted, *felt, *asking.transfer("time_budget")]
        # Another try is a sign of its own, and answers and small talk are said more than once by everybody.
        once_more = not asking.trying_again and meaning.intent not in ANSWERS
        again: list[Action] = [Notice("repeated")] if once_more and asking.history.repeats(text) else []
        return [noted, *felt, *self._understood(heard, meaning, sure), *again]

    def only_hesitates(self, heard: Heard) -> bool:
        """Whether nothing was said but "um": the caller is thinking, and will go on."""
        words = normalise(heard.text or heard.free).split()
        return bool(words) and all(word in self.grammar.decoys for word in words)

    def unread(self, heard: Heard, spent: bool = False) -> list[Action]:
        """A finished utterance that was speech, without a word that could be read: no silence."""
        asking = self.asking
        asking.turns += 1
        asking.waiting = False
        asking.history.said(UNREAD, None, 0.0)
        noted = Note("unread", {"speech_ms": heard.speech_ms})
        if isinstance(asking.state, Working):  # nothing is asked, so nothing was left unanswered
            return [noted]
        return [noted, *(asking.transfer("time_budget") if spent else asking.miss("no_match"))]

    def _understood(self, heard: Heard, meaning: Meaning, sure: float) -> list[Action]:
        state = self.asking.state
        if isinstance(state, Filling | ConfirmingSlot) and (meaning.digits or meaning.day):
            return self.service.step(state, filling.said(state, meaning, sure, self._plan.bands))
        if meaning.intent is None:
            return self._not_understood(meaning)
        decision = decide(self._plan.bands, sure, not self.asking.may_ask_back)
        if decision == "transfer":
            return self.asking.transfer("low_confidence")
        if isinstance(state, ConfirmingChange) and not self._is_clear(heard, meaning, decision):
            return self.asking.transfer("low_confidence")
        if language := asked_language(meaning.intent):
            return self.speak(language)
        if isinstance(state, Working) and (state.errand.changes or decision == "confirm" or meaning.intent in ANSWERS):
            # What is being changed cannot be stopped.
            return [Say(meaning.intent)] if meaning.intent in ("robot", "hello") else []
        if isinstance(state, HandingOver) and _goes_on_to_a_person(state, meaning):
            return self.asking.transfer(state.reason, state.topic)
        if decision == "confirm" and not (meaning.intent in SMALL_TALK and self.asking.doubt()):
            return self._confirm(meaning)
        if meaning.intent in (*SMALL_TALK, "finished"):
            return self._talk(meaning)
        return self._act(meaning)

    def _not_understood(self, meaning: Meaning) -> list[Action]:
        """Nothing that can begin.  What it is near to is the subject that the advisor is told."""
        if not meaning.subject:
            return self.asking.miss("no_match")
        self.asking.history.wants(meaning.subject)
        return self.asking.transfer("low_confidence", meaning.subject)

    def _is_clear(self, heard: Heard, meaning: Meaning, decision: str) -> bool:
        """Whether an answer to "shall I?" leaves no doubt: a whole sentence that says yes and nothing more, or anything
        certain that makes no change."""
        if decision != "accept" or (meaning.intent == "finished" and not self._declines(meaning)):
            return False
        if meaning.intent in SMALL_TALK:
            return meaning.likeness == 1.0
        if meaning.intent != YES:
            return True
        free = self.grammar.understand(heard.free, self.asking.expecting) if heard.free else meaning
        return meaning.likeness == free.likeness == 1.0 and free.intent == YES

    def _declines(self, meaning: Meaning) -> bool:
        """ "No thanks": a closing that begins with a no is one, where yes or no was asked."""
        return self.grammar.sentences.get(meaning.sentence.partition(" ")[0]) == NO

    def _talk(self, meaning: Meaning) -> list[Action]:
        """What is about the conversation alone."""
        asking = self.asking
        if isinstance(asking.state, Leaving) and meaning.intent != "finished":
            asking.state = Open("anything_else", served=True)
        match meaning.intent:
            case "hello":
                return asking.talk([Say("hello"), *asking.ask()])
            case "wait":
                return asking.talk(asking.wait())
            case "repeat":
                return asking.talk(asking.repeat())
            case "finished":
                return self._finished(meaning)
            case _:
                asking.understood()
                return [Say("robot"), *asking.ask()]

    def _finished(self, meaning: Meaning) -> list[Action]:
        """A closing.  It ends the call only where the caller was asked for anything else, and was content.

        Before anything was done it may be a misheard word, and in the middle of a request an "okay": who means it
        hangs up.
        """
        asking = self.asking
        match asking.state:
            case Leaving():
                return asking.finish()
            case ConfirmingRequest() | ConfirmingSlot() | ConfirmingChange() | Offering() if self._declines(meaning):
                return self.decided(yes=False)
            case Offering() | Open(served=True) if asking.history.content:
                return asking.leave()
            case Open():
                return asking.talk([Say("nothing_yet")])
            case ConfirmingRequest() | ConfirmingSlot() | ConfirmingChange():
                return asking.miss("low_confidence")
            case _:
                return asking.talk(asking.ask())

    def _act(self, meaning: Meaning) -> list[Action]:
        """The meaning is certain enough."""
        asking, service = self.asking, self.service
        asking.understood()
        match meaning.intent:
            case "never_mind":
                return service.drop()
            case "other_one":
                return service.take_other()
            case "yes" | "no":
                return self.decided(meaning.intent == YES)
            case str(intent) if intent in self._plan.requests:
                return self._begin(self._plan.requests[intent], meaning)
            case _:
                return asking.transfer("failure")  # a grammar with an intent nobody serves

    def _begin(self, request: RequestPlan, meaning: Meaning) -> list[Action]:
        """A request; of two in one sentence the first, and says so.  With a yes it agrees to the open change."""
        state = self.asking.state
        if isinstance(state, ConfirmingChange) and state.request == request and meaning.agrees and not meaning.slots:
            return self.decided(yes=True)
        first: list[Action] = [Say("first_of_two", {"request": request.intent})] if meaning.also else []
        return [*first, *self.service.begin(request, meaning.slots)]

    def _confirm(self, meaning: Meaning) -> list[Action]:
        """Ask about an unsure request.  Anything else unsure is as good as not understood."""
        request = self._plan.requests.get(meaning.intent or "")
        if request is None:
            return self.asking.miss("low_confidence")
        if request.topic:
            return self.asking.transfer("topic", request.topic)  # towards a person nothing needs to be certain
        self.asking.doubt()
        sure_if_found = {slot.name for slot in request.slots if slot.sure_if_found}
        given = tuple((name, value) for name, value in meaning.slots if name in sure_if_found)
        return self.asking.enter(ConfirmingRequest(request, given))

    def speak(self, language: str) -> list[Action]:
        """Go on in a language because the caller asked for it.  What is known stays; nobody is asked whether."""
        asking = self.asking
        asking.understood()
        if language == self.grammar.language:
            return asking.ask()
        changed: list[Action] = [Note("language", {"language": language}), Speak(language)]
        if language not in self._languages.understood:
            return [*changed, *asking.transfer("topic", "language")]
        self.grammar = self._languages.understood[language]
        if isinstance(asking.state, HandingOver):
            return [*changed, *asking.transfer(asking.state.reason, asking.state.topic)]
        if isinstance(asking.state, Open) and not asking.state.served:
            return [*changed, *asking.greet()]  # the first words were not understood
        return [*changed, *asking.ask()]

    # -- yes and no, by voice or key (1 and 2) ------------------------------------------------------------------------

    def decided(self, yes: bool) -> list[Action]:
        """The answer to the open question, where it is one of yes and no."""
        asking, service = self.asking, self.service
        match asking.state:
            case ConfirmingRequest(request=request, given=given):
                if yes:
                    return service.begin(request, given)
                asking.state = Open("how_can_i_help", served=asking.history.content)
                return [*asking.miss("low_confidence"), Notice("corrected")]
            case ConfirmingSlot(request=request, slot=slot, value=value):
                if yes:
                    return service.fill(request, slot, value)
                return [*asking.miss("low_confidence"), Notice("corrected")]
            case Filling(request=request, slot=slot) if slot.kind == "yes_no":
                return service.fill(request, slot, YES if yes else NO)
            case ConfirmingChange() as state:
                return service.confirmed(state) if yes else service.drop()
            case Offering() as state:
                return service.send_text(state) if yes else asking.enter(Open("anything_else", served=True))
            case HandingOver(reason=reason, topic=topic):
                return asking.transfer(reason, topic) if yes else service.drop()
            case Open(served=True):
                return asking.enter(Open("how_can_i_help", served=True)) if yes else asking.leave()
            case _:
                return asking.miss("no_match")

    # -- keys ---------------------------------------------------------------------------------------------------------

    def press(self, state: Filling, key: str) -> list[Action]:
        """A key while a slot is asked for."""
        if state.slot.kind == "yes_no":
            return self.decided(key == "1") if key in "12" else []
        self.asking.waiting = False
        return self._keyed(state, filling.pressed(state, key))

    def keyed(self, state: Filling) -> list[Action]:
        """No key follows any more."""
        return self._keyed(state, filling.all_pressed(state))

    def _keyed(self, state: Filling, step: filling.Step) -> list[Action]:
        self.asking.turns += isinstance(step, filling.Unclear | filling.Filled)
        if state.slot.kind == "date" and isinstance(step, filling.Filled):
            day = self._day_keyed(step.value)
            step = filling.chosen(state, day) if day else filling.Unclear()
        return self.service.step(state, step)

    def _day_keyed(self, keys: str) -> str:
        """ "24112026" or "2411" as a date, in the order of the language; "" when it is none."""
        written = "/".join(part for part in (keys[:2], keys[2:4], keys[4:]) if part)
        return self.grammar.understand(written, Expecting("date", today=self._today)).day


def _goes_on_to_a_person(state: HandingOver, meaning: Meaning) -> bool:
    """Whether what a caller says who has been told why a person takes over is no change of mind."""
    return meaning.intent in ("hello", "wait") or (state.reason != "topic" and meaning.intent != "robot")
