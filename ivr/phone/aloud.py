"""Scenarios played by sound: spoken, through the real webhooks and the real media stream, in real time."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from ivr.config.scenarios import Named, Scenario, Step
from ivr.phone.advisor import Advisor, Advisors
from ivr.phone.caller import Caller, HangUp, Item, Pause, Press, Unanswered
from ivr.phone.dialling import CALLER, dial_up, is_recognised, language_of, lines, number_to
from ivr.phone.rehearsed import Ending, Line, Rehearsed
from ivr.phone.result import Result
from ivr.phone.server import Server
from ivr.phone.sound import Synthesis, recording

AT_ONCE = 2  # more callers would take the processor from each other's recognisers
INTERRUPTS_MS = 2_000  # after the last words: the answer is being given by then
LIMIT_S = 180.0  # for one call


def unheard_of(scenario: Scenario) -> str | None:
    """What a scenario asks for that only text can do; None for one that can be played by sound."""
    if scenario.full or scenario.gave_up or scenario.called_before or scenario.actions or scenario.at:
        return "full, gave_up, called_before, actions and at are set by text only"
    for step in scenario.steps:
        if step.act in ("mumbles", "breaks") or step.upset is not None or "confidence" in step.model_fields_set:
            return "confidence, upset, mumbles and breaks are set by text only"
    return None


async def rehearse_aloud(
    server: Server, scenarios: Sequence[Named], synthesis: Synthesis, tell: Callable[[str], None]
) -> list[Rehearsed]:
    """Play scenarios, a few at once.  Raises ValueError or OSError for sound that cannot be made or read."""
    room = asyncio.Semaphore(AT_ONCE)

    async def play(named: Named) -> Rehearsed:
        scenario = named.scenario
        line = scenario.line or next(iter(lines()))
        script = _script(scenario, named.folder, language_of(line), synthesis)
        async with room:
            tell(named.name)
            number = number_to(server, line, scenario.caller or CALLER, LIMIT_S)
            advisors = Advisors(tuple(map(Advisor, scenario.advisors)) or (Advisor.ANSWERS,))
            return _compared(await dial_up(server, number, Caller(script), advisors), scenario)

    return await asyncio.gather(*map(play, scenarios))


def _script(scenario: Scenario, folder: Path, language: str, synthesis: Synthesis) -> list[Item]:
    items: list[Item] = []
    readable = not is_recognised(language)
    for step in scenario.steps:
        if step.interrupts:
            items.append(Pause(INTERRUPTS_MS))
        match step.act:
            case "says" if step.plays:
                items.append(recording(folder / step.plays, step.says))
            case "says":
                items.append(synthesis.say(step.says or "", language, readable))
            case "presses":
                items.append(Press(step.presses or ""))
            case "silent":
                items.append(Unanswered())
            case "hangs_up":
                items.append(HangUp())
    return items


def _compared(result: Result, scenario: Scenario) -> Rehearsed:
    """What was said on the line, put beside the steps.  What is done inside, and when silence began, is not heard."""
    steps: list[Step] = []
    places: list[int] = []
    for at, step in enumerate(scenario.steps):
        if step.act in ("says", "presses") or not steps:
            unheard = {} if step.act in ("says", "presses") else {"silent": None, "hangs_up": None}
            steps.append(step.model_copy(update={"does": [], **unheard}))
            places.append(at)
        else:
            both = [*_several(steps[-1].hears), *_several(step.hears)]
            steps[-1] = steps[-1].model_copy(update={"hears": both})
    sounding = [place for place, step in enumerate(steps) if step.act in ("says", "presses")]
    began = [(turn.at_ms, place) for turn, place in zip(result.notes.spoken, sounding, strict=False)]
    told = [("caller", turn.text, turn.at_ms) for turn in result.notes.spoken]
    told += [(turn.who, turn.text, turn.at_ms) for turn in result.turns if turn.who == "ivr"]
    stored = result.stored
    happened = Rehearsed(
        lines=[
            Line(who, text, at_ms, max((place for began_ms, place in began if began_ms <= at_ms), default=-1))
            for who, text, at_ms in sorted(told, key=lambda each: each[2])
        ],
        ending=Ending(
            result.outcome,
            stored.reason if stored else None,  # type: ignore[arg-type]
            None,
            stored.team if stored else None,
            [done["request"] for done in ((stored and stored.card) or {}).get("done", [])],
        ),
    )
    ends = scenario.ends.model_copy(update={"topic": None})
    happened.compare(scenario.model_copy(update={"steps": steps, "ends": ends}))
    happened.differences = [(places[at] if at >= 0 else at, what) for at, what in happened.differences]
    return happened


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
