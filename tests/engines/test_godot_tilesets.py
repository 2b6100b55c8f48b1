"""Tilesets in Godot: loaded, saved again without a change, and painted with."""

import shutil
from itertools import product
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import numpy as np
import pytest

from assetgen.exporters.godot import godot, new_project
from assetgen.images import color_image
from assetgen.parts import Context
from assetgen.sources.tileset import tileset

pytestmark = pytest.mark.godot
NOISE = np.random.default_rng(2).integers(60, 200, (16, 16, 1), np.uint8)
GRASS, DIRT = (color_image(NOISE // np.array(divide, np.uint8), pixel_art=True) for divide in ((4, 1, 4), (1, 2, 4)))
SMOOTH = color_image(np.full((16, 16, 3), 90, np.uint8))
SAVE = """extends SceneTree
func _initialize() -> void:
	for file in ResourceLoader.list_directory("res://art"):
		if file.ends_with(".tres"):
			ResourceSaver.save(load("res://art/" + file), "res://again/" + file)
	quit()
"""


def call(program: str, game: Path, *words: str) -> CompletedProcess[str]:
    environment = {"HOME": str(game.parent / "home"), "PATH": "/usr/bin:/bin"}
    command = [program, "--headless", "--path", str(game), *words]
    return run(command, env=environment, capture_output=True, text=True, timeout=200)


def tilesets() -> dict[str, bytes]:
    arguments: dict[str, dict[str, Any]] = {
        f"{layout}_{shape}": {"layout": layout, "shape": shape, "solid": "dirt"}
        for layout, shape in product(("dual_grid", "blob"), ("square", "isometric"))
    }
    both = {name: tileset(Context(members={"grass": GRASS, "dirt": DIRT}), **each) for name, each in arguments.items()}
    both["platformer"] = tileset(Context(members={"grass": GRASS, "dirt": DIRT}), layout="platformer")
    both["soft"] = tileset(Context(members={"grey": SMOOTH}), layout="blob", solid="grey")
    given = [godot(images, name, folder="art") for name, images in both.items()]
    return {f"art/{path}": data for files in given for path, data in files.items()}


@pytest.fixture(scope="module")
def game(godot_program: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A game with tilesets, imported."""
    folder = tmp_path_factory.mktemp("godot") / "game"
    for path, data in {**new_project("meadow"), **tilesets(), "save.gd": SAVE.encode()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "again").mkdir()
    shutil.copy(Path(__file__).with_name("paint_tilesets.gd"), folder)
    done = call(godot_program, folder, "--import")
    assert (done.returncode, [line for line in done.stderr.splitlines() if "ERROR" in line]) == (0, [])
    return folder


def test_godot_paints_with_every_terrain(godot_program: str, game: Path) -> None:
    done = call(godot_program, game, "--script", "res://paint_tilesets.gd")
    assert "painted everything, 0 wrong" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_godot_writes_the_same_properties(godot_program: str, game: Path) -> None:
    """Ids and UIDs are those of the file's path; all else is equal, line by line."""
    done = call(godot_program, game, "--script", "res://save.gd")
    assert (done.returncode, done.stderr) == (0, "")
    for file in sorted((game / "art").glob("*.tres")):
        ours, theirs = (properties(folder / file.name) for folder in (game / "art", game / "again"))
        assert ours == theirs, file.name


def properties(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if "esource" not in line.replace("[resource]", "")]
