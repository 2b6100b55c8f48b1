"""Isometric diamonds: a square tile seen from the side, turned by 45 degrees, twice as wide as high.

A pixel belongs to the tile in which its centre lies on the ground, so diamonds fill the plane without gaps or overlap.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from assetgen.images import Array, to_float
from assetgen.pixels.tilesets import Tile
from assetgen.sources._tile_paint import as_samples


def diamond(channels: Mapping[str, Array], *, soft: bool) -> dict[str, Array]:
    """The channels of a tile of `height × width` pixels as a diamond; outside it they are 0.

    With `soft`, a pixel is the mean of 16 samples, else it is the nearest pixel of the tile.
    """
    height, width = channels["color"].shape[:2]
    side = max(width, height)
    samples = 4 if soft else 1
    inside = _indices(side, 1, width, height)[2]
    column, row, _ = _indices(side, samples, width, height)
    made = {}
    for name, array in channels.items():
        flat = to_float(array)[row, column].reshape(side, samples, 2 * side, samples, -1).mean(axis=(1, 3))
        made[name] = as_samples(np.asarray(flat * inside[..., None], np.float32), array)
    return made


def _indices(side: int, samples: int, width: int, height: int) -> tuple[Array, Array, Array]:
    """Column and row of the tile under each sample, clipped to the tile, and whether the sample is inside."""
    y, x = ((np.mgrid[: side * samples, : 2 * side * samples]) + 0.5) / samples
    across, down = ((x - side) / 2 + y) / side, (y - (x - side) / 2) / side
    inside = (across >= 0) & (across < 1) & (down >= 0) & (down < 1)
    column, row = (
        np.clip((across * width).astype(int), 0, width - 1),
        np.clip((down * height).astype(int), 0, height - 1),
    )
    return column, row, inside


def diamond_tile(tile: Tile, size: tuple[int, int]) -> Tile:
    """The tile with its collision polygons on the diamond."""
    width, height = size
    side = max(size)

    def moved(point: tuple[float, float]) -> tuple[float, float]:
        across, down = point[0] / width * side, point[1] / height * side
        return side + across - down, (across + down) / 2

    return replace(tile, collision=tuple(tuple(moved(point) for point in polygon) for polygon in tile.collision))
