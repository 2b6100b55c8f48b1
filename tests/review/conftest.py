"""A real browser for the page."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CURE = "there is no Chromium for the tests; on Debian: apt-get install chromium"
FLAGS = ("no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update", "disable-sync")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright. Without one the test is skipped, or fails if ASSETGEN_REQUIRE_BROWSER is 1."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        (pytest.fail if os.environ.get("ASSETGEN_REQUIRE_BROWSER") == "1" else pytest.skip)(CURE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=[f"--{flag}" for flag in FLAGS])
        yield running
        running.close()
