"""Rehearsals: scenarios in files, played by text against the real call, and what is said when one differs."""

import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from ivr.app import create_business
from ivr.call.actions import Reason
from ivr.call.events import Heard
from ivr.cli import ivr
from ivr.config import Config, ConfigError
from ivr.config.scenarios import load_scenarios
from ivr.phone.caller import Caller, Press, Unanswered
from ivr.phone.notes import Turn
from ivr.phone.playback import Playback
from ivr.phone.rehearsal import rehearse as rehearse_scenario
from ivr.phone.show import on as show_on
from ivr.records.database import connect
from ivr.records.records import Records
from ivr.requests.backend import Result as Answer
from ivr.requests.demonstration import create_shop, orders
from tests.house import CALL_ID, SILENCE, STOP, House, frames, key, utterance
from tests.postgres import Postgres


def rehearse(tmp_path: Path, text: str, *options: str) -> Result:
    """A file with these scenarios, rehearsed."""
    path = tmp_path / "scenarios.yaml"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(ivr, ["rehearse", str(path), *options])


def mistakes(config: Config, tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "scenarios.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenarios(config, [path])
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.fixture(scope="module")
def played() -> list[dict[str, Any]]:
    """Every shipped scenario, on SQLite."""
    result = CliRunner().invoke(ivr, ["rehearse", "--json"])
    found: list[dict[str, Any]] = json.loads(result.output)
    return found


def test_every_shipped_scenario_ends_as_it_should(played: list[dict[str, Any]]) -> None:
    assert [each for each in played if not each["ok"]] == []


def test_every_shipped_scenario_ends_the_same_on_postgresql(config: Config, postgres: Postgres, tmp_path: Path) -> None:
    engine = connect(postgres.database())
    records = Records(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    records.prepare()
    business = create_business(config, records, engine, {})
    day, differ = None, {}
    for at, named in enumerate(load_scenarios(config)):
        if day != named.scenario.day:  # nothing has been changed in the shop, and it is as on that day
            day = named.scenario.day
            orders.metadata.drop_all(engine)
            create_shop(engine, day)

        def ask(action: str, values: Mapping[str, str], work: int, at: int = at) -> Answer:
            return business.start(action, values, f"{at}-{work}").result(10)

        happened = rehearse_scenario(named.scenario, config, ask)
        if any(config.actions[action].changes for _, action in happened.actions):
            day = None
        if happened.differences:
            differ[named.name] = happened.differences
    engine.dispose()
    assert differ == {}


def test_shipped_scenarios_cover_every_reason_a_call_can_have(played: list[dict[str, Any]]) -> None:
    assert {each["reason"] for each in played if each["reason"]} == set(get_args(Reason))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_shipped_scenarios_cover_every_request_with_every_answer_and_every_failure(
    config: Config, played: list[dict[str, Any]], language: str
) -> None:
    in_this_language = [
        each
        for named, each in zip(load_scenarios(config), played, strict=True)
        if config.language_of(named.scenario.line or next(iter(config.lines))) == language
    ]
    requests = [plan for plan in config.plans[language].requests.values() if not plan.topic]
    answers = {
        (plan.intent, answer)
        for plan in requests
        if plan.action
        for answer in (*plan.outcomes, "failed", "late", *(["unknown"] if plan.confirm else []))
    }
    assert answers - {tuple(answer) for each in in_this_language for answer in each["answers"]} == set()
    assert {plan.intent for plan in requests} <= {intent for each in in_this_language for intent in each["served"]}


def test_a_scenario_that_differs_is_shown_with_its_line_and_what_was_said_instead(tmp_path: Path) -> None:
    text = (
        "scenarios:\n"
        "  wrong answer:\n"
        "    steps:\n"
        "      - says: what are your opening hours\n"
        "        hears: around the clock\n"
        "    ends: {outcome: transferred, reason: asked}\n"
    )
    result = rehearse(tmp_path, text)
    assert result.exit_code == 1
    plain = " ".join(result.output.split())
    assert "line 4: should hear “around the clock”, heard: We are open Monday" in plain
    assert "should end: transferred, ended: served" in plain
    assert "1 scenarios, 1 of them differ" in plain


def test_a_rehearsal_is_one_json_list_for_programs(tmp_path: Path) -> None:
    text = "scenarios:\n  zero:\n    steps:\n      - presses: '0'\n    ends: {outcome: transferred}\n"
    result = rehearse(tmp_path, text, "--json")
    (only,) = json.loads(result.output)
    assert (only["ok"], only["scenario"], only["reason"], only["team"]) == (True, "zero", "pressed_zero", "service")
    assert [turn["who"] for turn in only["turns"]] == ["ivr", "caller", "ivr"]


@pytest.mark.parametrize(
    ("advisors", "team", "last"),
    [
        ("[answers]", "care", "rings +12025550117: answers"),
        ("[no-answer, answers]", "service", "rings +12025550142: answers"),
        ("[busy]", "service", "waits in the queue service"),
    ],
)
def test_a_scenario_may_say_what_each_advisor_does(tmp_path: Path, advisors: str, team: str, last: str) -> None:
    text = (
        "scenarios:\n"
        "  a complaint:\n"
        "    at: 2026-11-24 10:00\n"
        f"    advisors: {advisors}\n"
        "    steps: [{says: I want to make a complaint}]\n"
        f"    ends: {{outcome: transferred, reason: topic, team: {team}}}\n"
    )
    (only,) = json.loads(rehearse(tmp_path, text, "--json").output)
    assert only["ok"], only["differences"]
    assert [turn["text"] for turn in only["turns"] if turn["who"] == "advisor"][-1] == last


def test_a_scenario_may_make_a_lookup_answer_as_it_likes(tmp_path: Path) -> None:
    text = (
        "scenarios:\n"
        "  another shop:\n"
        "    caller: '+15550199'\n"
        "    actions: {order_status: {outcome: cancelled, values: {order_number: '99999'}}}\n"
        "    steps:\n"
        "      - says: where is my order\n"
        "      - says: four two seven one nine\n"
        "        hears: Order 9, 9, 9, 9, 9 was cancelled\n"
        "    ends: {outcome: served}\n"
    )
    assert rehearse(tmp_path, text).exit_code == 0


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ("{steps: [{sais: hello}], ends: {outcome: served}}", "did you mean 'says'"),
        ("{steps: [{says: hello, presses: '0'}], ends: {outcome: served}}", "one thing the caller does"),
        ("{steps: [{}], ends: {outcome: served}}", "nothing happens in this step"),
        ("{steps: [{plays: x.wav}], ends: {outcome: served}}", "the words that are in it"),
        ("{steps: [{says: hello, plays: x.wav}], ends: {outcome: served}}", "there is no recording x.wav"),
        ("{steps: [{says: hello, does: nowhere}], ends: {outcome: served}}", "'nowhere' is not in the actions"),
        ("{steps: [], ends: {outcome: contained}}", "ends.outcome"),
        ("{steps: [], ends: {outcome: served, served: [pizza]}}", "'pizza' is not in config/requests.yaml"),
        ("{steps: [], ends: {outcome: transferred, team: sales}}", "'sales' is not in config/advisors.yaml"),
        ("{line: '+15559999', steps: [], ends: {outcome: served}}", "'+15559999' is not in config/ivr.yaml"),
        ("{actions: {nowhere: {fails: true}}, steps: [], ends: {outcome: served}}", "'nowhere' is not in the actions"),
        ("{steps: []}", "ends: is missing"),
    ],
)
def test_a_mistake_in_a_scenario_says_where_and_what(config: Config, tmp_path: Path, scenario: str, says: str) -> None:
    found = mistakes(config, tmp_path, f"scenarios:\n  one: {scenario}\n")
    assert any("scenarios.yaml:2" in mistake and says in mistake for mistake in found), found


