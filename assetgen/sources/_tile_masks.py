"""Where the first terrain lies in a tile, from the terrains at its corners, sides and centre.

A tile is a grid of nodes, 2 × 2 (corners) or 3 × 3 (with sides and centre). Between two nodes the first terrain ends
at a smooth step; near each node the value is that node's alone. So the pixels within `reach` of an edge depend on the
nodes of this edge and on noise that repeats with the tile: edges with equal nodes have equal pixels, and the mask
continues into the neighbour, whatever tile that is.

Sums are written out, since those of matrix products differ in their last bit between machines.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assetgen.pixels.tilesets import Tile

BorderStyle = Literal["rough", "round", "square", "jagged"]
Plane = NDArray[np.float64]
Bits = NDArray[np.bool_]
_WAVES = {"rough": 4, "jagged": 8}
"""Waves of the border's noise along a tile."""
_WANDER = 0.08
"""How far noise moves a border, as a fraction of the tile."""
_LARGEST_NOISE = 0.85
"""Amplitude of the noise, where 1 is the value at a node: less, so that no islands appear."""
_STEEPEST = 1.5
"""Slope of the cubic step at its middle."""
_SADDLE = 0.6
"""What keeps two areas apart that touch at a corner only."""
_INSET = 0.22
"""Distance of a border from the tile's edge along which it runs, as a fraction of the tile."""


@dataclass(frozen=True)
class Shape:
    """How borders are drawn: their style, a tile's width and height, how far along a border something is drawn (in
    pixels), the seed of the noise, and the samples per pixel along each axis."""

    style: BorderStyle
    size: tuple[int, int]
    reach: int
    seed: int
    samples: int = 1

    def positions(self, length: int) -> Plane:
        """The centres of the samples along an axis, in pixels, from `reach` before the tile to `reach` behind it."""
        count = (length + 2 * self.reach) * self.samples
        return (np.arange(count) + 0.5) / self.samples - self.reach


@dataclass(frozen=True)
class TileMasks:
    """Draws the masks of tiles with 2 × 2 or 3 × 3 nodes: the weights `nodes × positions` of both axes, and noise."""

    columns: Plane
    rows: Plane
    noise: Plane

    def draw(self, tile: Tile) -> Bits:
        """Where the first terrain lies in a tile, with a margin of `reach` pixels around it."""
        nodes = _nodes(tile, len(self.rows))
        field = self.noise.copy()
        for row, weights in zip(nodes, self.rows, strict=True):
            along = sum(value * column for value, column in zip(row, self.columns, strict=True))
            field += weights[:, None] * along
        if len(nodes) == 2 and nodes[0] == nodes[1][::-1] != nodes[0][::-1]:
            field -= _SADDLE * 16 * (self.rows[0] * self.rows[1])[:, None] * (self.columns[0] * self.columns[1])
        return np.asarray(field > 0)


def mask_of(shape: Shape, *, by_corners: bool) -> TileMasks:
    """What draws the masks of all tiles of a tileset."""
    count = 2 if by_corners else 3
    columns, rows = (_weights(shape, length, count) for length in shape.size)
    if shape.style not in _WAVES:
        return TileMasks(columns, rows, np.zeros((rows.shape[1], columns.shape[1])))
    start, end = _ramp(shape, min(shape.size), count)
    slope = 2 * _STEEPEST / (end - start)
    amplitude = min(_LARGEST_NOISE, _WANDER * min(shape.size) * slope)
    return TileMasks(columns, rows, amplitude * periodic_noise(shape))


def periodic_noise(shape: Shape) -> Plane:
    """Smooth noise in -1..1 that repeats with the tile, `rows × columns` with a margin of `reach` pixels."""
    generator = np.random.default_rng(shape.seed)
    width, height = shape.size
    total: Plane = np.zeros((len(shape.positions(height)), len(shape.positions(width))))
    for octave, share in ((1, 1.0), (2, 0.5)):
        waves = _WAVES.get(shape.style, 4) * octave
        across, down = (max(2, round(waves * side / max(shape.size))) for side in shape.size)
        values = generator.random((down, across)) * 2 - 1
        (top, bottom, fall), (left, right, rise) = (
            _cells(shape.positions(side) / side, count) for side, count in ((height, down), (width, across))
        )
        above = values[top][:, left] * (1 - rise) + values[top][:, right] * rise
        below = values[bottom][:, left] * (1 - rise) + values[bottom][:, right] * rise
        total += share * (above * (1 - fall[:, None]) + below * fall[:, None])
    return total / max(float(np.abs(total).max()), 1e-9)


def _cells(position: Plane, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Plane]:
    """The cells before and behind each position among `count` around a period of 1, and a smooth share between them."""
    scaled = position * count
    cell = np.floor(scaled).astype(np.int64)
    return cell % count, (cell + 1) % count, _step(scaled - cell, 0.0, 1.0)


def _nodes(tile: Tile, count: int) -> list[list[float]]:
    """The nodes of a tile in rows: 1 for the first terrain, -1 for others."""

    def signs(terrains: tuple[int, ...]) -> list[float]:
        return [1.0 if terrain == 0 else -1.0 for terrain in terrains]

    top_left, top_right, bottom_right, bottom_left = signs(tile.corners)
    if count == 2:
        return [[top_left, top_right], [bottom_left, bottom_right]]
    top, right, bottom, left, centre = signs((*tile.sides, tile.terrain))
    return [[top_left, top, top_right], [left, centre, right], [bottom_left, bottom, bottom_right]]


def _weights(shape: Shape, length: int, count: int) -> Plane:
    """The weight of each of `count` nodes at the positions along an axis."""
    position, (start, end) = shape.positions(length), _ramp(shape, length, count)
    first = _step(position, start, end)
    if count == 2:
        return np.stack([1 - first, first])
    last = _step(length - position, start, end)
    return np.stack([1 - first, first * last, 1 - last])


def _ramp(shape: Shape, length: int, count: int) -> tuple[float, float]:
    """Where the first step along an axis starts and ends, in pixels."""
    flat = shape.reach + 0.5
    inset = length / 2 if count == 2 else min(max(_INSET * length, flat + 1.5), length / 2 - flat - 0.5)
    return (inset - 0.01, inset + 0.01) if shape.style == "square" else (flat, 2 * inset - flat)


def _step(value: Plane, start: float, end: float) -> Plane:
    """0 before `start`, 1 behind `end`, a cubic between them."""
    t = np.clip((value - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
