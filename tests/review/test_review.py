"""The review page, as a file and in a real browser."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assetgen.lock import read_lock

Run = Callable[..., tuple[int, str, str]]
EVIL = "</script><img src=x onerror=alert(1)> {script}"
PRESETS = {
    "drawing": 'use: pixel_sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\nchecks: [alpha]\n',
    "pattern": 'use: texture\nsource: {fake: {prompt: "{prompt}", size: [16, 16], tile: xy}}\nsteps: [pbr_maps]\n',
}
PACK = f"""pack: p
assets:
  hero: {{preset: drawing, prompt: a hero, tries: 1}}
  wall: {{preset: pattern, prompt: a wall}}
  evil: {{preset: pattern, prompt: '{EVIL}'}}
  all: {{preset: atlas, members: [wall]}}
"""


@pytest.fixture
def typed(assetgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types commands in a folder with a pack."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack.yaml").write_text(PACK)
    for name, words in PRESETS.items():
        (tmp_path / f"{name}.yaml").write_text(f"preset: {name}\n{words}")
    return assetgen


@pytest.fixture
def page(typed: Run, tmp_path: Path) -> str:
    typed("build", ".", "--game", "game")
    code, out, _ = typed("review", ".", "-n", "3", "--game", "game")
    assert (code, out) == (0, "out/p.html\n")
    return (tmp_path / "out/p.html").read_text()


def facts(page: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="facts">(.*?)</script>', page, re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_page_has_every_candidate_with_its_seed_and_what_its_checks_say(page: str) -> None:
    assets = {asset["name"]: asset for asset in facts(page)["assets"]}
    assert list(assets) == ["hero", "wall", "evil"], "an atlas has no candidates"
    assert [each["number"] for each in assets["hero"]["candidates"]] == [1, 2, 3]
    assert len({each["seed"] for each in assets["hero"]["candidates"]}) == 3
    assert assets["hero"]["candidates"][0]["checks"][0]["name"] == "alpha"
    assert (assets["wall"]["tiles"], assets["wall"]["built"], assets["wall"]["picked"]) == ("xy", 1, None)
    assert [each["name"] for each in assets["wall"]["candidates"][0]["maps"]] == ["height", "normal", "orm"]


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    assert re.findall(r"(?:src|href)=|url\(|https?://", page.partition('id="facts"')[0].partition("<body")[2]) == []
    assert "default-src 'none'" in page


def test_what_strangers_wrote_is_text(page: str) -> None:
    assert facts(page)["assets"][2]["prompt"] == EVIL
    assert "<img src=x" not in page


def test_no_sampling_shows_what_the_store_has(typed: Run, page: str, tmp_path: Path) -> None:
    code, _, _ = typed("review", ".", "-n", "0", "--only", "hero", "-o", "stored.html")
    assert (code, len(facts((tmp_path / "stored.html").read_text())["assets"][0]["candidates"])) == (0, 3)


def test_a_pick_is_built_and_can_be_taken_back(typed: Run, page: str, tmp_path: Path) -> None:
    before = (tmp_path / "game/wall.png").read_bytes()
    code, out, _ = typed("pick", ".", "wall", "2")
    assert (code, out) == (0, "wall: candidate 2 is picked; now run `assetgen build .`\n")
    typed("build", ".", "--game", "game")
    assert (tmp_path / "game/wall.png").read_bytes() != before
    typed("pick", ".", "wall", "--undo")
    typed("build", ".", "--game", "game")
    assert (tmp_path / "game/wall.png").read_bytes() == before
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and lock["wall"].pick is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pick", ".", "wall"), "pick wants a number, or --undo"),
        (("pick", ".", "wal", "1"), "Did you mean 'wall'?"),
        (("pick", ".", "wall", "99"), "candidate 99 is not from 1 to 64"),
        (("review", ".", "--only", "all"), "that has candidates matches 'all'"),
    ],
)
def test_wrong_words_are_one_sentence(typed: Run, page: str, words: tuple[str, ...], said: str) -> None:
    code, _, err = typed(*words)
    assert (code, said in err, err.count("\n")) == (2, True, 1)


@pytest.fixture
def opened(browser: Any, page: str, tmp_path: Path) -> Iterator[Any]:
    """The page in a window; an error in its console fails the test."""
    window = browser.new_page(viewport={"width": 1280, "height": 800})
    wrong: list[str] = []
    window.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    window.on("pageerror", lambda error: wrong.append(str(error)))
    window.goto((tmp_path / "out/p.html").as_uri())
    yield window
    window.close()
    assert wrong == []


def test_keys_pick_and_undo(opened: Any) -> None:
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Enter")
    assert "assetgen pick . hero 2\nassetgen build ." in opened.inner_text("#commands")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("3")
    assert "assetgen pick . wall 3" in opened.inner_text("#commands")
    opened.keyboard.press("u")
    assert "wall" not in opened.inner_text("#commands")
    opened.keyboard.press("u")
    assert not opened.is_visible("#tray")


def test_a_click_shows_a_candidate_repeated_and_beside_what_the_game_has(opened: Any) -> None:
    opened.click("text=wall >> nth=0")
    opened.click("[aria-label='wall, candidate 3']")
    assert opened.inner_text("#stage h2") == "wall · 3"
    assert opened.is_visible("[aria-label='Repeated, three by three']")
    opened.fill("input[type=range]", "90")
    assert "90%" in opened.get_attribute(".compare img >> nth=1", "style")


def test_search_leaves_what_matches(opened: Any) -> None:
    opened.keyboard.press("/")
    opened.keyboard.type("a wal")
    assert opened.locator("section").count() == 1
    assert opened.inner_text("#count") == "1 of 3 assets"


def test_a_strangers_words_are_seen_and_do_nothing(opened: Any) -> None:
    assert EVIL in opened.inner_text("#asset-2 p")
    assert opened.locator("img[src=x]").count() == 0


def test_the_page_fits_a_phone(opened: Any) -> None:
    opened.set_viewport_size({"width": 360, "height": 640})
    assert opened.evaluate("document.documentElement.scrollWidth") == 360


def test_every_control_has_a_name_and_help_opens(opened: Any) -> None:
    names = opened.eval_on_selector_all("button, input", "all => all.map(e => e.ariaLabel || e.innerText)")
    assert all(name.strip() for name in names)
    opened.keyboard.press("?")
    assert opened.is_visible("#help")
