"""A small level, painted with a tileset by the rules that engines follow."""

from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, to_float
from assetgen.pixels.tile_collapse import collapse
from assetgen.pixels.tilesets import Tile, Tileset

Cells = NDArray[np.bool_]
LevelRule = Literal["noise", "wfc"]
"""What a level is made by: patches of terrain, or wave-function collapse of the tiles."""
_SIDES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # row and column of the neighbours, from the top clockwise
_CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))  # from the top left clockwise
_SIDES_AT_CORNER = ((0, 3), (0, 1), (2, 1), (2, 3))  # the horizontal and the vertical side at each corner
_SLOPES = {(0, 1): "slope_up", (1, 0): "slope_down"}  # by the ground at the left and the right


def paint_level(
    images: ImageSet, *, columns: int = 16, rows: int = 10, seed: int = 0, level: LevelRule = "noise"
) -> Array:
    """A level of `rows × columns` tiles with patches of the first terrain, RGBA float32 `H×W×4`, row 0 at the top.

    Each cell gets a tile by the terrains around it; of several, one by probability. `images.meta.tileset` must be set.
    With `level="wfc"` wave-function collapse chooses tiles that fit each other; there are no slopes.
    A platformer's level is hills with slopes. RPG Maker's autotiles are put together from quarters; they have no tile
    that is full of the second terrain, whose mean colour stands for it.
    """
    tileset = images.meta.tileset
    assert tileset is not None
    generator = np.random.default_rng(seed)
    sheet = _with_alpha(to_float(images["color"]))
    if level == "wfc":
        if tileset.layout == "rpgmaker_a2":
            raise InputError(
                "RPG Maker's autotiles, whose quarters are combined, have no level by `wfc`", cure="Use noise"
            )
        choices = collapse(tileset, rows=rows, columns=columns, seed=seed)
    elif tileset.by_corners:
        choices = _corner_choices(tileset, _patches(generator, rows + 1, columns + 1))
    elif tileset.layout == "rpgmaker_a2":
        return _quarters(sheet, tileset, _patches(generator, rows, columns))
    elif tileset.layout == "platformer":
        choices = _hills(tileset, generator, rows, columns)
    else:
        choices = _blob_choices(tileset, _patches(generator, rows, columns))
    indices = [[_choose(tileset, found, generator) for found in row] for row in choices]
    return _placed(sheet, tileset, indices)


def _with_alpha(color: FloatArray) -> FloatArray:
    if color.shape[2] == 4:
        return color
    return np.concatenate([color, np.ones((*color.shape[:2], 1), np.float32)], axis=2)


def _patches(generator: np.random.Generator, rows: int, columns: int) -> Cells:
    """Smooth random areas over about half of the cells."""
    values = generator.random((rows + 4, columns + 4))
    for _ in range(2):
        values = sum(values[y : y + len(values) - 2] for y in range(3)) / 3  # type: ignore[assignment]
        values = sum(values[:, x : x + values.shape[1] - 2] for x in range(3)) / 3  # type: ignore[assignment]
    return np.asarray(values > np.median(values))


def _corner_choices(tileset: Tileset, vertices: Cells) -> list[list[list[int]]]:
    """The tiles that fit each cell between vertices."""
    other = _other(tileset)
    found = _by(tileset, lambda tile: tile.corners)
    terrains = np.where(vertices, 0, other).tolist()
    return [
        [
            found[(above[x], above[x + 1], below[x + 1], below[x])]
            for x in range(len(above) - 1)
        ]
        for above, below in pairwise(terrains)
    ]  # fmt: skip


def _blob_choices(tileset: Tileset, cells: Cells) -> list[list[list[int]]]:
    other = _other(tileset)
    found = _by(tileset, lambda tile: (tile.terrain, *tile.sides, *tile.corners))
    around = np.pad(cells, 1, mode="edge")
    return [
        [
            found[(0, *_signature(around, y + 1, x + 1, other)) if cells[y, x] else (other,) * 9]
            for x in range(cells.shape[1])
        ]
        for y in range(cells.shape[0])
    ]


def _signature(around: Cells, y: int, x: int, other: int) -> tuple[int, ...]:
    """The terrains at the sides and corners of a cell. A corner counts only with both sides beside it."""
    sides = [bool(around[y + down, x + right]) for down, right in _SIDES]
    corners = [
        bool(around[y + down, x + right]) and sides[one] and sides[two]
        for (down, right), (one, two) in zip(_CORNERS, _SIDES_AT_CORNER, strict=True)
    ]
    return tuple(0 if is_in else other for is_in in (*sides, *corners))


