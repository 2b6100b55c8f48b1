"""The files of the Godot exporter; `tests/engines/test_godot.py` opens them in Godot."""

import re

import numpy as np
import pytest
from pydantic import ValidationError

from assetgen.exporters.godot import godot, new_project
from assetgen.images import Frames, ImageSet, Region, Tag, Trim, color_image, sequence
from assetgen.parts import Files, Use, load_part

SQUARE = np.full((8, 8, 3), 9, np.uint8)
MATERIAL = color_image(SQUARE).replace(normal=SQUARE, orm=SQUARE, ao=SQUARE[..., :1], height=SQUARE[..., :1])


def word(files: Files, path: str, key: str) -> str:
    [value] = re.findall(rf"^{re.escape(key)} ?= ?(.*)$", files[path].decode(), re.MULTILINE)
    return str(value)


def test_a_sprite_is_an_image_with_its_import_settings() -> None:
    assert list(godot(color_image(SQUARE), "props/key")) == ["props/key.png", "props/key.png.import"]


def test_the_import_settings_name_the_file_that_godot_will_make() -> None:
    files = godot(color_image(SQUARE), "spr", folder="art")
    made = '"res://.godot/imported/spr.png-978721bcb8a3def044bd949cba7de486.ctex"'  # by Godot 4.6.3
    assert word(files, "spr.png.import", "path") == made


@pytest.mark.parametrize(
    ("use", "mipmaps", "mode"),
    [("sprite", "false", "0"), ("pixel_texture", "false", "0"), ("texture", "true", "0"), ("material", "true", "2")],
)
def test_the_use_decides_on_mipmaps_and_compression(use: Use, mipmaps: str, mode: str) -> None:
    files = godot(color_image(SQUARE), "a", use=use)
    assert word(files, "a.png.import", "mipmaps/generate") == mipmaps
    assert word(files, "a.png.import", "compress/mode") == mode
    assert word(files, "a.png.import", "detect_3d/compress_to") == "0"


def test_pixel_art_is_recognised_by_meta_and_by_use() -> None:
    files = godot(color_image(SQUARE, pixel_art=True), "a", use="material")
    assert word(files, "a.png.import", "compress/mode") == "0"
    assert word(files, "a.tres", "texture_filter") == "0"


def test_a_material_uses_orm_instead_of_the_maps_packed_in_it() -> None:
    files = godot(MATERIAL, "wall", use="material", folder="art")
    pictures = [path for path in files if path.endswith(".png")]
    assert pictures == ["wall.png", "wall_height.png", "wall_normal.png", "wall_orm.png"]
    assert b'type="ORMMaterial3D"' in files["wall.tres"]
    assert word(files, "wall_normal.png.import", "compress/normal_map") == "1"
    assert word(files, "wall_orm.png.import", "roughness/src_normal") == '"res://art/wall_normal.png"'
    assert word(files, "wall_height.png.import", "compress/mode") == "0"


def test_a_resource_refers_to_its_image_by_path_and_uid() -> None:
    files = godot(color_image(SQUARE), "a", use="pixel_sprite", folder="art/x/")
    uid = word(files, "a.png.import", "uid")
    assert f'uid={uid} path="res://art/x/a.png"'.encode() in files["a.tres"]


def test_uids_depend_on_the_path_alone() -> None:
    first, again = godot(color_image(SQUARE), "a"), godot(color_image(SQUARE + 1), "a")
    assert first["a.png.import"] == again["a.png.import"]


def test_two_folders_may_hold_assets_of_one_name() -> None:
    uids = {word(godot(color_image(SQUARE), "a", folder=folder), "a.png.import", "uid") for folder in ("", "x", "x/y")}
    assert len(uids) == 3


@pytest.mark.parametrize(("alpha", "expected"), [(255, None), (0, "2"), (128, "1")])
def test_a_material_is_as_transparent_as_its_image(alpha: int, expected: str | None) -> None:
    color = np.full((4, 4, 4), 255, np.uint8)
    color[0, 0, 3] = alpha
    found = re.search(r"^transparency = (.)$", godot(color_image(color), "a", use="material")["a.tres"].decode(), re.M)
    assert (found and found[1]) == expected


def test_members_of_an_atlas_have_their_trimmed_margins() -> None:
    region = Region((3, 1, 4, 5), Trim((1, 2), (10, 20)))
    files = godot(color_image(SQUARE, regions={"imp": region}), "foes")
    assert word(files, "foes/imp.tres", "region") == "Rect2(3, 1, 4, 5)"
    assert word(files, "foes/imp.tres", "margin") == "Rect2(1, 2, 6, 15)"


def moving(*durations: int, normal: bool = False, **meta: object) -> ImageSet:
    still = color_image(SQUARE, **meta)
    still = still.replace(normal=SQUARE) if normal else still
    return sequence([still] * len(durations), Frames(durations, (Tag('a "b"', 0, len(durations) - 1),)))


def test_an_animation_is_a_sheet_with_sprite_frames_and_a_scene() -> None:
    files = godot(moving(100, 40), "foes/imp", folder="art")
    assert list(files) == ["foes/imp.png", "foes/imp.png.import", "foes/imp.tres", "foes/imp.tscn"]
    assert word(files, "foes/imp.tscn", "autoplay") == '"a \\"b\\""'
    assert b'[node name="imp" type="AnimatedSprite2D"]' in files["foes/imp.tscn"]


def test_durations_are_whole_multiples_of_the_frame_time() -> None:
    files = godot(moving(100, 40, 60), "imp")
    assert re.findall(rb'"duration": (.*),', files["imp.tres"]) == [b"5.0", b"2.0", b"3.0"]
    assert b'"speed": 50.0' in files["imp.tres"]


def test_an_animation_with_normals_is_cut_from_a_canvas_texture() -> None:
    files = godot(moving(100, normal=True), "imp")
    assert word(files, "imp.tres", "normal_texture") == 'ExtResource("normal")'
    assert word(files, "imp.tres", "atlas") == 'SubResource("texture")'
    assert word(godot(moving(100), "imp"), "imp.tres", "atlas") == 'ExtResource("color")'


def test_the_origin_of_pixel_art_is_a_whole_pixel() -> None:
    pivot = (0.45, 1.0)
    assert word(godot(moving(9, pivot=pivot), "imp"), "imp.tscn", "offset") == "Vector2(-3.6, -8.0)"
    assert word(godot(moving(9, pivot=pivot, pixel_art=True), "imp"), "imp.tscn", "offset") == "Vector2(-4, -8)"


def test_an_image_set_without_colour_is_exported() -> None:
    files = godot(ImageSet({"height": SQUARE[..., :1]}), "hill", use="material")
    assert list(files) == ["hill_height.png", "hill_height.png.import", "hill.tres"]


def test_a_new_project_is_named_after_the_pack_and_keeps_caches_out_of_the_repository() -> None:
    files = new_project("dungeon")
    assert b'config/name="dungeon"' in files["project.godot"]
    assert b".godot/" in files[".gitignore"]


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ValidationError, match="filter"):
        load_part("exporter", "godot").params(filter="nearest")
