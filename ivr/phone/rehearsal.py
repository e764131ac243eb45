"""A scenario played by text, at once: the real call, prompts, tone and lookups; time passes as events."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import TemplateError

from ivr.advisors.journey import destination
from ivr.call import Call, Languages
from ivr.call.actions import Action, Do, Finish, Hush, Notice, Reason, Say, Speak, Transfer
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
from ivr.call.history import DROPPED
from ivr.config import Config
from ivr.config.scenarios import Faked, Scenario, Step
from ivr.phone.advisor import Advisor, Advisors
from ivr.phone.rehearsed import Ending, Line, Rehearsed
from ivr.phone.ringing import ringing
from ivr.requests.backend import BackendFailed, OutcomeUnknown, Result
from ivr.tone import Tone

TICK_MS = 50
SPOKEN_MS = 65  # a character of a sentence, at the 165 words a minute of the shipped voices
KEY_MS = 200  # between two keys: a quick thumb
LONGEST_MS = 30 * 60_000  # no scenario is longer: a call that does not end has failed

Ask = Callable[[str, Mapping[str, str], int], Result]
"""An action, its values and a number that is its own in this call -> the business's answer.  Raises BackendFailed."""


def rehearse(scenario: Scenario, config: Config, ask: Ask) -> Rehearsed:
    """Play a scenario."""
    telephone = _Telephone(scenario, config, ask)
    telephone.play()
    telephone.happened.compare(scenario)
    return telephone.happened


