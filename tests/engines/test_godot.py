"""Published files, imported by Godot."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from assetgen.exporters.godot import godot, new_project
from assetgen.images import Array, Frames, ImageSet, Tag, Trim, color_image, sequence
from assetgen.parts import Context
from assetgen.pixels.image_files import add_text
from assetgen.pixels.texture_files import Textures
from assetgen.sources.atlas import atlas

pytestmark = pytest.mark.godot
SECONDS = 200  # Godot does not end by itself after a script error
COMPLAINT = re.compile(r"ERROR|WARNING")


def disc(width: int = 24, height: int = 20) -> Array:
    y, x = np.mgrid[:height, :width]
    inside = ((x - width // 2) / width) ** 2 + ((y - height // 2) / height) ** 2 < 0.16
    return np.dstack([inside * 200, inside * 120, inside * 40, inside * 255]).astype(np.uint8)


def slopes(width: int = 64, height: int = 32) -> Array:
    y, x = np.mgrid[:height, :width]
    return np.dstack([x * 10 % 256, y * 5 % 256, np.full_like(x, 64)]).astype(np.uint8)


def flat(color: tuple[int, ...], width: int = 24, height: int = 20) -> Array:
    return np.full((height, width, len(color)), color, np.uint8)


def surface(color: Array, **maps: tuple[int, ...]) -> ImageSet:
    height, width = color.shape[:2]
    return color_image(color).replace(**{name: flat(value, width, height) for name, value in maps.items()})


def rolling(*, lit: bool) -> ImageSet:
    """A disc that grows lighter: `run` for 250 ms in a loop, `die` for 300 ms once."""
    stills = [color_image(disc() // 2 + 20 * number, pivot=(0.5, 1.0), pixel_art=True) for number in range(4)]
    maps = {"normal": flat((128, 128, 255)), "emission": flat((90, 60, 20))}
    stills = [still.replace(**maps) for still in stills] if lit else stills
    return sequence(stills, Frames((100, 150, 60, 240), (Tag("run", 0, 1), Tag("die", 2, 3, loop=False))))


def everything() -> dict[str, bytes]:
    members = {
        "tall": color_image(flat((200, 10, 10), 4, 9)),
        "cut": color_image(disc(8, 6), trim=Trim((1, 2), (12, 10))),
    }
    sheet = atlas(Context(members=members))
    orm = surface(slopes(), normal=(128, 128, 255), orm=(255, 200, 0), ao=(255,), roughness=(200,), height=(9,))
    separate = surface(disc(), normal=(128, 128, 255), roughness=(99,), metallic=(50,))
    paged = atlas(Context(members={name: color_image(flat((9, 9, 9), 12, 12)) for name in "ab"}), max_size=16, pages=2)
    button = color_image(disc(), borders=(5, 6, 7, 8), middle="tile")
    given = [
        godot(paged, "paged", folder="art"),
        godot(button.replace(hover=disc(), pressed=disc(), disabled=disc()), "button", folder="art"),
        godot(color_image(disc(), borders=(2, 2, 2, 2), pixel_art=True).replace(empty=disc()), "bar", folder="art"),
        godot(color_image(disc(), pivot=(0.1, 0.1)), "pointer", use="cursor", folder="art"),
        godot(color_image(disc()), "smooth", folder="art"),
        godot(color_image(disc()), "webp", folder="art", textures=Textures[str](format="webp")),
        godot(color_image(disc()), "pixels", use="pixel_sprite", folder="art"),
        godot(color_image(slopes(32, 32)), "floor", use="texture", folder="art"),
        godot(orm, "wall", use="material", folder="art"),
        godot(separate, "grate", use="material", folder="art"),
        godot(surface(slopes(10, 6), orm=(1, 2, 3)), "odd", use="material", folder="art"),
        godot(surface(disc(), normal=(128, 128, 255)), "lit", folder="art"),
        godot(surface(disc(), emission=(90, 60, 20)).with_meta(pivot=(0.5, 1)), "lamp", folder="art"),
        godot(surface(slopes(), emission=(90, 60, 20)), "lava", use="material", folder="art"),
        godot(atlas(Context(members={"a": surface(disc(), emission=(9, 9, 9))})), "lamps", folder="art"),
        godot(sheet, "heroes", folder="art"),
        godot(rolling(lit=False), "imp", use="pixel_sprite", folder="art"),
        godot(rolling(lit=True), "lit_imp", folder="art"),
        godot(color_image(slopes()), "dusk", use="sky", folder="art"),
        godot(color_image(disc()), "stain", use="decal", folder="art"),
    ]
    return {f"art/{path}": stamped(path, data) for files in given for path, data in files.items()}


def stamped(path: str, data: bytes) -> bytes:
    """With metadata, as builds write images."""
    return add_text(data, {"assetgen": '{"asset": "wörds"}'}) if path.endswith(".png") else data


def run(program: str, game: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(game.parent / "home"), "PATH": "/usr/bin:/bin"}
    command = [program, "--headless", "--path", str(game), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)


def versioned(game: Path) -> dict[str, bytes]:
    """The files that a repository of the game contains."""
    files = (file for file in game.rglob("*") if file.is_file() and ".godot" not in file.parts)
    return {file.relative_to(game).as_posix(): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def imported(godot_program: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes], str]:
    """A game with every kind of asset after two imports: its folder, the published files, the output of Godot."""
    game = tmp_path_factory.mktemp("godot") / "game"
    written = {**new_project("bronze_age"), **everything()}
    for path, data in written.items():
        (game / path).parent.mkdir(parents=True, exist_ok=True)
        (game / path).write_bytes(data)
    said = [run(godot_program, game, "--import") for _ in range(2)]
    assert [one.returncode for one in said] == [0, 0]
    return game, written, "\n".join(one.stdout + one.stderr for one in said)


def test_importing_reports_no_errors_or_warnings(imported: tuple[Path, dict[str, bytes], str]) -> None:
    _, _, said = imported
    assert "reimport" in said
    assert not [line for line in said.splitlines() if COMPLAINT.search(line)]


def test_importing_changes_no_file_and_adds_none(imported: tuple[Path, dict[str, bytes], str]) -> None:
    game, written, _ = imported
    after = versioned(game)
    assert sorted(after) == sorted(written)
    assert [path for path in written if after[path] != written[path]] == []


def test_godot_loads_every_image_and_resource_with_its_type(
    godot_program: str, imported: tuple[Path, dict[str, bytes], str]
) -> None:
    game, _, _ = imported
    shutil.copy(Path(__file__).with_name("look_at_game.gd"), game)
    looked = run(godot_program, game, "--script", "res://look_at_game.gd")
    said = looked.stdout + looked.stderr
    assert looked.returncode == 0, said
    assert "0 wrong" in said
    assert not COMPLAINT.search(said), said


def test_godot_plays_every_animation_at_its_speed(
    godot_program: str, imported: tuple[Path, dict[str, bytes], str]
) -> None:
    game, _, _ = imported
    shutil.copy(Path(__file__).with_name("play_animations.gd"), game)
    played = run(godot_program, game, "--fixed-fps", "100", "--script", "res://play_animations.gd")
    said = played.stdout + played.stderr
    assert not COMPLAINT.search(said), said
    assert re.findall(r"^(\S+ \S+): (.*)$", said, re.MULTILINE) == [
        ("imp run", "0 100 1 150 0 100 1 150 0 100 1"),
        ("imp die", "2 60 3"),
        ("lit_imp run", "0 100 1 150 0 100 1 150 0 100 1"),
        ("lit_imp die", "2 60 3"),
    ]
