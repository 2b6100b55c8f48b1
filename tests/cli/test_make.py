"""`make`: it replaces no file of another recipe, and makes a picture again from what its PNG holds."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from assetgen.pixels.image_files import read_image

Run = Callable[..., tuple[int, str, str]]
DOT = """preset: dot
use: sprite
source: {fake: {prompt: "dot of {prompt}", size: [16, 16]}}
steps: [{resize: {width: 8, height: 8, filter: area}}]
"""


@pytest.fixture
def make(assetgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type `assetgen make …` in a folder with the preset `dot`, which needs no model."""
    (tmp_path / "dot.yaml").write_text(DOT)
    monkeypatch.chdir(tmp_path)
    return lambda *words: assetgen("make", *words, "-o", "out", "--store", "store")


def made(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted((folder / "out").glob("*.png"))}


def test_another_recipe_gets_a_number_and_the_same_one_keeps_its_file(make: Run, tmp_path: Path) -> None:
    make("dot", "a")
    [first] = made(tmp_path).values()
    for _ in range(2):
        assert make("dot", "a", "--seed", "5")[0] == 0
        assert list(made(tmp_path)) == ["a", "a_2"]
    assert made(tmp_path)["a"] == first != made(tmp_path)["a_2"]


def test_variations_of_another_recipe_are_numbered_on(make: Run, tmp_path: Path) -> None:
    make("dot", "a", "-n", "2")
    for count in ("2", "3"):
        make("dot", "a", "-n", count, "--set", "resize.filter=nearest")
    assert list(made(tmp_path)) == ["a_01", "a_02", "a_03", "a_04", "a_05"]


def test_a_file_of_another_program_is_not_replaced(make: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"mine")
    assert make("dot", "a")[0] == 0
    assert (list(made(tmp_path)), made(tmp_path)["a"]) == (["a", "a_2"], b"mine")


def test_overwrite_replaces_the_files_of_the_same_name(make: Run, tmp_path: Path) -> None:
    make("dot", "a")
    before = made(tmp_path)
    make("dot", "a", "--seed", "5", "--overwrite")
    after = made(tmp_path)
    assert (list(after), after == before) == (["a"], False)


def test_drafts_have_names_of_their_own(make: Run, tmp_path: Path) -> None:
    make("dot", "a")
    make("dot", "a", "--draft")
    assert list(made(tmp_path)) == ["a", "a_draft"]


def test_a_picture_is_made_again_with_all_its_arguments(make: Run, tmp_path: Path) -> None:
    make("dot", "a", "--seed", "5", "--set", "resize.width=12", "--exact-prompt")
    [png] = (tmp_path / "out").glob("*.png")
    moved = png.rename(tmp_path / "kept.png")
    code, _, err = make("--like", moved)
    assert (code, "warning" in err, made(tmp_path)["a"] == moved.read_bytes()) == (0, False, True)


def test_variations_of_a_picture_keep_its_arguments(make: Run, tmp_path: Path) -> None:
    make("dot", "a", "--seed", "5", "--set", "resize.width=12")
    assert make("--like", tmp_path / "out/a.png", "b", "-n", "2")[0] == 0
    assert list(made(tmp_path)) == ["a", "b_01", "b_02"]
    assert {read_image(path).shape[1] for path in (tmp_path / "out").glob("*.png")} == {12}
    make("dot", "b", "--seed", "5", "--set", "resize.width=12")
    pixels = [read_image(tmp_path / f"out/{name}.png").tobytes() for name in ("b", "b_01", "b_02")]
    assert pixels[0] == pixels[1] != pixels[2]


def test_variations_of_a_picture_begin_after_its_seed(make: Run, tmp_path: Path) -> None:
    make("dot", "a", "--seed", "5")
    make("dot", "a", "--seed", "6")
    assert make("--like", "out/a.png", "-n", "2")[0] == 0
    pixels = [read_image(tmp_path / f"out/{name}.png").tobytes() for name in ("a", "a_2", "a_01", "a_02")]
    assert pixels[1] == pixels[2] and len(set(pixels)) == 3
    assert make("--like", "out/a.png", "-n", "2", "--seed", "5", "--overwrite")[0] == 0
    assert read_image(tmp_path / "out/a_01.png").tobytes() == pixels[0]


def test_a_picture_of_another_preset_than_now_is_a_warning(make: Run, tmp_path: Path) -> None:
    make("dot", "a")
    (tmp_path / "dot.yaml").write_text(DOT.replace("[{resize", "[trim, {resize"))
    code, _, err = make("--like", tmp_path / "out/a.png")
    assert (code, "had another model, file or step than 'dot' has now" in err) == (0, True)


@pytest.mark.parametrize("name", ["none.png", "plain.png", "text.png"])
def test_a_file_without_a_request_is_refused(make: Run, tmp_path: Path, name: str) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("no picture")
    code, _, err = make("--like", tmp_path / name)
    assert (code, name in err, err.count("\n")) == (2, True, 1)


def test_make_needs_a_preset_or_a_picture(make: Run) -> None:
    code, _, err = make()
    assert (code, "make needs a preset" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "cure"), [(("a red dragon",), 'pixel_sprite "a red dragon"'), (("a dot", "dot"), 'dot "a dot"')]
)
def test_a_prompt_in_place_of_the_preset_gets_the_command(make: Run, words: tuple[str, ...], cure: str) -> None:
    code, _, err = make(*words)
    assert (code, f"Write the preset first, for example: assetgen make {cure}" in err) == (2, True)
