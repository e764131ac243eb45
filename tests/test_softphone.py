"""The browser as a telephone: a real browser with a recorded voice as its microphone."""

import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ivr.phone.live import LiveCaller
from ivr.phone.playback import Playback
from ivr.phone.server import reach
from ivr.phone.softphone import serve
from ivr.phone.sound import Synthesis
from ivr.speech.codec import decode_mulaw
from tests.browser import browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A softphone's page, with a real server behind it."""
    found: list[str] = []
    ready = threading.Event()

    def open_page(url: str) -> None:
        found.append(url)
        ready.set()

    with reach(None) as server:
        threading.Thread(target=serve, args=(server, 0, open_page), daemon=True).start()
        assert ready.wait(30)
        yield found[0]


def voice(path: Path, text: str = "") -> Path:
    """A recording for Chromium's microphone: three seconds of silence, perhaps a sentence, silence."""
    quiet = np.zeros(8000 * 3, dtype=np.int16)
    samples = np.tile(quiet, 10)
    if text:
        with Synthesis() as synthesis:
            samples = np.concatenate([quiet, decode_mulaw(synthesis.say(text, "en").mulaw), samples])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def call(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#line option")).not_to_have_count(0)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#status")).to_have_text("You are on the line.", timeout=20_000)


def test_a_voice_at_the_microphone_is_understood_and_put_through(address: str, tmp_path: Path) -> None:
    recorded = voice(tmp_path / "voice.wav", "I want to talk to an advisor")
    with browser(microphone=recorded) as page:
        call(page, address)
        expect(page.locator("#outcome")).to_have_text("transferred, reason asked", timeout=40_000)
        expect(page.locator("#twiml")).to_contain_text("<Dial")
        expect(page.locator("#turns")).to_contain_text("automated assistant")


def test_the_keypad_of_the_page_reaches_a_person(address: str, tmp_path: Path) -> None:
    with browser(microphone=voice(tmp_path / "voice.wav")) as page:
        call(page, address)
        page.get_by_role("button", name="0", exact=True).click()
        expect(page.locator("#outcome")).to_have_text("transferred, reason pressed_zero", timeout=20_000)


def test_a_browser_that_loses_its_connection_has_hung_up(address: str, tmp_path: Path) -> None:
    with browser(microphone=voice(tmp_path / "voice.wav")) as page:
        call(page, address)
        page.get_by_role("button", name="Hang up").click()
        expect(page.locator("#outcome")).to_contain_text("hung_up", timeout=20_000)


def test_other_sites_cannot_use_the_telephone(address: str) -> None:
    import requests

    assert requests.get(address, timeout=5).status_code == 200
    assert requests.get(address, headers={"Origin": "https://evil.example"}, timeout=5).status_code == 403
    assert requests.get(address, headers={"Host": "evil.example"}, timeout=5).status_code == 403


def test_a_live_caller_is_never_late_and_cuts_sound_into_frames() -> None:
    caller = LiveCaller(lambda _: None, lambda: None)
    caller.take_sound(b"\x01" * 250)
    ears = Playback()
    assert caller.frame(0, ears).mulaw == b"\x01" * 160
    assert caller.frame(20, ears).mulaw == b"\xff" * 160
    caller.take_sound(b"\x01" * 70 + b"\x02" * 160 * 30)
    assert caller.frame(40, ears).mulaw == b"\x02" * 160
