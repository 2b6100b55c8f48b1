"""Files for Unreal, and the script that imports them, run with the names of Epic's reference in place of an editor."""

import ast
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.exporters.unreal import unreal
from assetgen.images import Array, Frames, ImageSet, Region, Tag, Trim, color_image, sequence
from assetgen.parts import Context, Files
from assetgen.sources.tileset import tileset

_SPEC = importlib.util.spec_from_file_location("unreal_editor", Path(__file__).with_name("unreal_editor.py"))
assert _SPEC and _SPEC.loader
unreal_editor = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(unreal_editor)


def ramp(width: int, height: int, channels: int = 4) -> Array:
    return np.arange(height * width * channels, dtype=np.uint8).reshape(height, width, channels)


def document(images: ImageSet, name: str = "hero", **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unreal(images, name, **arguments)[f"{name}.json"])
    return found


def walk(*durations: int, tags: tuple[Tag, ...] = ()) -> ImageSet:
    frames = [color_image(ramp(4, 6) + each, pixel_art=True, pivot=(0.5, 1.0)) for each in range(len(durations))]
    return sequence(frames, Frames(durations, tags))


def written(files: Files, folder: Path) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder / "import_assetgen.py"


def material(**channels: Array) -> ImageSet:
    gray = ramp(4, 4, 1)
    return color_image(ramp(4, 4, 3)).replace(normal=ramp(4, 4, 3), ao=gray, roughness=gray, metallic=gray, **channels)


def test_textures_have_the_settings_of_their_use() -> None:
    pixels = document(color_image(ramp(4, 4)), use="pixel_sprite")["textures"][0]["settings"]
    assert (pixels["filter"], pixels["compression_settings"]) == ("TF_NEAREST", "TC_EDITOR_ICON")
    assert (pixels["lod_group"], pixels["mip_gen_settings"]) == ("TEXTUREGROUP_PIXELS2D", "TMGS_NO_MIPMAPS")
    found = {each["name"]: each["settings"] for each in document(material(), "wall", use="material")["textures"]}
    kinds = {name: (each["srgb"], each["compression_settings"], each["address_x"]) for name, each in found.items()}
    assert kinds == {
        "T_wall": (True, "TC_DEFAULT", "TA_WRAP"),
        "T_wall_normal": (False, "TC_NORMALMAP", "TA_WRAP"),
        "T_wall_orm": (False, "TC_MASKS", "TA_WRAP"),
    }


@pytest.mark.parametrize(("normal", "flipped"), [("gl", True), ("dx", False)])
def test_normal_maps_have_green_down_in_unreal(normal: Any, flipped: bool) -> None:
    textures = document(material(), use="material", normal=normal)["textures"]
    assert [each["settings"]["flip_green_channel"] for each in textures] == [False, flipped, False]


def test_pivots_are_pixels_of_the_texture_also_of_members_that_were_cut() -> None:
    regions = {"foes/imp": Region((4, 2, 4, 4), None, (0.5, 1.0)), "owl": Region((0, 0, 4, 4), Trim((6, 2), (20, 20)))}
    sprites = document(color_image(ramp(8, 8), regions=regions), "all")["sprites"]
    assert [(each["name"], each["source_uv"], each["custom_pivot_point"]) for each in sprites] == [
        ("SPR_foes_imp", [4, 2], [6.0, 6.0]),
        ("SPR_owl", [0, 0], [4.0, 8.0]),
    ]


def test_flipbooks_keep_durations_to_the_millisecond_and_their_tags() -> None:
    idle, hit = document(walk(100, 150, 70, tags=(Tag("idle", 0, 1), Tag("hit", 2, 2, loop=False))))["flipbooks"]
    assert (idle["frames_per_second"], [each["frame_run"] for each in idle["key_frames"]]) == (20, [2, 3])
    assert (hit["name"], hit["loop"], hit["key_frames"]) == (
        "PFB_hero_hit",
        False,
        [{"sprite": "SPR_hero_2", "frame_run": 1}],
    )


@pytest.mark.parametrize(
    ("folder", "name", "content"),
    [("art", "foes/imp.2", "/Game/art/foes/imp_2"), ("Content/art", "a", "/Game/art/a"), ("", "a", "/Game/a")],
)
def test_content_folders_follow_the_target(folder: str, name: str, content: str) -> None:
    assert document(color_image(ramp(4, 4)), name, folder=folder)["content"] == content