class _Telephone:
    """The caller's side of one scenario, and what a session does on the other: without sound."""

    def __init__(self, scenario: Scenario, config: Config, ask: Ask) -> None:
        self.happened = Rehearsed()
        self._scenario = scenario
        self._config = config
        self._ask = ask
        self._language = config.language_of(scenario.line or next(iter(config.lines)))
        plan = config.plans[self._language]
        self._bands = plan.bands
        languages = Languages(config.grammars, config.keys.get(scenario.line or "", {}))
        self._call = Call(plan, config.grammars[self._language], scenario.caller or "", scenario.day, languages)
        self._tone = Tone(config.tone, config.upset_words[self._language]) if config.tone else None
        self._now_ms = 0
        self._playing_ms = 0
        self._lookups: list[tuple[int, Event]] = []  # when each comes back
        self._step = -1
        self._ended = False

    def play(self) -> None:
        """From the first ring to the end."""
        if self._scenario.full:
            self._transfer("overload", None)
            return
        if 0 < self._config.most_given_up <= self._scenario.gave_up:
            self._transfer("repeat_caller", None)
            return
        self._handle(Started())
        if self._scenario.called_before:
            self._notice("called_before")
        for step in self._scenario.steps:
            if not step.interrupts:
                self._listen()
            if self._ended:
                break
            if step.act is None:
                self._step += 1
                continue
            self._act(step)
        self._pass(LONGEST_MS)  # nothing left to say: silence, until the call ends

    def _act(self, step: Step) -> None:
        self._step += 1
        self._tell("caller", _doing(step))
        match step.act:
            case "says":
                self._say(step)
            case "presses":
                for key in step.presses or "":
                    self._handle(Pressed(key))
                    self._pass(KEY_MS)
            case "mumbles":
                ms = self._talk((step.mumbles or 0) * 1000)
                self._handle(Heard("", 0.0, speech_ms=ms, upset=step.upset, voiced_ms=ms))
            case "silent":
                self._pass((step.silent or 0) * 1000)
            case "hangs_up":
                self._handle(HungUp())
            case _:
                self._handle(Broken("the scenario says so"))

    def _say(self, step: Step) -> None:
        text = step.says or ""
        ms = self._talk(len(text) * SPOKEN_MS)
        words = text.lower().split()
        if step.confidence >= self._bands.confirm:  # what is hardly heard is not heard in mid-sentence either
            for end in range(1, len(words) + 1):
                self._handle(Partial(" ".join(words[:end])))
        again, sure = self._call.trying_again, step.confidence
        reading = self._tone.hear(None, text, again, sure) if self._tone and step.upset is None else None
        upset, why = (reading.upset, reading.contributions) if reading else (step.upset, ())
        self._handle(Heard(text, step.confidence, (), ms, upset, why))

    def _listen(self) -> None:
        """Until the system has said what it wanted to say."""
        for _ in range(0, LONGEST_MS, TICK_MS):
            if self._ended or not (self._playing_ms or self._lookups):
                return
            self._tick()

    def _talk(self, ms: float) -> int:
        self._pass(ms, talking=True)
        return int(ms)

    def _pass(self, ms: float, talking: bool = False) -> None:
        for _ in range(0, int(ms), TICK_MS):
            if self._ended:
                return
            self._tick(talking)

    def _tick(self, talking: bool = False) -> None:
        self._now_ms += TICK_MS
        if self._playing_ms:
            self._playing_ms = max(0, self._playing_ms - TICK_MS)
            if not self._playing_ms:
                self._handle(Played())
        due = [answer for when, answer in self._lookups if when <= self._now_ms]
        self._lookups = [(when, answer) for when, answer in self._lookups if when > self._now_ms]
        for event in (*due, Elapsed(TICK_MS, talking)):
            self._handle(event)

    def _handle(self, event: Event) -> None:
        if self._ended:
            return
        for action in self._call.handle(event):
            if not self._ended:
                self._perform(action)

    def _perform(self, action: Action) -> None:
        match action:
            case Say(prompt=prompt, values=values, language=language):
                self._tell_prompt(language or self._language, prompt, values)
            case Speak(language=language):
                self._language = language
                if self._tone:
                    self._tone.listen_for(self._config.upset_words[language])
            case Hush():
                self._playing_ms = 0
            case Do():
                self._do(action)
            case Notice(behaviour=behaviour):
                self._notice(behaviour)
            case Transfer(reason=reason, topic=topic):
                self._transfer(reason, topic)
            case Finish(outcome=outcome):
                self._end(Ending(outcome))
            case _:
                return

    def _tell_prompt(self, language: str, prompt: str, values: dict[str, Any]) -> None:
        try:
            text = self._config.texts[language].text(prompt, values)
        except TemplateError as error:  # a session would put the caller through, too
            self.happened.differences.append((self._step, f"{prompt} cannot be said: {error}"))
            self._handle(Broken(f"{prompt} cannot be said"))
            return
        self._playing_ms += len(text) * SPOKEN_MS
        self._tell("ivr", text)

    def _do(self, action: Do) -> None:
        self.happened.actions.append((self._step, action.action))
        faked = self._scenario.actions.get(action.action)
        back_ms = self._now_ms + int((faked.takes if faked else 0) * 1000)
        answer = self._answer(action, faked)
        self._lookups.append((back_ms, answer))
        plan = self._config.plans[self._language]
        request = plan.requests.get(self._call.card()["wanted"] or "")
        if request and action.action in (request.action, request.before):
            late = back_ms - self._now_ms >= plan.timing.lookup_ms
            self.happened.answers.add((request.intent, "late" if late else _outcome(answer)))

    def _answer(self, action: Do, faked: Faked | None) -> Answered | Failed:
        if faked and (faked.fails or faked.unknown):
            return Failed(action.work, "the scenario says so", faked.unknown)
        if faked and faked.outcome:
            return Answered(action.work, faked.outcome, faked.values)
        try:
            result = self._ask(action.action, {**action.values, "language": self._language}, action.work)
        except BackendFailed as failed:
            return Failed(action.work, str(failed), isinstance(failed, OutcomeUnknown))
        return Answered(action.work, result.outcome, dict(result.values))

    def _notice(self, behaviour: Any) -> None:
        if self._tone:
            reading = self._tone.behave(behaviour)
            self._handle(Upset(reading.upset, reading.contributions))

    def _transfer(self, reason: Reason, topic: str | None) -> None:
        wanted = self._call.card()["wanted"]
        team = self._config.advisors.route(reason, topic or wanted, self._language)
        if at := self._scenario.at:  # who is there at that time
            there, _ = destination(self._config.advisors, team, at.replace(tzinfo=team.hours.zone))
            team = self._config.advisors.teams[there]
        words = {"team": team.names[self._language]}
        self._tell("ivr", self._config.texts[self._language].text(f"transfer_{reason}", words))
        now = at.replace(tzinfo=team.hours.zone) if at else datetime.now(UTC)
        habits = tuple(map(Advisor, self._scenario.advisors))
        for takes, what in ringing(self._config.advisors, team, Advisors(habits), now) if habits else ():
            self._tell("advisor", what)
            team = takes
        self._end(Ending("transferred", reason, topic, team.name))

    def _end(self, ending: Ending) -> None:
        self._ended = True
        ending.served = [done["request"] for done in self._call.card()["done"] if done["outcome"] != DROPPED]
        self.happened.ending = ending

    def _tell(self, who: str, text: str) -> None:
        self.happened.lines.append(Line(who, text, self._now_ms, self._step))


def _outcome(answer: Answered | Failed) -> str:
    if isinstance(answer, Answered):
        return answer.outcome
    return "unknown" if answer.unknown else "failed"


def _doing(step: Step) -> str:
    match step.act:
        case "says":
            sure = step.confidence == Step.model_fields["confidence"].default
            return f"“{step.says}”" if sure else f"“{step.says}” (heard with {step.confidence:g})"
        case "presses":
            return f"presses {step.presses}"
        case "mumbles":
            return f"says something nobody understands ({step.mumbles:g} s)"
        case "silent":
            return f"says nothing ({step.silent:g} s)"
        case "hangs_up":
            return "hangs up"
    return "(something of ours breaks)"