def _hills(tileset: Tileset, generator: np.random.Generator, rows: int, columns: int) -> list[list[list[int]]]:
    """Ground whose height changes by at most one where there is a slope, with some blocks above it."""
    steps = generator.choice([-2, -1, -1, 0, 0, 1, 1, 2], columns)
    heights = 2 + np.abs((rows // 3 + np.cumsum(steps)) % (2 * rows - 12) - (rows - 6))
    cells = np.arange(rows)[:, None] >= rows - heights
    left = int(generator.integers(1, columns - 5))
    cells[1, left : left + 4] = True
    ramps: dict[tuple[int, int], str] = {}
    for x in range(1, columns - 1):
        rise = int(heights[x + 1] - heights[x] == 1), int(heights[x - 1] - heights[x] == 1)
        if sum(rise) == 1:
            ramps[rows - int(heights[x]) - 1, x] = _SLOPES[rise[1], rise[0]]
    for cell in ramps:
        cells[cell] = True
    choices = _blob_choices(tileset, cells)
    named = {tile.name: index for index, tile in enumerate(tileset.tiles)}
    for (y, x), name in ramps.items():
        choices[y][x] = [named[name]]
        foot = x - 1 if name == "slope_up" else x + 1
        if cells[y + 1, foot] and ((y, foot) in ramps or not cells[y, foot]):
            choices[y + 1][x] = [named[f"below_{name}"]]
    return choices


def _other(tileset: Tileset) -> int:
    return 1 if len(tileset.terrains) > 1 else -1


def _by(tileset: Tileset, key: Callable[[Tile], tuple[int, ...]]) -> dict[tuple[int, ...], list[int]]:
    found: dict[tuple[int, ...], list[int]] = {}
    for index, tile in enumerate(tileset.tiles):
        if tile.probability > 0:
            found.setdefault(key(tile), []).append(index)
    return found


def _choose(tileset: Tileset, indices: list[int], generator: np.random.Generator) -> int:
    weights = np.array([tileset.tiles[index].probability or 1.0 for index in indices])
    return indices[int(np.searchsorted(np.cumsum(weights) / weights.sum(), generator.random(), side="right"))]


def _placed(sheet: FloatArray, tileset: Tileset, indices: list[list[int]]) -> FloatArray:
    """The tiles in a grid, or as diamonds from the back to the front."""
    width, height = tileset.tile_size
    rows, columns = len(indices), len(indices[0])
    diamonds = tileset.shape == "isometric"
    size = (
        ((rows + columns) * height // 2, (rows + columns) * width // 2)
        if diamonds
        else (rows * height, columns * width)
    )
    level = np.zeros((*size, 4), np.float32)
    for y, row in enumerate(indices):
        for x, index in enumerate(row):
            from_x, from_y = tileset.origin(index)
            tile = sheet[from_y : from_y + height, from_x : from_x + width]
            left, top = (
                ((rows - 1 + x - y) * width // 2, (x + y) * height // 2) if diamonds else (x * width, y * height)
            )
            place = level[top : top + height, left : left + width]
            place[...] = np.where(tile[..., 3:] > 0, tile, place)
    return level


def _quarters(sheet: FloatArray, tileset: Tileset, cells: Cells) -> FloatArray:
    """A level of autotiles: each quarter of a cell from the tile that has the same terrains around this quarter."""
    width, height = tileset.tile_size
    around = np.pad(cells, 1, mode="edge")
    level = np.zeros((len(cells) * height, cells.shape[1] * width, 4), np.float32)
    if len(tileset.terrains) > 1:
        level[:] = to_float(np.frombuffer(bytes.fromhex(tileset.terrains[1].color[1:] + "ff"), np.uint8))
    lower = tileset.tiles[0]
    for y, x in np.argwhere(cells):
        signature = _signature(around, y + 1, x + 1, lower.corners[0])
        for corner, (down, right) in enumerate(_CORNERS):
            index = _quarter_tile(tileset.tiles, signature, corner)
            top, left = (height // 2 if down > 0 else 0), (width // 2 if right > 0 else 0)
            from_x, from_y = tileset.origin(index)
            source = sheet[from_y + top :, from_x + left :][: height // 2, : width // 2]
            level[y * height + top :, x * width + left :][: height // 2, : width // 2] = source
    return level


def _quarter_tile(tiles: tuple[Tile, ...], signature: tuple[int, ...], corner: int) -> int:
    one, two = _SIDES_AT_CORNER[corner]
    wanted = signature[one], signature[two], signature[4 + corner]
    return next(
        index
        for index, tile in enumerate(tiles)
        if index > 0 and (tile.sides[one], tile.sides[two], tile.corners[corner]) == wanted
    )
