"""Tilesets, from tiny textures. Edges are compared in the sheet by what `meta` says, not by how they are drawn."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, Meta, color_image
from assetgen.parts import Context, load_part
from assetgen.pixels.tile_levels import paint_level
from assetgen.pixels.tilesets import Tile, Tileset

COLORS = np.array(
    [[40, 90, 30], [60, 130, 40], [90, 160, 60], [120, 100, 70], [150, 130, 90], [170, 150, 110]], np.uint8
)
LAYOUTS = ("dual_grid", "corner", "blob", "platformer")
COUNTS = {"dual_grid": 16, "corner": 16, "blob": 48, "rpgmaker_a2": 6, "platformer": 60}
STYLES = ("rough", "round", "square", "jagged")


def pixels(first: int, side: int = 16) -> ImageSet:
    """Pixel art of three colours that tiles."""
    noise = np.random.default_rng(2 + first * 7 // 3).integers(first, first + 3, (side, side))
    return color_image(COLORS[noise], pixel_art=True, tiles="xy")


def painted(hue: float, side: int = 32) -> ImageSet:
    """A smooth texture that tiles."""
    turn = np.arange(side) * 2 * np.pi / side
    wave = np.sin(turn)[:, None] * np.cos(2 * turn)[None, :]
    return color_image(np.rint(128 + np.stack([wave * 60, wave * 40 + hue, wave * 20 - hue], 2)).astype(np.uint8))


PIXELS = {"grass": pixels(0), "dirt": pixels(3)}
PAINTED = {"grass": painted(50), "dirt": painted(-50)}


def make(members: dict[str, ImageSet] = PIXELS, **arguments: object) -> ImageSet:
    part = load_part("source", "tileset")
    made: ImageSet = part.run(Context(members=members), **dict(part.params(**arguments)))
    return made


def description(images: ImageSet) -> Tileset:
    assert images.meta.tileset is not None
    return images.meta.tileset


def tile_pixels(images: ImageSet, index: int) -> Array:
    """A tile cut from the sheet; hidden colours of transparent pixels count as equal."""
    (width, height), (x, y) = description(images).tile_size, description(images).origin(index)
    cut = images["color"][y : y + height, x : x + width].copy()
    cut[cut[..., 3] == 0] = 0
    return cut


def edges(tile: Tile, drawn: Array) -> Iterator[tuple[tuple[object, ...], bytes]]:
    """The code of each edge, and its pixels. Codes: which edge, the terrains at its ends, and that of its side."""
    top_left, top_right, bottom_right, bottom_left = tile.corners
    sides = tile.sides or (None,) * 4
    ends = ((top_left, top_right), (top_right, bottom_right), (bottom_left, bottom_right), (top_left, bottom_left))
    lines = (drawn[0], drawn[:, -1], drawn[-1], drawn[:, 0])
    for number, (pair, side, line) in enumerate(zip(ends, sides, lines, strict=True)):
        yield (number, *pair, side), line.tobytes()


def differing_edges(images: ImageSet) -> list[object]:
    """The codes of edges whose pixels differ between tiles. Nothing joins an open side of a platformer."""
    found = defaultdict(set)
    for index, tile in enumerate(description(images).tiles):
        for code, line in edges(tile, tile_pixels(images, index)) if tile.probability else ():
            if description(images).layout != "platformer" or code[-1] == 0:
                found[code].add(line)
    assert len(found) >= 12
    return [code for code, lines in found.items() if len(lines) > 1]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_equal_edges_have_equal_pixels(layout: str, style: str) -> None:
    assert differing_edges(make(layout=layout, border=style, seed=3)) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("members", [PAINTED, {"grass": PAINTED["grass"]}], ids=["two", "one"])
def test_equal_soft_edges_have_equal_pixels(layout: str, members: dict[str, ImageSet]) -> None:
    assert differing_edges(make(members, layout=layout)) == []


def test_the_comparison_finds_a_changed_edge() -> None:
    images = make(layout="blob")
    color = images["color"].copy()
    color[3, 0] = 0
    assert differing_edges(images.replace(color=color)) == [(3, 1, 1, 1)]


@pytest.mark.parametrize("layout", ["blob", "dual_grid"])
def test_tiles_continue_across_their_borders(layout: str) -> None:
    """Along the border of tiles in a level, colours change no more than inside them."""
    images = make(PAINTED, layout=layout, outline=0, highlight=0, shadow=0)
    level = paint_level(images, columns=12, rows=12)
    steps = np.abs(np.diff(level, axis=1)).sum(axis=2).mean(axis=0)
    width = description(images).tile_size[0]
    assert steps[width - 1 :: width].mean() <= 1.1 * steps.mean()


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_slopes_end_like_the_ground_that_they_meet(side: int) -> None:
    images = make(layout="platformer")
    tiles = description(images).tiles
    drawn = {tile.name: tile_pixels(images, index) for index, tile in enumerate(tiles) if tile.name}
    flat = next(
        index for index, tile in enumerate(tiles) if (*tile.corners, *tile.sides) == (-1, -1, 0, 0, -1, 0, 0, 0)
    )
    pairs = [
        (drawn["slope_up"][:, -1], tile_pixels(images, flat)[:, -1]),
        (drawn["slope_down"][:, 0], tile_pixels(images, flat)[:, 0]),
        (drawn["slope_up_high"][:, -1], tile_pixels(images, flat)[:, -1]),
        (drawn["slope_down_high"][:, 0], tile_pixels(images, flat)[:, 0]),
    ]
    assert (pairs[side][0] == pairs[side][1]).all()


@pytest.mark.parametrize(("name", "foot"), [("below_slope_up", 0), ("below_slope_down", -1)])
def test_the_cover_goes_on_below_the_foot_of_a_slope(name: str, foot: int) -> None:
    """There it is as deep as on flat ground, but for the pixel by which the slope has risen, and it ends further up."""
    images = make({"grass": pixels(0, 32), "dirt": pixels(3, 32)}, layout="platformer", outline=0)
    tiles = description(images).tiles
    flat = next(
        number for number, tile in enumerate(tiles) if (*tile.sides, *tile.corners) == (-1, 0, 0, 0, -1, -1, 0, 0)
    )
    below = next(number for number, tile in enumerate(tiles) if tile.name == name)
    drawn = [tile_pixels(images, number).astype(int) for number in (flat, below)]
    wanted, found = [(tile[..., 1] > tile[..., 0]).sum(axis=0) for tile in drawn]
    assert wanted[foot] - found[foot] in (0, 1) and found[foot] > 5
    assert found[-1 - foot] == 0


@pytest.mark.parametrize("layout", COUNTS)
def test_a_layout_has_its_tiles_and_pixel_art_keeps_its_palette(layout: str) -> None:
    images = make(layout=layout, variants=())
    assert len(description(images).tiles) == COUNTS[layout]
    visible = images["color"][images["color"][..., 3] > 0]
    assert {*np.unique(images["color"][..., 3])} <= {0, 255}
    assert {tuple(color) for color in visible[:, :3]} <= {tuple(color) for color in COLORS}
    assert images.meta.pixel_art


def test_soft_borders_are_antialiased() -> None:
    alpha = make({"grass": PAINTED["grass"]})["color"][..., 3]
    assert ((alpha > 0) & (alpha < 255)).any()


def test_the_first_member_lies_over_the_second() -> None:
    names = [terrain.name for terrain in description(make({"dirt": PIXELS["dirt"], "grass": PIXELS["grass"]})).terrains]
    assert names == ["dirt", "grass"]
    full = tile_pixels(make(variants=()), 6)
    assert (full[..., :3] == PIXELS["grass"]["color"]).all()


def test_variants_differ_inside_and_have_weights() -> None:
    images = make(variants=(0.5, 0.1))
    first, second = (tile for tile in description(images).tiles if tile.name and tile.terrain == 0)
    assert (first.probability, second.probability) == (0.5, 0.1)
    assert len({tile_pixels(images, index).tobytes() for index in (6, 16, 17)}) == 3


LARGE = {name: color_image(images["color"][:24].repeat(2, axis=0)[:, :32]) for name, images in PAINTED.items()}
"""Textures of 32 × 48 pixels whose top does not continue their bottom."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tiles_cut_out_of_larger_textures_join(layout: str) -> None:
    images = make(LARGE, layout=layout, tiles_across=2, seed=1)
    assert description(images).tile_size == (16, 24)
    assert differing_edges(images) == []


