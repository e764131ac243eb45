"""The handover card in a real browser, on a real server, while a call rings.

IVR_PICTURES=docs takes the picture in docs/ anew.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from ivr.call.events import Heard
from ivr.config import Config
from tests.house import BASE, CALL_ID, SILENCE, House, frames, key, utterance

Scheme = Literal["light", "dark"]
CALLER = "+15550112"
SAID = ("what are your opening hours", "where is my order", "it is the blue one with the hood")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        assert not os.environ.get("CI"), "the tests of the page need a browser: apt-get install chromium"
        pytest.skip("no browser: apt-get install chromium")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    """A house in which a caller, who also rang an hour ago, has just been put through."""
    made = House(replace(config, tone=None), tmp_path)
    before = "CA" + "8" * 32
    made.post("/voice", call_id=before, From=CALLER)
    made.post("/voice/next", call_id=before, From=CALLER, CallStatus="completed")
    hour_ago = datetime.now(UTC) - timedelta(minutes=55)
    made.records.change(before, started_at=hour_ago, card={"wanted": "parcel_tracking"})
    made.post("/voice", From=CALLER)
    talk = [frame for _ in SAID for frame in utterance()]
    said = tuple(Heard(words, confidence) for words, confidence in zip(SAID, (0.97, 0.91, 0.38), strict=True))
    made.stream(*frames(SILENCE, 100), *talk, key("0"), said=said)
    stored = made.records.call(CALL_ID)
    assert stored and stored.card
    tone = {"upset": 0.34, "why": ["raised voice", "speaking faster"], "offer_from": 0.25, "transfer_from": 0.5}
    made.records.change(CALL_ID, card={**stored.card, "tone": tone})
    made.post("/voice/next")
    return made


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """The card's link on a server that listens on this machine."""
    listener = make_server("127.0.0.1", 0, house.client.application, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield house.parts.links.link(CALL_ID).replace(BASE, f"http://127.0.0.1:{listener.server_port}")
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_on_every_screen(browser: Browser, address: str, scheme: Scheme, pictures: Path) -> None:
    page = browser.new_page(color_scheme=scheme, device_scale_factor=2)
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(address)
    for width in (1280, 360, 390):
        page.set_viewport_size({"width": width, "height": 844})
        expect(page.get_by_text("The caller pressed 0.")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "nobody scrolls sideways"
    if scheme == "light":
        page.screenshot(path=pictures / "handover-card.png", full_page=True)
    paper, ink = (page.evaluate(f"getComputedStyle(document.body).{each}") for each in ("backgroundColor", "color"))
    assert contrast(paper, ink) > 7
    assert trouble == [], "nothing is refused by the page's own policy"
    page.close()


def test_it_follows_the_call_by_itself(browser: Browser, house: House, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    follows(page, house)
    assert [event.kind for event in house.records.events(CALL_ID)].count("card_opened") == 1
    page.close()


def test_it_follows_the_call_without_javascript(browser: Browser, house: House, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address)
    follows(page, house)
    assert [event.kind for event in house.records.events(CALL_ID)].count("card_opened") == 1
    context.close()


def follows(page: Page, house: House) -> None:
    status = page.get_by_role("status")
    expect(status).to_contain_text("Ringing")
    house.records.note(CALL_ID, "accepted", {})
    expect(status).to_contain_text("Connected", timeout=20_000)
    house.post("/voice/dialled", From=CALLER, DialCallStatus="completed", DialBridged="true")
    expect(status).to_contain_text("Conversation is over", timeout=20_000)


def test_words_of_a_caller_are_never_obeyed(browser: Browser, house: House, address: str) -> None:
    words = '<img src=x onerror="document.title=1">'
    shown = {"text": words, "intent": words, "confidence": 0.5}
    house.records.note(CALL_ID, "heard", shown)
    page = browser.new_page()
    page.goto(address)
    expect(page.get_by_text(words, exact=True)).to_have_count(1)
    house.records.note(CALL_ID, "heard", shown)  # what comes while the page is open is no different
    expect(page.get_by_text(words, exact=True)).to_have_count(2, timeout=20_000)
    assert page.title() == "Handover card" and page.locator("img").count() == 0
    page.close()


def test_a_server_that_is_gone_is_said_to_be_gone(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.route("**/now", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("may be old", timeout=20_000)
    page.close()


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours written as "rgb(1, 2, 3)"."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
