"""The proof that nobody is kept: planted faults are found, with what a caller would do to meet them."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ivr.call import Call
from ivr.call.actions import Action, Finish
from ivr.call.events import Answered, Broken, Elapsed, Event, Partial, Pressed
from ivr.call.proof import one_of_each, prove, unheard
from ivr.call.state import Filling, Open, Working
from ivr.cli import ivr
from ivr.config import Config
from ivr.grammar import Grammar
from tests.conftest import ROOT


def flaws(config: Config, make: type[Call] = Call, **changed: Any) -> list[str]:
    """What is found in a part of the shipped plan with some numbers changed, or with a call that has a fault."""
    plan = config.plans["en"]
    plan = replace(
        plan, requests={name: plan.requests[name] for name in ("order_status", "opening_hours", "complaint")}
    )
    for part, values in changed.items():
        plan = replace(plan, **{part: replace(getattr(plan, part), **values)})
    return [str(flaw) for flaw in prove(one_of_each([plan])[0], [config.grammars["en"]], make)[0]]


@pytest.mark.parametrize("budget", [(1, 0, 1), (1, 3, 4), (3, 1, 2), (5, 3, 5)])
def test_every_budget_that_may_be_written_keeps_nobody(config: Config, budget: tuple[int, int, int]) -> None:
    misses, doubts, silences = budget
    assert flaws(config, budget={"misses": misses, "doubts": doubts, "silences": silences}) == []


def test_the_shipped_files_keep_nobody(config: Config) -> None:
    found, states = prove(one_of_each(config.plans.values())[0], config.grammars.values())
    assert found == []
    assert states > 50
    assert [flaw for grammar in config.grammars.values() for flaw in unheard(grammar)] == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"budget": {"misses": 20}},
            "more than 15 answers in vain (the caller asks for a moment, then",
        ),
        ({"budget": {"doubts": 20, "silences": 20}}, "says nothing is not with a person after 60 s"),
        ({"budget": {"turns": 1000}}, "kept for 1000 turns, more than 40 (the caller says “what are your opening"),
        ({"budget": {"seconds": 100_000}}, "kept for 100000 seconds, more than 900 (the caller talks without a pause)"),
        ({"timing": {"no_input_ms": 40_000}}, "says nothing is not with a person after 60 s"),
    ],
)
def test_a_plan_that_keeps_callers_is_found_with_the_path_there(
    config: Config, changed: dict[str, dict[str, int]], says: str
) -> None:
    assert any(says in flaw for flaw in flaws(config, **changed)), flaws(config, **changed)


class DeafWhileWorking(Call):
    """Hears no key 0 while something is looked up."""

    def handle(self, event: Event) -> list[Action]:
        if isinstance(event, Pressed) and isinstance(self.asking.state, Working):
            return []
        return super().handle(event)


class FirstTheNumber(Call):
    """Wants the number before it puts anybody through."""

    def handle(self, event: Event) -> list[Action]:
        if isinstance(event, Partial) and isinstance(self.asking.state, Filling):
            return []
        return super().handle(event)


class Shrugs(Call):
    """Goes on after an error as if nothing had been."""

    def handle(self, event: Event) -> list[Action]:
        return [] if isinstance(event, Broken) else super().handle(event)


class AsksAgainForEver(Call):
    """Forgives every number that does not exist."""

    def handle(self, event: Event) -> list[Action]:
        if isinstance(event, Answered):
            self.asking._misses.clear()
            self.asking.doubts = self.service._known.failures = 0
        return super().handle(event)


class SendsAway(Call):
    """Ends the call when its caller is silent."""

    def handle(self, event: Event) -> list[Action]:
        if isinstance(event, Elapsed) and isinstance(self.asking.state, Open) and not self.asking.state.served:
            super().handle(Pressed("0"))
            return [Finish("hung_up", farewell=True)]
        return super().handle(event)


@pytest.mark.parametrize(
    ("make", "says", "path"),
    [
        (DeafWhileWorking, "who presses 0 is not put through at once", "says “"),
        (FirstTheNumber, "who asks for a person is not put through at once", "says “"),
        (Shrugs, "who meets a failure of ours is not put through at once", "meets a failure of ours"),
        (AsksAgainForEver, "more than 15 answers in vain", "waits for the answer “none”"),
        (SendsAway, "a caller for whom nothing was done is sent away", "says nothing for 5 s"),
    ],
)
def test_a_call_that_keeps_callers_is_found_with_the_path_there(
    config: Config, make: type[Call], says: str, path: str
) -> None:
    found = flaws(config, make)
    assert any(says in flaw and path in flaw for flaw in found), found


def test_a_request_that_only_another_language_has_is_part_of_the_proof(config: Config) -> None:
    english = config.plans["en"]
    own = replace(english.requests["order_status"], intent="opening_hours", proofs_needed=9)
    other = replace(config.plans["fr"], requests={"opening_hours": own})
    plan, alike = one_of_each([english, other])
    assert alike != one_of_each([english])[1]
    assert [name for name, request in plan.requests.items() if request.proofs_needed == 9] == ["opening_hours_"]
    assert len({request.intent for request in plan.requests.values()}) == len(plan.requests)


def test_a_plan_whose_words_alone_changed_needs_no_other_proof(config: Config) -> None:
    plan = config.plans["en"]
    asked = plan.requests["order_status"]
    said = replace(asked, slots=tuple(replace(slot, ask="another_prompt") for slot in asked.slots))
    assert one_of_each([replace(plan, requests={**plan.requests, "order_status": said})])[1] == one_of_each([plan])[1]
    sooner = replace(asked, slots=tuple(replace(slot, lengths=(4,)) for slot in asked.slots))
    assert one_of_each([replace(plan, requests={**plan.requests, "order_status": sooner})])[1] != one_of_each([plan])[1]


def test_a_human_phrase_that_reaches_nobody_is_found(config: Config) -> None:
    class Deaf(Grammar):
        def asks_for_person(self, text: str) -> bool:
            return "advisor" not in text and super().asks_for_person(text)

    shipped = config.grammars["en"]
    deaf = Deaf(shipped.language, {"an advisor": "person", "a person": "person"})
    assert [str(flaw) for flaw in unheard(deaf)] == [
        "a human phrase in 'en' is not understood (the caller says “an advisor”)"
    ]


def test_ivr_check_refuses_such_files_with_the_line_to_mend(tmp_path: Path) -> None:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / "config" / "ivr.yaml"
    lines = path.read_text(encoding="utf-8").replace("turns: 12, seconds: 240", "turns: 500, seconds: 240").splitlines()
    path.write_text("\n".join(lines), encoding="utf-8")
    result = CliRunner().invoke(ivr, ["check", str(tmp_path)])
    at = next(number for number, line in enumerate(lines, 1) if "turns: 500" in line)
    assert result.exit_code == 1
    assert f"config/ivr.yaml:{at}: a caller who is always answered may be kept for 500 turns" in result.output
    assert "lower budget.turns" in result.output
