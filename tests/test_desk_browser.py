"""The wallboard in a real browser, while a simulated caller talks to a real server."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ivr.phone.advisor import Advisors
from ivr.phone.caller import Caller, Item, Pause
from ivr.phone.dialling import ENGLISH_LINE, dial_up, number_to
from ivr.phone.result import Result
from ivr.phone.server import Server, reach
from ivr.phone.sound import Synthesis
from ivr.supervisor.users import Users
from tests.browser import browser
from tests.conftest import ROOT

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    for name in ("config", "grammars"):
        shutil.copytree(ROOT / name, home / name)
    Users(home).put("anna", PASSWORD, "supervisor")
    with reach(None, home) as server:
        yield server


def calling(server: Server, results: list[Result]) -> threading.Thread:
    """Somebody asks for the opening hours, thinks for a while, and asks for a person."""
    with Synthesis() as synthesis:
        script: list[Item] = [
            synthesis.say("what are your opening hours", "en"),
            Pause(9000),
            synthesis.say("I want to talk to an advisor", "en"),
        ]
    number = number_to(server, ENGLISH_LINE)

    def call() -> None:
        results.append(asyncio.run(dial_up(server, number, Caller(script), Advisors())))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def test_a_supervisor_watches_a_call_come_and_go_opens_its_page_and_finds_it_again(
    server: Server, pictures: Path
) -> None:
    results: list[Result] = []
    with browser() as page:
        page.goto(f"{server.url}/supervisor/")
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#connection")).to_have_text("Live")
        expect(page.locator("#no-calls")).to_be_visible()
        caller = calling(server, results)
        row = page.locator("#calls tr")
        expect(row).to_have_count(1, timeout=15_000)
        expect(row).to_contain_text("with the assistant")
        expect(row).to_contain_text("Is there anything else", timeout=30_000)
        page.screenshot(path=pictures / "wallboard.png")
        expect(row).to_have_count(0, timeout=60_000)
        expect(page.locator("#figure-calls")).to_have_text("1", timeout=10_000)
        expect(page.locator("#reasons")).to_contain_text("the caller asked for a person", timeout=10_000)
        caller.join(30)
        assert [result.reason for result in results] == ["asked"]
        page.get_by_role("link", name="Calls").click()
        page.get_by_label("Reason").select_option("asked")
        page.get_by_role("button", name="Search").click()
        page.locator("tbody a").click()
        expect(page.locator(".timeline")).to_contain_text("opening hours")
        expect(page.locator(".timeline")).to_contain_text("the caller asked for a person")
        page.screenshot(path=pictures / "call-page.png", full_page=True)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_browser_that_loses_the_server_says_so_and_goes_on_when_it_is_back(server: Server) -> None:
    with browser() as page:
        page.goto(f"{server.url}/supervisor/")
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#connection")).to_have_text("Live")
        page.context.set_offline(True)
        expect(page.locator("#connection")).to_contain_text("connection is lost", timeout=10_000)
        page.context.set_offline(False)
        expect(page.locator("#connection")).to_have_text("Live", timeout=10_000)
