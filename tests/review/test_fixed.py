"""Assets without candidates on the review page: atlases, and animations of other assets."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assetgen.events import ignore
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.review.collect import ReviewTarget, collect_review
from assetgen.review.facts import data_uri
from assetgen.review.session import ReviewSession
from assetgen.server.review_page import serve_review
from assetgen.store.store import Store
from tests.review.conftest import working

Run = Callable[..., tuple[int, str, str]]
PACK = """pack: p
assets:
  hero: {preset: figure, prompt: a hero}
  hero_idle: {preset: idle, members: [hero]}
  both: {preset: animation, members: [hero_idle]}
  pose: {preset: moving, prompt: a pose}
"""
ATLAS = PACK.partition("  hero_idle")[0] + "  all: {preset: atlas, members: [hero], atlas: {max_size: 4096}}\n"
FIGURE = 'preset: figure\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
MOVING = "preset: moving\nextends: figure\nsteps: [idle]\n"
SHEETS = "all => all.map((each) => each.lastChild.style.backgroundImage)"


@pytest.fixture
def written(typed: Run, tmp_path: Path) -> Run:
    """Runs commands in a folder with the pack above."""
    for name, text in {"pack": PACK, "figure": FIGURE, "moving": MOVING}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return typed


@pytest.fixture
def built(written: Run) -> Run:
    assert written("build", ".", "--game", "game")[0] == 0
    return written


@pytest.fixture
def opened(built: Run, window: Any, tmp_path: Path) -> Any:
    """The page as a file, with two candidates each."""
    assert built("review", ".", "-n", "2", "--game", "game")[0] == 0
    window.goto((tmp_path / "out/p.html").as_uri())
    return window


def test_an_animation_of_another_asset_is_shown_and_plays(opened: Any) -> None:
    opened.click("[aria-label='hero_idle, in the game']")
    assert opened.inner_text("#stage h2") == "hero_idle"
    before = opened.inner_text("#frame")
    opened.keyboard.press(".")
    assert (before[:4], opened.inner_text("#frame")[:4]) == ("1 of", "2 of")


@pytest.mark.parametrize("key", ["Enter", "1", "r"])
def test_it_cannot_be_picked_or_sampled(opened: Any, key: str) -> None:
    opened.click("[aria-label='both, in the game']")
    opened.keyboard.press(key)
    assert opened.inner_text("#status") == "No candidates: another seed does not change both, made from hero_idle."
    assert (opened.is_visible("#tray"), opened.locator("#stage button:has-text('Pick')").count()) == (False, 0)


def test_what_is_not_built_is_named(written: Run, window: Any, tmp_path: Path) -> None:
    assert written("review", ".", "-n", "1")[0] == 0
    window.goto((tmp_path / "out/p.html").as_uri())
    assert "It is shown once it is built." in window.inner_text("[aria-label='hero_idle']")
    window.keyboard.press("ArrowDown")
    assert "It is shown once it is built." in window.inner_text("#stage")


def test_before_and_after_play_together(opened: Any) -> None:
    opened.click("[aria-label='pose, candidate 2']")
    before, after = opened.locator(".compare .film").evaluate_all(SHEETS)
    assert before != after == opened.locator("#stage .large .film").evaluate_all(SHEETS)[0]


def test_an_edited_sheet_is_not_compared(built: Run, window: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "game/pose.png"
    sheet.write_bytes((tmp_path / "game/hero.png").read_bytes())
    built("review", ".", "-n", "2", "--game", "game")
    window.goto((tmp_path / "out/p.html").as_uri())
    window.click("[aria-label='pose, candidate 2']")
    assert "cannot be played here" in window.inner_text("#stage")


@pytest.fixture
def address(built: Run, tmp_path: Path) -> Iterator[str]:
    target = ReviewTarget(Project.load(tmp_path, tmp_path / "game"), ".")
    review = collect_review(target, Machine(Store(tmp_path / "store"), tmp_path))
    session = ReviewSession(review, tmp_path, ignore, count=2)
    with serve_review(session, long_poll=0.5) as address, working(session):
        yield address


def test_a_pick_is_followed_by_the_animations_made_from_it(window: Any, address: str, tmp_path: Path) -> None:
    window.goto(address)
    window.wait_for_selector("[aria-label^='hero, candidate 2']")
    before = window.locator("#asset-2 .film").evaluate_all(SHEETS)
    window.keyboard.press("2")
    window.wait_for_selector("#asset-0 .standing >> text=2 in the game · 2 picked")
    window.wait_for_function(
        f"(before) => ({SHEETS})([...document.querySelectorAll('#asset-2 .film')])[0] !== before[0]", arg=before
    )
    assert window.inner_text("#asset-2 .standing") == "in the game"


def test_a_large_atlas_is_embedded_smaller_and_keeps_its_size(written: Run, tmp_path: Path, facts: Any) -> None:
    (tmp_path / "pack.yaml").write_text(ATLAS)
    (tmp_path / "figure.yaml").write_text(FIGURE.replace("[16, 16]", "[2100, 8]"))
    assert written("build", ".", "--game", "game")[0] == 0
    written("review", ".", "-n", "0", "--only", "all", "--game", "game")
    [shown] = facts((tmp_path / "out/p.html").read_text())["assets"][0]["candidates"]
    picture = Image.open(io.BytesIO(base64.b64decode(shown["src"].partition(",")[2])))
    assert (shown["width"] > 2100, picture.width) == (True, 2048)


def test_a_sheet_larger_than_webp_allows_is_embedded_smaller() -> None:
    assert data_uri(np.zeros((4, 16_384, 3), np.uint8)).startswith("data:image/webp")


def test_other_states_of_a_control_are_named_so(typed: Run, window: Any, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {ok: {preset: key, prompt: wood}}\n")
    (tmp_path / "key.yaml").write_text(FIGURE.replace("figure", "key") + "steps: [ui_states]\n")
    assert typed("review", ".", "-n", "1")[0] == 0
    window.goto((tmp_path / "out/p.html").as_uri())
    assert [
        heading for heading in window.locator("#stage h3").all_inner_texts() if heading in ("States", "Material")
    ] == ["States"]
