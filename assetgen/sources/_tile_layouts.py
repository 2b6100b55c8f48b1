"""The tiles of each layout of a tileset, in the order of its sheet."""

from collections.abc import Iterator
from itertools import product
from typing import Literal

from assetgen.pixels.tilesets import Tile

Layout = Literal["dual_grid", "corner", "blob", "rpgmaker_a2", "platformer"]
COLUMNS: dict[Layout, int] = {"dual_grid": 4, "corner": 4, "blob": 8, "rpgmaker_a2": 2, "platformer": 8}
# Corners clockwise from the top left, 1 where the first terrain lies. This is the sheet that most dual-grid scripts
# for Godot and Unity expect (jess-hammer/dual-grid-tilemap-system-godot); neighbours in it join.
_DUAL_GRID = (
    "0001", "0110", "1011", "0011",
    "1010", "0111", "1111", "1101",
    "0100", "1100", "1110", "1001",
    "0000", "0010", "0101", "1000",
)  # fmt: skip
# An autotile of RPG Maker (A2): a preview, the inner corners, and a 2 × 2 block, each tile as its neighbours from the
# top clockwise: top, top right, right, …
_RPGMAKER_A2 = ("00000000", "10101010", "00111000", "00001110", "11100000", "10000011")
_SLOPES = {
    # name: (sides, corners) of the terrain around the tile: clockwise from the top, and from the top left
    "slope_up": ("0110", "0010"),
    "slope_down": ("0011", "0001"),
    "slope_up_low": ("0110", "0010"),
    "slope_up_high": ("0111", "0011"),
    "slope_down_high": ("0111", "0011"),
    "slope_down_low": ("0011", "0001"),
    "ceiling_up": ("1001", "1000"),
    "ceiling_down": ("1100", "0100"),
    "below_slope_up": ("1111", "0111"),
    "below_slope_down": ("1111", "1011"),
    "below_slope_up_low": ("1111", "0111"),
    "below_slope_down_low": ("1111", "1011"),
}
_SIDES, _CORNERS = (0, 2, 4, 6), (7, 1, 3, 5)  # places in a text of eight neighbours


def tiles_of(layout: Layout, other: int) -> tuple[Tile, ...]:
    """The tiles of a layout in order. `other` is the number of the terrain around the first one, 0."""
    if layout == "dual_grid":
        return tuple(_corner_tile(bits, other) for bits in _DUAL_GRID)
    if layout == "corner":
        return tuple(_corner_tile(_wang_bits(index), other) for index in range(16))
    if layout == "rpgmaker_a2":
        return tuple(_blob_tile(bits, other) for bits in _RPGMAKER_A2)
    blob = (*(_blob_tile(bits, other) for bits in _blobs()), _plain_tile(other))
    return blob if layout == "blob" else (*blob, *_slope_tiles(other))


def _wang_bits(index: int) -> str:
    """The corners of a Wang tile, clockwise from the top left. Its index is the sum of 1 for the top right corner, 2
    for the bottom right, 4 for the bottom left and 8 for the top left (http://www.cr31.co.uk/stagecast/wang/2corn.html)."""
    return "".join(str(index >> place & 1) for place in (3, 0, 1, 2))


def _blobs() -> Iterator[str]:
    """The 47 tiles by their eight neighbours, in the order of the sum of 1 for the top, 2 for the top right, 4, …
    (http://www.cr31.co.uk/stagecast/wang/blob.html). A corner counts only with both sides beside it."""
    found = {_normal("".join(bits)) for bits in product("01", repeat=8)}
    yield from sorted(found, key=lambda bits: int(bits[::-1], 2))


def _normal(bits: str) -> str:
    sides_beside = {place: (bits[place - 1], bits[(place + 1) % 8]) for place in _CORNERS}
    return "".join(
        "0" if place in sides_beside and "0" in sides_beside[place] else bit for place, bit in enumerate(bits)
    )


def _corner_tile(bits: str, other: int) -> Tile:
    return Tile(0 if "1" in bits else other, _terrains(bits, other))


def _blob_tile(bits: str, other: int) -> Tile:
    corners, sides = ("".join(bits[place] for place in places) for places in (_CORNERS, _SIDES))
    return Tile(0, _terrains(corners, other), _terrains(sides, other))


def _plain_tile(terrain: int) -> Tile:
    return Tile(terrain, (terrain,) * 4, (terrain,) * 4)


def _slope_tiles(other: int) -> Iterator[Tile]:
    for name, (sides, corners) in _SLOPES.items():
        yield Tile(0, _terrains(corners, other), _terrains(sides, other), probability=0.0, name=name)


def _terrains(bits: str, other: int) -> tuple[int, ...]:
    return tuple(0 if bit == "1" else other for bit in bits)
