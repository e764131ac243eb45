"""A real browser: Debian's Chromium, without a screen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

CHROMIUM = os.environ.get("IVR_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"


@contextmanager
def browser(microphone: Path | None = None, width: int = 1280, height: int = 820) -> Iterator[Page]:
    """One page.  ``microphone``: a WAV file that is spoken.  Without Chromium the test is skipped, but not in CI."""
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip(f"no Chromium at {CHROMIUM}: install Debian's package chromium, or set IVR_CHROMIUM")
    flags = ["--no-sandbox"]
    if microphone:
        flags += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        flags += [
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
            "--autoplay-policy=no-user-gesture-required",
        ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            context = chromium.new_context(viewport={"width": width, "height": height})
            yield context.new_page()
        finally:
            chromium.close()
