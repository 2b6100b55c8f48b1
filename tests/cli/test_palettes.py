"""`assetgen palettes` as people type it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.events import Event
from assetgen.images import Array
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.pixels.palettes import read_palette
from assetgen.pixels.quantize import common_palette

Run = Callable[..., tuple[int, str, str]]
Build = Callable[..., list[Event]]
COLORS = [[0, 0, 0], [200, 30, 20], [60, 170, 60], [250, 250, 250]]


def picture(path: Path, *colors: list[int], alpha: int = 255) -> Path:
    """One row of pixels for each colour."""
    rows = np.array([[[*color, alpha]] * 8 for color in colors], np.uint8)
    path.write_bytes(encode_png(rows))
    return path


def test_list_shows_shipped_palettes_and_those_beside_the_pack(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "palettes").mkdir()
    (tmp_path / "palettes/own.gpl").write_text("GIMP Palette\n1 2 3\n")
    (tmp_path / "palettes/broken.hex").write_text("red\n")
    code, out, _ = assetgen("palettes", "list", "--pack", tmp_path)
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in out.splitlines()}
    assert (code, rows["dungeon16.hex"], rows["own.gpl"]) == (0, "16 colours", "1 colour")
    assert "broken.hex:1: 'red' is not a colour" in rows["broken.hex"]


def test_show_prints_what_a_hex_file_has(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "own.gpl").write_text("GIMP Palette\n1 2 3\n255 0 16 blood\n")
    assert assetgen("palettes", "show", "own.gpl", "--pack", tmp_path)[:2] == (0, "010203\nff0010\n")
    assert len(assetgen("palettes", "show", "handheld4")[1].split()) == 4


@pytest.mark.parametrize("name", ["out.hex", "out.gpl", "ünïcode 2.GPL"])
def test_a_palette_of_a_picture_is_read_again(assetgen: Run, tmp_path: Path, name: str) -> None:
    source = picture(tmp_path / "in.png", *COLORS[::-1])
    assert assetgen("palettes", "extract", source, tmp_path / name)[0] == 0
    assert read_palette(tmp_path / name).tolist() == COLORS


def test_as_many_colours_as_stated_are_chosen_from_the_picture(assetgen: Run, tmp_path: Path) -> None:
    noise: Array = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    (tmp_path / "in.png").write_bytes(encode_png(noise))
    assetgen("palettes", "extract", tmp_path / "in.png", tmp_path / "out.hex", "--colors", "9")
    chosen = {*map(tuple, read_palette(tmp_path / "out.hex").tolist())}
    assert len(chosen) == 9 and chosen <= {*map(tuple, noise.reshape(-1, 3).tolist())}


def test_a_palette_of_a_pack_holds_colours_of_all_its_pictures(assetgen: Run, build: Build, tmp_path: Path) -> None:
    build("pack: p\ngame: game\nassets: {a: {preset: sprite, prompt: x}, wall: {preset: tile_texture, prompt: y}}")
    code, _, err = assetgen("palettes", "extract", tmp_path, tmp_path / "out.hex", "--colors", "256")
    pictures = [read_image(tmp_path / f"game/{name}.png") for name in ("a", "wall")]
    own = [{*map(tuple, each[..., :3].reshape(-1, 3).tolist())} for each in pictures]
    chosen = {*map(tuple, read_palette(tmp_path / "out.hex").tolist())}
    assert (code, err) == (0, "") and chosen & own[0] and chosen & own[1] and chosen <= own[0] | own[1]


def test_a_published_picture_that_is_gone_is_named(assetgen: Run, build: Build, tmp_path: Path) -> None:
    build("pack: p\ngame: game\nassets: {a: {preset: sprite, prompt: x}}")
    (tmp_path / "game/a.png").unlink()
    code, _, err = assetgen("palettes", "extract", tmp_path, tmp_path / "out.hex")
    assert code == 2 and "a.png' (No such file" in err


def test_each_picture_counts_the_same(tmp_path: Path) -> None:
    large, small = np.full((90, 90, 3), 200, np.uint8), np.full((1, 1, 3), 60, np.uint8)
    large[0, 0] = 100
    assert common_palette([large, small], 2).tolist() == [[60] * 3, [200] * 3]


def test_an_existing_file_is_kept_without_overwrite(assetgen: Run, tmp_path: Path) -> None:
    source, out = picture(tmp_path / "in.png", *COLORS), tmp_path / "out.hex"
    out.write_text("mine")
    code, _, err = assetgen("palettes", "extract", source, out)
    assert (code, out.read_text()) == (2, "mine") and "exists already. Pass --overwrite" in err
    assert assetgen("palettes", "extract", source, out, "--overwrite")[0] == 0
    assert len(read_palette(out)) == len(COLORS)


@pytest.mark.parametrize(
    ("source", "out", "reason"),
    [
        ("none.png", "out.hex", "cannot read image"),
        ("in.png", "out.pal", "is not a palette that can be written. Name a .hex or .gpl file"),
        ("clear.png", "out.hex", "is fully transparent"),
        ("pack.yaml", "out.hex", "has no published picture. Build the pack first"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    assetgen: Run, tmp_path: Path, source: str, out: str, reason: str
) -> None:
    picture(tmp_path / "in.png", *COLORS)
    picture(tmp_path / "clear.png", *COLORS, alpha=0)
    (tmp_path / "pack.yaml").write_text("pack: p\ngame: .\nassets: {a: {preset: sprite, prompt: x}}")
    code, _, err = assetgen("palettes", "extract", tmp_path / source, tmp_path / out)
    assert code == 2 and reason in err and len(err.splitlines()) == 1
    assert not (tmp_path / out).exists()
