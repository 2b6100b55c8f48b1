"""A pack with candidates, its page as a file and served, and a real browser for both."""

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assetgen.events import ignore
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.review.collect import ReviewTarget, collect_review
from assetgen.review.session import ReviewSession
from assetgen.server.review_page import serve_review
from assetgen.store.store import Store

Run = Callable[..., tuple[int, str, str]]
CURE = "there is no Chromium for the tests; on Debian: apt-get install chromium"
FLAGS = ("no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update", "disable-sync")
PATIENCE = 120
"""Seconds that the browser may take to show something, on a busy machine."""
PRESETS = {
    "drawing": 'use: pixel_sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\nchecks: [alpha]\n',
    "pattern": 'use: texture\nsource: {fake: {prompt: "{prompt}", size: [16, 16], tile: xy}}\nsteps: [pbr_maps]\n',
}
PACK = """pack: p
assets:
  hero: {preset: drawing, prompt: a hero, tries: 1}
  wall: {preset: pattern, prompt: a wall}
  evil: {preset: pattern, prompt: '</script><img src=x onerror=alert(1)> {script}'}
  all: {preset: atlas, members: [wall]}
"""


@pytest.fixture
def typed(assetgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands in a folder with a pack and a store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSETGEN_STORE", str(tmp_path / "store"))
    (tmp_path / "pack.yaml").write_text(PACK)
    for name, words in PRESETS.items():
        (tmp_path / f"{name}.yaml").write_text(f"preset: {name}\n{words}")
    return assetgen


@pytest.fixture
def page(typed: Run, tmp_path: Path) -> str:
    """The text of a page with three candidates each."""
    typed("build", ".", "--game", "game")
    code, out, err = typed("review", ".", "-n", "3", "--game", "game")
    assert (code, out, err.endswith("open this page in a browser:\n")) == (0, "out/p.html\n", True)
    return (tmp_path / "out/p.html").read_text()


@pytest.fixture
def facts() -> Callable[[str], dict[str, Any]]:
    """The facts in a page."""

    def read(page: str) -> dict[str, Any]:
        [text] = re.findall(r'<script type="application/json" id="facts">(.*?)</script>', page, re.DOTALL)
        found: dict[str, Any] = json.loads(text)
        return found

    return read


@pytest.fixture
def session(page: str, tmp_path: Path) -> ReviewSession:
    """A review of the pack, with all candidates in the store."""
    machine = Machine(Store(tmp_path / "store"), tmp_path)
    target = ReviewTarget(Project.load(tmp_path, tmp_path / "game"), ".")
    return ReviewSession(collect_review(target, machine), tmp_path, ignore, count=3)


@pytest.fixture
def address(session: ReviewSession) -> Iterator[str]:
    """The address of that review's page."""
    with serve_review(session, long_poll=0.5) as address, working(session):
        yield address


@contextmanager
def working(session: ReviewSession) -> Iterator[None]:
    """Runs the thread that samples and builds."""
    thread = threading.Thread(target=session.work)
    thread.start()
    try:
        yield
    finally:
        session.close()
        thread.join()


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


@pytest.fixture
def window(browser: Any) -> Iterator[Any]:
    """An empty window without motion; an error in its console fails the test."""
    window = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    window.set_default_timeout(PATIENCE * 1000)
    wrong: list[str] = []
    window.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    window.on("pageerror", lambda error: wrong.append(str(error)))
    yield window
    window.close()
    assert wrong == []


@pytest.fixture
def opened(window: Any, page: str, tmp_path: Path) -> Any:
    """The page as a file in a window."""
    window.goto((tmp_path / "out/p.html").as_uri())
    return window