def test_names_that_become_equal_and_textures_that_are_too_large_are_refused() -> None:
    regions = {"a.b": Region((0, 0, 2, 2)), "a_b": Region((2, 0, 2, 2))}
    with pytest.raises(InputError, match=r"two members have the same name in Unreal: a\.b, a_b"):
        unreal(color_image(ramp(4, 4), regions=regions), "all")
    with pytest.raises(InputError, match="Unreal reads at most 16384 a side"):
        unreal(color_image(np.zeros((1, 16385, 3), np.uint8)), "wide")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The script beside an animation, a material and a tileset."""
    flat = {"grass": np.full((16, 16, 3), 90, np.uint8), "dirt": np.full((16, 16, 3), 40, np.uint8)}
    grass = {name: color_image(color, pixel_art=True) for name, color in flat.items()}
    written(unreal(walk(100, 150), "hero", folder="art"), tmp_path)
    written(unreal(tileset(Context(members=grass)), "meadow", folder="art"), tmp_path)
    (tmp_path / "manifest.json").write_text('{"assetgen": 1}')
    return written(unreal(material(), "walls/wall", use="material", folder="art"), tmp_path)


def test_the_script_makes_every_asset_and_a_second_run_changes_none(target: Path) -> None:
    editor = unreal_editor.Editor()
    editor.run(target)
    made = {path: type(asset).__name__ for path, asset in editor.assets.items()}
    assert made == {
        "/Game/art/hero/T_hero": "Texture2D",
        "/Game/art/hero/SPR_hero_0": "PaperSprite",
        "/Game/art/hero/SPR_hero_1": "PaperSprite",
        "/Game/art/hero/PFB_hero_default": "PaperFlipbook",
        "/Game/art/meadow/T_meadow": "Texture2D",
        "/Game/art/meadow/TS_meadow": "PaperTileSet",
        **{f"/Game/art/walls/wall/T_wall{each}": "Texture2D" for each in ("", "_normal", "_orm")},
        "/Game/art/walls/wall/M_wall": "Material",
    }
    before, imported = dict(editor.assets), list(editor.imported)
    editor.run(target)
    assert (editor.assets, editor.imported, editor.errors) == (before, imported, [])


def test_the_script_connects_what_it_makes(target: Path) -> None:
    editor = unreal_editor.Editor()
    editor.run(target)
    frames = editor.values("/Game/art/hero/PFB_hero_default")["key_frames"]
    assert [each.properties["sprite"] for each in frames] == [
        editor.assets[f"/Game/art/hero/SPR_hero_{number}"] for number in (0, 1)
    ]
    assert editor.values("/Game/art/meadow/TS_meadow")["tile_size"] == (16, 16)
    nodes = {
        name: output
        for node in editor.assets["/Game/art/walls/wall/M_wall"].nodes
        for name, output in node.tags.items()
    }
    assert nodes == {
        "MP_BASE_COLOR": "RGB",
        "MP_NORMAL": "RGB",
        "MP_AMBIENT_OCCLUSION": "R",
        "MP_ROUGHNESS": "G",
        "MP_METALLIC": "B",
    }


def test_the_script_imports_changed_pictures_again_into_the_same_asset(target: Path) -> None:
    editor = unreal_editor.Editor()
    editor.run(target)
    texture = editor.assets["/Game/art/hero/T_hero"]
    target.with_name("hero.png").write_bytes(target.with_name("meadow.png").read_bytes())
    editor.imported.clear()
    editor.run(target)
    assert editor.imported == ["/Game/art/hero/T_hero"] and editor.assets["/Game/art/hero/T_hero"] is texture


def test_the_script_changes_no_asset_that_it_did_not_make(target: Path) -> None:
    editor = unreal_editor.Editor()
    editor.assets["/Game/art/walls/wall/M_wall"] = mine = editor.Material()
    with pytest.raises(RuntimeError, match="1 assets were not imported"):
        editor.run(target)
    assert "M_wall exists and was not imported by this script" in editor.errors[0] and not mine.nodes
    assert "/Game/art/hero/PFB_hero_default" in editor.assets


def test_the_script_is_python_of_unreal_5_1(target: Path) -> None:
    ast.parse(target.read_text(), feature_version=(3, 9))


def test_an_unreal_project_has_one_script_for_all_assets(assetgen: Any, tmp_path: Path) -> None:
    (tmp_path / "Game.uproject").write_text("{}")
    (tmp_path / "dot.yaml").write_text("preset: dot\nuse: sprite\nsource: {fake: {prompt: x, size: [8, 8]}}\n")
    pack = tmp_path / "pack.yaml"
    pack.write_text("pack: p\ngame: .\ntarget: art\nassets: {a: {preset: dot}, b: {preset: dot}}\n")
    command = (tmp_path, "--store", tmp_path / "store")
    assert assetgen("build", *command)[0] == 0 and assetgen("check", tmp_path)[0] == 0
    files = json.loads((tmp_path / "art/manifest.json").read_text())["assets"]["a"]["files"]
    assert set(files) == {"a.png", "a.json", "import_assetgen.py"}
    pack.write_text(pack.read_text().replace(", b: {preset: dot}", ""))
    assert assetgen("build", *command)[0] == 0 and (tmp_path / "art/import_assetgen.py").exists()
    assert not (tmp_path / "art/b.json").exists()