def test_variants_are_other_places_of_a_larger_texture() -> None:
    color = np.arange(32 * 32 * 3, dtype=np.uint16).reshape(32, 32, 3) * 8
    full = [tile_pixels(make({"a": color_image(color)}, tiles_across=2), index) for index in (6, 16, 17)]
    middles = [tile[8, 8].tobytes() for tile in full]
    assert len({*middles}) == 3
    assert {middle[:6] for middle in middles} <= {each.tobytes() for each in color.reshape(-1, 3)}


def test_the_border_of_a_cut_tile_continues_as_in_its_texture() -> None:
    rows = np.broadcast_to(np.arange(48, dtype=np.uint8)[:, None, None] * 5, (48, 48, 3))
    full = tile_pixels(make({"a": color_image(rows)}, tiles_across=3, variants=()), 6)
    assert (full[0].astype(int) - full[-1] == [5, 5, 5, 0]).all()


def test_material_channels_are_mixed_like_the_colour() -> None:
    members = {
        name: images.replace(height=np.full((16, 16, 1), value, np.uint16))
        for (name, images), value in zip(PIXELS.items(), (60000, 100), strict=True)
    }
    assert {*np.unique(make(members, channels=["height"])["height"])} == {100, 60000}
    assert list(make(members).channels) == ["color"]