def test_all_mistakes_of_all_scenarios_are_reported_at_once(config: Config, tmp_path: Path) -> None:
    text = (
        "scenarios:\n"
        "  one: {ends: {outcome: served, served: [pizza]}}\n"
        "  two: {line: '+15559999', ends: {outcome: served}}\n"
    )
    assert [mistake.split(":")[1] for mistake in mistakes(config, tmp_path, text)] == ["2", "3"]


RECORDED: dict[str, tuple[tuple[Heard, ...], Callable[[], list[str]]]] = {
    "served": (
        (Heard("where is my order", 0.9), Heard("four two seven one nine", 0.95)),
        lambda: [*utterance(), *frames(SILENCE, 4000), *utterance(), *frames(SILENCE, 30_000)],
    ),
    "transferred low_confidence": ((Heard("where is my order", 0.3),), utterance),
    "transferred pressed_zero": ((), lambda: [*frames(SILENCE, 8000), key("4"), *frames(SILENCE, 400), key("0")]),
    "transferred no_input": ((), lambda: frames(SILENCE, 60_000)),
    "transferred tone": ((Heard("this is ridiculous i am furious i've been waiting for weeks", 0.95),), utterance),
    "transferred asked": ((Heard("where is my order", 0.6), Heard("advisor", 0.9)), lambda: utterance() * 2),
    "hung_up": ((Heard("where is my order", 0.9),), lambda: [*utterance(), STOP]),
}
"""How the call ended -> what was recognised in it, and its messages."""


