"""The review page in a real browser, as a file and served."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetgen.pack.lock import read_lock
from assetgen.server.review_page import serve_review

Run = Callable[..., tuple[int, str, str]]
EVIL = "</script><img src=x onerror=alert(1)> {script}"
CONTRASTS = """() => {
  const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const numbers = (css) => css.match(/[\\d.]+/g).map(Number);
  const behind = (node) => { for (; node; node = node.parentElement) {
    const back = numbers(getComputedStyle(node).backgroundColor);
    if (back.length < 4 || back[3] === 1) return back.slice(0, 3);
  } };
  const words = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility()
    && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
  return words.map((node) => {
    const [a, b] = [numbers(getComputedStyle(node).color).slice(0, 3), behind(node)].map(light).sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), node.textContent];
  }).filter(([ratio]) => ratio < 4.5);
}"""


def test_keys_pick_and_undo(opened: Any) -> None:
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Enter")
    assert opened.inner_text("#commands") == "assetgen pick . hero 2 --game game"
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("3")
    both = "assetgen pick . hero 2 --no-build\nassetgen pick . wall 3 --no-build\nassetgen build . --game game"
    assert opened.inner_text("#commands") == both
    opened.click("#copy")
    assert opened.inner_text("#copy") == "Copied"
    opened.keyboard.press("u")
    assert "wall" not in opened.inner_text("#commands")
    opened.keyboard.press("u")
    assert not opened.is_visible("#tray")


def test_a_click_shows_a_candidate_tiled_and_beside_the_image_in_the_game(opened: Any) -> None:
    opened.click("[aria-label='wall, candidate 3']")
    assert opened.inner_text("#stage h2") == "wall · 3"
    assert opened.is_visible("#stage [aria-label='Candidate 3, repeated 3 × 3']")
    opened.fill("input[type=range]", "90")
    assert "90%" in opened.get_attribute(".compare .half >> nth=1", "style")
    opened.mouse.move(*middle(opened, ".compare .ground", 0.25))
    opened.mouse.down()
    opened.mouse.up()
    assert int(opened.input_value("input[type=range]")) == pytest.approx(25, abs=2)


def middle(window: Any, place: str, across: float) -> tuple[float, float]:
    window.locator(place).scroll_into_view_if_needed()
    box = window.locator(place).bounding_box()
    return box["x"] + box["width"] * across, box["y"] + box["height"] / 2


def test_pixel_art_is_scaled_by_whole_factors(opened: Any) -> None:
    image = opened.locator("#stage .large img")
    assert image.evaluate("image => [image.width % 16, getComputedStyle(image).imageRendering]") == [0, "pixelated"]
    assert image.evaluate("image => image.getBoundingClientRect().width / image.width") == 1
    opened.keyboard.press("v")
    assert opened.locator(".candidate img >> nth=0").evaluate("image => image.width") == 16


def test_candidates_are_shown_tiled(opened: Any) -> None:
    opened.click("text=Tiled")
    tiled = opened.locator("#asset-1 .candidate .tiled")
    assert tiled.count() == 3
    size, side = tiled.first.evaluate("node => [node.style.backgroundSize, node.style.width]")
    assert float(side.removesuffix("px")) == 3 * float(size.split("px")[0])


def test_large_images_keep_their_real_size(typed: Run, window: Any, tmp_path: Path) -> None:
    big = "pack: p\nassets: {big: {preset: pattern, prompt: x, fake: {size: [640, 320]}}}\n"
    (tmp_path / "pack.yaml").write_text(big)
    typed("review", ".", "-n", "1")
    window.goto((tmp_path / "out/p.html").as_uri())
    window.click("text=1:1")
    sizes = "all => all.map(each => [each.clientWidth, each.clientHeight])"
    assert window.eval_on_selector_all(".candidate img, #stage .real img", sizes) == [[640, 320], [640, 320]]
    window.set_viewport_size({"width": 360, "height": 640})
    assert window.evaluate("document.documentElement.scrollWidth") == 360


def test_search_filters_assets_and_returns_the_keys(opened: Any) -> None:
    opened.keyboard.press("/")
    opened.keyboard.type("a wal")
    assert opened.locator("section").count() == 1
    assert opened.inner_text("#count") == "1 of 4 assets"
    opened.keyboard.press("Escape")
    opened.keyboard.press("2")
    assert "pick . wall 2" in opened.inner_text("#commands")


def test_more_candidates_and_other_prompts_are_shown_as_commands_and_yaml(opened: Any) -> None:
    opened.keyboard.press("r")
    assert opened.inner_text("#commands") == "assetgen review . --only hero -n 15 --game game"
    opened.keyboard.press("e")
    opened.fill("#edit-prompt", 'a "tall" hero')
    assert opened.inner_text("#edit-line") == 'prompt: "a \\"tall\\" hero"'
    assert opened.inner_text("#edit-where").endswith("pack.yaml:3")
    opened.keyboard.press("Escape")
    assert not opened.is_visible("#edit")


def test_html_in_a_prompt_is_shown_as_text(opened: Any) -> None:
    assert EVIL in opened.inner_text("#asset-2 p")
    assert opened.locator("img[src=x]").count() == 0


def test_on_a_phone_the_selected_candidate_is_below_its_asset(opened: Any) -> None:
    opened.set_viewport_size({"width": 360, "height": 640})
    opened.click("[aria-label='wall, candidate 2']")
    assert opened.evaluate("document.documentElement.scrollWidth") == 360
    assert opened.locator("#asset-1 #stage h2").inner_text() == "wall · 2"
    opened.click("text=Pick 2")
    assert "pick . wall 2" in opened.inner_text("#commands")
    opened.fill("#search", "hero")
    assert opened.locator("#asset-0 #stage h2").inner_text() == "hero · 1"


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_has_enough_contrast_in_both_color_schemes(opened: Any, scheme: str) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.keyboard.press("2")
    opened.keyboard.press("ArrowDown")
    assert opened.evaluate(CONTRASTS) == []
    opened.keyboard.press("?")
    assert opened.evaluate(CONTRASTS) == []


def test_every_control_has_a_name_and_the_selected_one_has_the_focus(opened: Any) -> None:
    names = opened.eval_on_selector_all("button, input, textarea", "all => all.map(nameOf)".replace("nameOf", NAME))
    assert all(name.strip() for name in names)
    opened.keyboard.press("ArrowDown")
    assert opened.evaluate("document.activeElement.ariaLabel") == "wall, candidate 1, in the game"
    assert opened.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


NAME = "e => e.ariaLabel || e.innerText || e.labels[0].innerText"


def wait_for(holds: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_served_page_picks_builds_and_undoes(window: Any, address: str, tmp_path: Path) -> None:
    before = (tmp_path / "game/wall.png").read_bytes()
    window.goto(address)
    window.click("[aria-label='wall, candidate 1, in the game']")
    window.keyboard.press("2")
    window.wait_for_selector("#asset-1 .standing >> text=2 in the game · 2 picked")
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and (lock["wall"].pick, lock["wall"].attempt) == (1, 1)
    assert (tmp_path / "game/wall.png").read_bytes() != before
    window.keyboard.press("u")
    window.wait_for_selector("#asset-1 .standing >> text=/^1 in the game$/")
    assert (tmp_path / "game/wall.png").read_bytes() == before


def test_a_pick_after_the_review_has_ended_is_taken_back(browser: Any, session: Any) -> None:
    window = browser.new_page()
    with serve_review(session, long_poll=0.5) as address:
        window.goto(address)
        window.wait_for_selector("[aria-label^='hero, candidate 2']")
    window.keyboard.press("2")
    window.wait_for_selector("#status.bad >> text=nothing was changed")
    assert window.locator("#asset-0 .standing").inner_text() == "not built yet"
    window.close()


def test_a_long_prompt_leaves_room_for_its_candidates(typed: Run, window: Any, tmp_path: Path) -> None:
    pack = tmp_path / "pack.yaml"
    pack.write_text(pack.read_text().replace("a hero", "a very " * 100 + "tall hero"))
    typed("review", ".", "-n", "1", "--game", "game")
    window.set_viewport_size({"width": 360, "height": 740})
    window.goto((tmp_path / "out/p.html").as_uri())
    assert window.locator("#asset-0 .prompt").bounding_box()["height"] < 80
    assert "tall hero" in window.locator("#stage").inner_text()


def test_a_served_page_samples_more_candidates_of_the_current_pack(window: Any, address: str, tmp_path: Path) -> None:
    window.goto(address)
    window.keyboard.press("r")
    window.wait_for_selector("[aria-label^='hero, candidate 6']")
    window.keyboard.press("ArrowRight")
    window.keyboard.press("r")
    window.wait_for_selector("[aria-label^='hero, candidate 9']")
    assert window.evaluate("document.activeElement.dataset.number") == "2", "updates keep the focus"
    pack = tmp_path / "pack.yaml"
    pack.write_text(pack.read_text().replace("a hero", "a tall hero"))
    window.keyboard.press("2")
    window.wait_for_selector("#status.bad >> text='hero' has changed in the pack")
    window.keyboard.press("r")
    window.wait_for_selector("#asset-0 p >> text=a tall hero")
    wait_for(lambda: window.locator("#asset-0 .candidate").count() == 3)