def test_painted_textures_are_reduced_to_the_size_of_a_tile() -> None:
    assert description(make(PAINTED, tile=16)).tile_size == (16, 16)


def test_metadata_survive_the_store() -> None:
    meta = make(layout="platformer").meta
    assert Meta.from_json(meta.to_json()) == meta
    assert "tileset" not in Meta().to_json()


def area(tile: Tile) -> float:
    """The area of all polygons together, by the shoelace formula."""
    loops = (np.array(polygon) for polygon in tile.collision)
    return sum(
        float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2) for x, y in (points.T for points in loops)
    )


@pytest.mark.parametrize("solid", ["grass", "dirt"])
def test_polygons_cover_the_solid_member(solid: str) -> None:
    """Also where it surrounds the other one: the tile then has two polygons."""
    images = make(layout="blob", solid=solid, border="square", outline=0, highlight=0, shadow=0, variants=())
    own = {tuple(color) for color in COLORS[:3] if solid == "grass"} | {tuple(c) for c in COLORS[3:] if solid == "dirt"}
    for index, tile in enumerate(description(images).tiles):
        count = sum(tuple(color) in own for color in tile_pixels(images, index)[..., :3].reshape(-1, 3))
        assert area(tile) == pytest.approx(count, abs=2), index


def test_slopes_collide_along_straight_lines() -> None:
    shapes = {tile.name: tile.collision for tile in description(make(layout="platformer")).tiles}
    assert shapes["slope_up"] == (((0, 16), (16, 0), (16, 16)),)
    assert shapes["slope_down_low"] == (((0, 8), (16, 16), (0, 16)),)


@pytest.mark.parametrize("layout", ["dual_grid", "blob"])
def test_diamonds_fill_the_plane(layout: str) -> None:
    level = paint_level(make(layout=layout, shape="isometric"), columns=6, rows=6)
    inner = level[40:-40, 60:-60, 3]
    assert description(make(layout=layout, shape="isometric")).tile_size == (32, 16)
    assert inner.size > 0 and (inner == 1).all()


@pytest.mark.parametrize("layout", COUNTS)
def test_a_level_is_painted_with_every_layout(layout: str) -> None:
    images = make(layout=layout)
    levels = [paint_level(images, seed=seed) for seed in (0, 0, 1)]
    assert levels[0].shape == (160, 256, 4)
    assert (levels[0] == levels[1]).all() and (levels[0] != levels[2]).any()


