"""The files of a tileset: read by Tiled's and LDtk's parsers for Python, and painted with by LDtk's rules."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ldtkpy.api import ldtk_json_from_dict
from pytiled_parser.parsers.json.tileset import parse

from assetgen.errors import InputError
from assetgen.exporters.godot import godot
from assetgen.exporters.ldtk import ldtk
from assetgen.exporters.plain import plain
from assetgen.exporters.tiled import tiled
from assetgen.images import ImageSet, color_image
from assetgen.pack.file_names import file_names
from assetgen.pack.library import PackFile
from assetgen.pack.resolve import resolve_pack
from assetgen.parts import Context
from assetgen.sources.tileset import tileset
from assetgen.steps.resize import resize

NOISE = np.random.default_rng(2).integers(60, 200, (16, 16, 1), np.uint8)
GRASS, DIRT = (color_image(NOISE // np.array(divide, np.uint8), pixel_art=True) for divide in ((4, 1, 4), (1, 2, 4)))
MEMBERS = {"grass": GRASS, "dirt": DIRT}


def made(**arguments: Any) -> ImageSet:
    return tileset(Context(members=MEMBERS), **arguments)


def ldtk_project(images: ImageSet) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ldtk(images, "art/meadow")["art/meadow.ldtk"])
    return found


def test_plain_describes_every_tile_in_json() -> None:
    document = json.loads(plain(made(layout="blob", solid="grass"), "meadow")["meadow.json"])
    assert (document["image"], document["tile_size"], document["columns"]) == ("meadow.png", [16, 16], 8)
    assert [terrain["name"] for terrain in document["terrains"]] == ["grass", "dirt"]
    assert document["tiles"][46]["collision"] == [[[0, 0], [0, 16], [16, 16], [16, 0]]]
    assert (document["tiles"][46]["corners"], document["tiles"][47]["sides"]) == ([0] * 4, [1] * 4)


WANG_TILES = [("corner", "corner", 20), ("blob", "mixed", 51), ("platformer", "mixed", 60)]


@pytest.mark.parametrize(("layout", "kind", "count"), WANG_TILES)
def test_a_tiled_parser_reads_terrains_probabilities_and_polygons(layout: Any, kind: str, count: int) -> None:
    images = made(layout=layout, solid=None if layout == "platformer" else "grass")
    document = json.loads(tiled(images, "art/meadow")["art/meadow.tsj"])
    read = parse(document, 1, "utf-8")
    assert read.wang_sets is not None and read.tiles is not None
    [terrains] = read.wang_sets
    assert (read.name, str(read.image), read.tile_width, terrains.wang_type) == ("meadow", "meadow.png", 16, kind)
    assert (read.image_width, read.image_height) == images.size
    assert len(terrains.wang_tiles) == count
    full = next(number for number, tile in terrains.wang_tiles.items() if set(tile.wang_id) <= {0, 1})
    assert len(read.tiles[full].objects.tiled_objects) == 1  # type: ignore[union-attr]
    assert {tile["probability"] for tile in document["tiles"] if "probability" in tile} >= {0.2}


def test_a_wang_id_starts_at_the_top_and_goes_around_clockwise() -> None:
    document = json.loads(tiled(made(layout="corner"), "meadow")["meadow.tsj"])
    tiles = {tile["tileid"]: tile["wangid"] for tile in document["wangsets"][0]["wangtiles"]}
    assert tiles[1] == [0, 1, 0, 2, 0, 2, 0, 2], "tile 1 has the first terrain at its top right corner alone"


def test_an_ldtk_parser_reads_the_project() -> None:
    project = ldtk_project(made(layout="blob", solid="grass"))
    for rule in project["defs"]["layers"][0]["autoRuleGroups"][0]["rules"]:
        rule["tileIds"] = []  # the parser is of LDtk 1.4.1; later versions write tileRectsIds alone
    read = ldtk_json_from_dict(project)
    [layer] = read.defs.layers
    assert [value.value for value in layer.int_grid_values] == [1, 2]
    assert (read.defs.tilesets[0].rel_path, read.defs.tilesets[0].tile_grid_size) == ("meadow.png", 16)
    assert len(layer.auto_rule_groups[0].rules) == 52


def matching_tile(rules: list[dict[str, Any]], cells: np.ndarray[Any, Any], y: int, x: int) -> int | None:
    """The tile of the first rule that matches a cell, as LDtk compares them (without chance)."""
    for rule in rules:
        if rule["chance"] < 1:
            continue
        for place, wanted in enumerate(rule["pattern"]):
            row, column = y + place // 3 - 1, x + place % 3 - 1
            inside = 0 <= row < cells.shape[0] and 0 <= column < cells.shape[1]
            value = cells[row, column] if inside else rule["outOfBoundsValue"]
            if (wanted > 0 and value != wanted) or (wanted < 0 and value == -wanted):
                break
        else:
            [[tile]] = rule["tileRectsIds"]
            return int(tile)
    return None


def test_ldtk_rules_choose_blobs_by_their_neighbours() -> None:
    images = made(layout="blob", variants=())
    rules = ldtk_project(images)["defs"]["layers"][0]["autoRuleGroups"][0]["rules"]
    cells = np.random.default_rng(0).choice([1, 1, 2], (12, 12))
    tiles = images.meta.tileset.tiles  # type: ignore[union-attr]
    for y, x in np.ndindex(11, 11):
        here, right = (tiles[matching_tile(rules, cells, y, x + step) or 0] for step in (0, 1))
        assert here.terrain == cells[y, x] - 1
        if here.terrain == right.terrain:
            assert (here.sides[1], here.corners[1], here.corners[2]) == (
                right.sides[3],
                right.corners[0],
                right.corners[3],
            )


def test_ldtk_rules_choose_corner_tiles_by_the_four_cells_that_they_cover() -> None:
    images = made(layout="dual_grid", variants=())
    rules = ldtk_project(images)["defs"]["layers"][0]["autoRuleGroups"][0]["rules"]
    assert {(rule["tileXOffset"], rule["tileYOffset"]) for rule in rules} == {(-8, -8)}
    cells = np.random.default_rng(0).choice([1, 2], (12, 12))
    for y, x in np.ndindex(11, 11):
        tile = images.meta.tileset.tiles[matching_tile(rules, cells, y + 1, x + 1)]  # type: ignore[union-attr, index]
        assert tile.corners == (cells[y, x] - 1, cells[y, x + 1] - 1, cells[y + 1, x + 1] - 1, cells[y + 1, x] - 1)


def test_ldtk_has_no_diamonds() -> None:
    with pytest.raises(InputError, match="not isometric ones of 32 × 16 pixels"):
        ldtk(made(shape="isometric"), "meadow")


@pytest.mark.parametrize("export", [godot, plain, tiled, ldtk])
def test_a_sheet_that_a_step_resized_is_refused(export: Any) -> None:
    with pytest.raises(InputError, match="changed the size of the tileset, whose tiles have 16 × 16 pixels"):
        export(resize(made(), scale=2), "meadow")


@pytest.mark.parametrize("export", [tiled, ldtk])
def test_other_images_are_their_png_files(export: Any) -> None:
    assert list(export(GRASS.replace(ao=NOISE), "art/wall")) == ["art/wall.png", "art/wall_ao.png"]


def test_godot_gets_one_resource_beside_the_image() -> None:
    files = godot(made(layout="platformer"), "meadow")
    assert list(files) == ["meadow.png", "meadow.png.import", "meadow.tres"]
    text = files["meadow.tres"].decode()
    assert 'type="TileSet"' in text and "diffuse_texture" in text
    assert "physics_layer_0/polygon_0/points = PackedVector2Array(-8, 8, 8, -8, 8, 8)" in text


def test_godot_has_occluders_where_solid_ground_ends_and_is_open() -> None:
    """A slope's surface, all sides of a block, and nothing for the tile inside the ground."""
    text = godot(made(layout="platformer"), "meadow")["meadow.tres"].decode()
    points = dict(re.findall(r'id="(occluder_\d+)"\][^\[]*polygon = PackedVector2Array\((.*)\)', text))
    used = {at: points[key] for at, key in re.findall(r'(\d:\d)/0/occlusion_layer_0/.* = SubResource\("(.*)"\)', text)}
    assert (used["0:6"], used["0:0"]) == ("-8, 8, 8, -8", "-8, -8, 8, -8, 8, 8, -8, 8")
    assert "6:5" not in used and "6:5/0/physics_layer_0/polygon_0/points" in text
    assert "occlusion" not in godot(made(layout="blob"), "meadow")["meadow.tres"].decode()


def test_the_names_of_the_files_are_known_before_they_are_made(write_pack: Callable[[str], PackFile]) -> None:
    textures = "  b: {preset: pixel_tile, prompt: x}\n  a: {preset: pixel_tile, prompt: x}\n"
    file = write_pack(f"pack: p\nassets:\n{textures}  meadow: {{preset: tileset, members: [b, a]}}\n")
    [meadow] = [recipe for recipe in resolve_pack(file, engine="godot") if recipe.name == "meadow"]
    assert [member.name for member in meadow.members] == ["b", "a"]
    assert file_names(meadow) == {"meadow.png", "meadow.png.import", "meadow.tres"}