@pytest.mark.parametrize("ending", RECORDED)
def test_a_recorded_call_becomes_a_scenario_that_ends_alike(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    said, messages = RECORDED[ending]
    House(config, tmp_path).stream(*messages(), said=said)
    monkeypatch.setenv("IVR_DATABASE_URL", f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    printed = CliRunner().invoke(ivr, ["rehearse", "--from-call", CALL_ID])
    assert printed.exit_code == 0, printed.output
    assert all(each.text in printed.output for each in said)
    played = rehearse(tmp_path, printed.output, "--json")
    (only,) = json.loads(played.output)
    assert only["ok"], (printed.output, only)
    assert " ".join(filter(None, (only["outcome"], only["reason"]))) == ending


def test_a_call_nobody_recorded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_DATABASE_URL", f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    result = CliRunner().invoke(ivr, ["rehearse", "--from-call", "CA404"])
    assert result.exit_code == 1 and "there is no call CA404" in result.output


def test_a_scenario_is_played_by_sound_through_a_real_server(tmp_path: Path) -> None:
    text = (
        "scenarios:\n"
        "  a key:\n"
        "    steps:\n"
        "      - hears: automated assistant\n"
        "      - presses: '0'\n"
        "        interrupts: true\n"
        "    ends: {outcome: transferred, reason: pressed_zero, team: service}\n"
        "  nothing known:\n"
        "    steps:\n"
        "      - breaks: true\n"
        "    ends: {outcome: transferred}\n"
    )
    result = rehearse(tmp_path, text, "--audio", "--json")
    assert "not by sound: nothing known" in result.stderr
    (only,) = json.loads(result.stdout)
    assert only["ok"], only


def test_a_caller_may_let_a_prompt_go_by() -> None:
    ears = Playback()
    caller = Caller([Unanswered(), Press("1")])
    pressed_ms = []
    for now_ms in range(0, 6_000, 20):
        if now_ms in (0, 3_000):  # two prompts of half a second
            ears.add_audio(now_ms, 500)
        if caller.frame(now_ms, ears).key:
            pressed_ms.append(now_ms)
    assert len(pressed_ms) == 1 and pressed_ms[0] > 3_500


def test_what_a_caller_says_moves_no_cursor_and_colours_nothing_on_a_terminal() -> None:
    heard = "\x1b[2J\x1b]0;owned\x07 [red]my [/] order\u202e\r"
    printed = StringIO()
    console = Console(file=printed, force_terminal=True, color_system=None, width=200)
    show_on(console)(Turn("caller", heard, 0, how="says"))
    assert "[2J" in printed.getvalue() and "[red]my [/] order" in printed.getvalue()
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(printed.getvalue())