FLAT = color_image(np.full((16, 16, 3), 90, np.uint8))
BAD = {
    "none": ({}, {}, "made of one or two textures, not of 0"),
    "three": ({**PIXELS, "sand": pixels(1)}, {}, "not of 3"),
    "sizes": ({"a": pixels(0), "b": pixels(3, 32)}, {}, r"'a' and 'b' have different sizes \(16 × 16 and 32 × 32"),
    "grids": ({"a": pixels(0, 32), "b": painted(9)}, {}, "only one of members 'a' and 'b' is pixel art"),
    "channels": (PIXELS | {"dirt": pixels(3).replace(normal=np.ones((16, 16, 3), np.uint8))}, {}, "differ"),
    "channel": (PIXELS, {"channels": ["color", "hight"]}, "member 'grass' has no 'hight'"),
    "seam": ({"a": color_image(np.tile(np.linspace(0, 255, 32).astype(np.uint8)[:, None, None], (1, 32, 3)))}, {},
             r"'a' does not tile: its seam along y scores \d+\.\d\d"),
    "alpha": ({"a": color_image(np.full((16, 16, 4), 9, np.uint8))}, {}, "'a' is transparent in places"),
    "tiny": ({"a": pixels(0, 4)}, {}, "'a' has 4 × 4 pixels, a tile at least 8 × 8"),
    "reduced pixel art": (PIXELS, {"tile": 8}, "'grass' is pixel art of 16 pixels, which cannot be 8"),
    "no whole factor": (PAINTED, {"tile": 15}, "of member 'grass' are not a whole multiple of a tile of 15"),
    "tile too large": (PAINTED, {"tile": 64}, "32 pixels wide, too few for a tile of 64"),
    "tiles too large": (PAINTED, {"tile": 24, "tiles_across": 2}, "too few for 2 tiles of 24 pixels"),
    "one colour": ({"a": FLAT, "b": FLAT}, {}, "members 'a' and 'b' have one and the same colour"),
    "sheet": ({"a": make()}, {}, "member 'a' is a sheet of several images"),
    "tiles across": (PIXELS, {"tiles_across": 3}, "tiles_across: 3 does not divide the 16 × 16 pixels of 'grass' into"),
    "wide border": (PIXELS, {"outline": 3}, "a tile of 16 has room for 2"),
    "unknown solid": (PIXELS, {"solid": "gras"}, "'gras' is no member of this tileset. Did you mean 'grass'?"),
    "solid platform": (PIXELS, {"solid": "grass", "layout": "platformer"}, "always solid"),
    "isometric platform": (PIXELS, {"shape": "isometric", "layout": "platformer"}, "no isometric tiles"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_members_and_arguments_are_refused(case: str) -> None:
    members, arguments, message = BAD[case]
    with pytest.raises(InputError, match=message):
        make(members, **arguments)


def test_a_sheet_above_the_pixel_limit_is_refused() -> None:
    with pytest.raises(InputError, match="at most"):
        make({"a": painted(9, 1200)}, layout="blob")


def test_the_smallest_tile_has_every_layout() -> None:
    assert {layout: make({"a": pixels(0, 8)}, layout=layout).size[0] for layout in COUNTS} == {
        "dual_grid": 32, "corner": 32, "blob": 64, "rpgmaker_a2": 16, "platformer": 64,
    }  # fmt: skip


DIGESTS = {
    "dual_grid": "5014270a646253d4",
    "blob": "a6bdcd49401ff8ae",
    "rpgmaker_a2": "fd44609876325cf7",
    "platformer": "05f7b0a2264f5432",
}
"""Of the sheets of pixel art by version 2. Other pixels need another version of the source."""


@pytest.mark.parametrize("layout", DIGESTS)
def test_the_pixels_change_only_with_the_version(layout: str) -> None:
    assert load_part("source", "tileset").traits.version == 2
    assert hashlib.sha256(make(layout=layout)["color"].tobytes()).hexdigest()[:16] == DIGESTS[layout]


def test_cut_tiles_change_only_with_the_version() -> None:
    images = make({"a": pixels(0, 32), "b": pixels(3, 32)}, tiles_across=2)
    assert hashlib.sha256(images["color"].tobytes()).hexdigest()[:16] == "c1216d21d2cd8c87"
