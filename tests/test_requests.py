"""Requests: who is calling, changes that are confirmed and made once, changes of mind; and mistakes in their file."""

import pytest

from ivr.call import Call
from ivr.call.actions import Do, Finish
from ivr.call.events import Answered, Elapsed, Failed, Heard, HungUp, Played, Started
from ivr.config import Config
from ivr.config.prompt_values import selected
from tests.calls import CALLER, after, in_state, reasons, said
from tests.test_config import Edit, edit, home, mistakes  # noqa: F401  fixtures


def test_a_change_is_confirmed_whatever_the_confidence(config: Config) -> None:
    call = in_state(config, "asking whether a change is allowed")
    assert said(call.handle(Answered(3, "allowed"))) == ["confirm_cancel"]


def test_no_leaves_everything_as_it_is(config: Config) -> None:
    call = in_state(config, "asked to confirm a change")
    assert said(call.handle(Heard("no", 1.0))) == ["nothing_done", "anything_else"]
    call.handle(Played())
    assert said(call.handle(Heard("no thank you", 1.0))) == ["farewell"]
    assert call.handle(Played()) == [Finish("hung_up", farewell=True)]  # nothing was served, and nobody claims it


def test_a_change_without_an_answer_is_said_to_be_unknown_and_goes_to_a_person(config: Config) -> None:
    call = in_state(config, "a change is being made")
    assert said(call.handle(Elapsed(1500))) == ["passing_on"]
    assert said(call.handle(Elapsed(4500))) == ["change_unknown"]
    assert reasons(after(call, [Played(), Elapsed(20)])) == ["backend"]
    assert call.card("backend")["pending"]["request"] == "cancel_order"


def test_what_was_certainly_not_done_is_said_to_be_not_done(config: Config) -> None:
    call = in_state(config, "a change is being made")
    assert said(call.handle(Failed(4, "refused"))) == ["change_failed"]


def test_a_change_that_is_being_made_is_not_made_again(config: Config) -> None:
    call = in_state(config, "a change is being made")
    actions = after(call, [Heard("cancel my order", 1.0), Heard("yes", 1.0), Heard("yes", 1.0)])
    assert not any(isinstance(each, Do) for each in actions)


def test_a_hang_up_after_the_yes_leaves_the_change_on_the_card(config: Config) -> None:
    call = in_state(config, "a change is being made")
    assert call.handle(HungUp()) == [Finish("hung_up", farewell=False)]
    assert call.card()["pending"]["request"] == "cancel_order"


def test_the_card_says_how_the_caller_is_known(config: Config) -> None:
    assert in_state(config, "asked to confirm a change").card()["verified"] == ["calling_number", "postcode"]


def test_a_wrong_postcode_twice_reaches_a_person(config: Config) -> None:
    call = in_state(config, "asked for the postcode")
    actions = []
    for work in (2, 3):
        actions = after(call, [Heard("nine nine nine nine nine", 1.0), Answered(work, "not_verified"), Played()])
    assert reasons(actions) == ["identity"]


def test_the_other_of_two_orders(config: Config) -> None:
    call = Call(config.plans["en"], config.grammars["en"], CALLER)
    after(call, [Started(), Played(), Heard("where is my order", 1.0)])
    after(call, [Answered(1, "found", {"values": ["11208", "77034"]}), Heard("one one two oh eight", 1.0)])
    after(call, [Answered(2, "processing", {"due": "2026-11-24"}), Played()])
    (order,) = [each for each in call.handle(Heard("actually the other one", 1.0)) if isinstance(each, Do)]
    assert order.values["order_number"] == "77034"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("action: cancel_order", "action: cancel_oder", "'cancel_oder' is not under actions"),
        ("    confirm: confirm_cancel\n", "", "no caller is asked before it does"),
        ("identity: {reading: 1, changing: 2}", "identity: {reading: 1, changing: 3}", "needs 3 proofs"),
        ("    needs_caller: true\n", "    needs_caller: true\n    identity: odd\n", "'odd' is not under identity"),
        ("offer: text_order", "offer: order_status", "sends no text message"),
        ("{say: order_processing}", "{say: order_processing, undo: undo_cancel}", "nothing is changed, so nothing can"),
        ("END AS undo_minutes", "END AS undo_until", "'undo_cancel': cancel_order says it, and has no 'undo_minutes'"),
        ("{say: order_now", "{say: order_nw", "'order_nw_cancelled' is missing"),
        ("complaint: {people: true}", "complaint: {people: true, identity: reading}", "nothing else of it counts"),
    ],
)
def test_a_mistake_in_the_requests_is_explained(home, edit: Edit, old: str, new: str, says: str) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    edit("config/requests.yaml", old, new)
    assert any(says in line for line in mistakes(home)), mistakes(home)


def test_a_prompt_that_names_a_value_nobody_gives_is_refused_with_its_line(home, edit: Edit) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    edit("config/prompts/en.yaml", "was paid on {{ refunded | day }}", "was paid on {{ paid | day }}")
    found = mistakes(home)
    assert len(found) == 2  # two requests say it
    assert all("config/prompts/en.yaml:" in line and "no 'paid'" in line and "amount" in line for line in found), found


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("SELECT o.number, CASE WHEN a = 'x, FROM' THEN 1 END AS outcome FROM t", {"number", "outcome"}),
        ("select distinct substr(a, 1, 2) as begins, (SELECT b FROM c) AS d", {"begins", "d"}),
        ("SELECT * FROM t", None),
        ("SELECT count(*) FROM t", None),
        ("UPDATE t SET a = 1 RETURNING a", None),
    ],
)
def test_the_columns_of_a_statement_are_known_or_nothing_is_claimed(statement: str, columns: set[str] | None) -> None:
    assert selected(statement) == columns
