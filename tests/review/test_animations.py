"""Animations on the review page, in a real browser whose clock the test sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.build.candidates import Candidate
from assetgen.images import Frames, ImageSet, Tag, color_image, sequence
from assetgen.pack.project import Project
from assetgen.parts import Context
from assetgen.review import page
from assetgen.review.facts import asset_facts, candidate_facts
from assetgen.sources.atlas import atlas

TAGS = (Tag("run", 0, 2), Tag("die", 3, 4, loop=False))
PACK = "pack: p\nassets: {imp: {preset: drawing, prompt: an imp}}\n"
PRESET = 'preset: drawing\nuse: pixel_sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
COLOR = """film => { const canvas = document.createElement("canvas"), layer = film.lastChild, image = new Image();
  image.src = layer.style.backgroundImage.slice(5, -2);
  return image.decode().then(() => {
    const scale = parseFloat(layer.style.backgroundSize) / image.width;
    const [x, y] = layer.style.backgroundPosition.split(" ").map((each) => -parseFloat(each) / scale);
    canvas.getContext("2d").drawImage(image, -x, -y);
    return canvas.getContext("2d").getImageData(0, 0, 1, 1).data[0];
  }); }"""


def shades() -> ImageSet:
    """Five frames of 16 × 16 whose first pixel is red 0, 50, 100, 150, 200."""
    stills = [color_image(np.full((16, 16, 4), (50 * number, 0, 0, 255), np.uint8)) for number in range(5)]
    return sequence(stills, Frames((100, 200, 300, 50, 150), TAGS))


@pytest.fixture
def film(window: Any, tmp_path: Path) -> Any:
    """A page with one animation, paused, on a clock that stands."""
    return opened(window, tmp_path, shades())


def opened(window: Any, tmp_path: Path, images: ImageSet) -> Any:
    (tmp_path / "pack.yaml").write_text(PACK)
    (tmp_path / "drawing.yaml").write_text(PRESET)
    [recipe] = Project.load(tmp_path).plan().recipes
    candidates = [candidate_facts(Candidate(recipe, number, images, ()), {}) for number in range(2)]
    asset = asset_facts(recipe) | {"candidates": candidates, "built": None, "picked": None, "now": None}
    file = tmp_path / "page.html"
    file.write_bytes(page({"pack": "p", "place": ".", "options": [], "assets": [asset]}))
    window.clock.install(time=0)
    window.goto(file.as_uri())
    window.clock.pause_at(1000)
    return window


def frame(window: Any) -> str:
    return str(window.inner_text("#frame"))


def test_an_animation_plays_at_its_speed(film: Any) -> None:
    film.click("text=Play")
    seen = []
    for _ in range(70):
        film.clock.run_for(20)
        seen.append(frame(film).split()[0])
    lengths = [
        20 * len(run) for run in "".join(seen).replace("12", "1 2").replace("23", "2 3").replace("31", "3 1").split()
    ]
    assert lengths[1:5] == pytest.approx([200, 300, 100, 200], abs=20)


def test_every_candidate_shows_the_same_frame(film: Any) -> None:
    film.keyboard.press(".")
    assert frame(film) == "2 of 3 · 200 ms"
    assert [film.locator(".film >> nth=" + str(at)).evaluate(COLOR) for at in range(4)] == [50] * 4
    film.keyboard.press(",")
    film.keyboard.press(",")
    assert frame(film) == "3 of 3 · 300 ms"
    assert film.locator(".large .film").evaluate(COLOR) == 100


def test_a_tag_is_played_alone_and_one_without_loop_waits_at_its_end(film: Any) -> None:
    film.click("text=die, once")
    assert (frame(film), film.locator(".large .film").evaluate(COLOR)) == ("1 of 2 · 50 ms", 150)
    film.keyboard.press("p")
    film.clock.run_for(900)
    assert frame(film).startswith("2 of 2")
    film.clock.run_for(340)
    assert frame(film).startswith("1 of 2")


def test_onion_skin_shows_the_frames_around(film: Any) -> None:
    film.click("text=Onion skin")
    assert film.locator(".large .film > .neighbour").count() == 2
    film.click("text=die, once")
    assert film.locator(".large .film > .neighbour:visible").count() == 1
    assert film.evaluate("document.activeElement.textContent") == "die, once"


def test_what_is_missing_is_not_mentioned(film: Any) -> None:
    assert "null" not in film.inner_text("#stage")


def test_films_are_scaled_by_whole_factors_and_named(film: Any) -> None:
    box = film.locator(".large .film").bounding_box()
    assert (box["width"] % 16, box["width"] > 160) == (0, True)
    assert film.locator(".large .film").get_attribute("aria-label") == "Candidate 1, enlarged"


def test_an_animation_of_an_atlas_is_selected_and_plays_at_its_speed(window: Any, tmp_path: Path) -> None:
    packed = atlas(Context(members={"imp": shades(), "gem": shades().frames[4]}))
    film = opened(window, tmp_path, packed)
    assert film.locator("#playback").count() == 0
    film.click("#members >> text=imp")
    film.click("text=Play")
    film.clock.run_for(350)
    assert (frame(film), film.locator(".large .film").evaluate(COLOR)) == ("3 of 3 · 300 ms", 100)
    assert film.locator(".large .film").get_attribute("aria-label") == "imp, enlarged"
