"""A plane that repeats in both directions: noise, cells, blur and light that join at its borders."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from assetgen.controls._noise import Values, mixed

_DEPTH = 0.05
"""Of the shorter side: how high a height of 1 is."""
_FAR = 2
"""Cells around a place whose borders may be its nearest."""


class Torus:
    """A picture's places, in units of its shorter side, and the random numbers of one layer."""

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        self.size, self.unit = size, min(size)
        self.span = size[0] / self.unit, size[1] / self.unit
        columns, rows = ((np.arange(side, dtype=np.float32) + np.float32(0.5)) / self.unit for side in size)
        self.x, self.y = (np.ascontiguousarray(each) for each in np.broadcast_arrays(columns, rows[:, None]))
        self.rng = np.random.default_rng(seed)

    def counts(self, across: float, stretch: tuple[float, float] = (1, 1), even: bool = False) -> tuple[int, int]:
        """How many cells lie along x and y, with `across` along the shorter side."""
        step = 2 if even else 1
        columns, rows = (
            max(step, step * round(across * by * side / step)) for by, side in zip(stretch, self.span, strict=True)
        )
        return columns, rows

    def noise(
        self,
        cells: float,
        octaves: int = 4,
        gain: float = 0.5,
        stretch: tuple[float, float] = (1, 1),
        at: tuple[Values, Values] | None = None,
    ) -> Values:
        """Fractal gradient noise in 0..1 (K. Perlin), with `cells` along the shorter side in its first octave."""
        x, y = at or (self.x, self.y)
        total, weight, most = np.zeros(x.shape, np.float32), 1.0, 0.0
        for octave in range(octaves):
            columns, rows = self.counts(cells * 2**octave, stretch)
            slopes = self.rng.uniform(-1, 1, (2, rows, columns)).astype(np.float32)
            total += np.float32(weight) * _gradients(slopes, x * (columns / self.span[0]), y * (rows / self.span[1]))
            most, weight = most + weight, weight * gain
        return np.asarray(np.clip(0.5 + total * np.float32(1.25 / most**0.7), 0, 1), np.float32)

    def warped(self, amount: float, cells: float = 4, octaves: int = 3) -> tuple[Values, Values]:
        """Places moved by noise, as far as `amount` of the shorter side."""
        if not amount:
            return self.x, self.y
        across, down = (np.float32(2 * amount) * (self.noise(cells, octaves) - 0.5) for _ in range(2))
        return self.x + across, self.y + down

    def blurred(self, values: Values, share: float) -> Values:
        """Values blurred over a share of the shorter side."""
        import cv2

        sigma = max(0.5, share * self.unit)
        margin = min(int(3 * sigma) + 1, *self.size)
        padded = cv2.copyMakeBorder(values, margin, margin, margin, margin, cv2.BORDER_WRAP)
        soft = cv2.GaussianBlur(padded, (0, 0), sigma)
        return np.asarray(soft[margin:-margin, margin:-margin], np.float32)

    def lit(self, height: Values) -> Values:
        """How much of the light from the top left each place has, -1..1; 0 where it is flat."""
        rise = sum(np.roll(height, -1, axis) - np.roll(height, 1, axis) for axis in (0, 1))
        slope = np.asarray(rise, np.float32) * np.float32(self.unit * _DEPTH * 0.4)
        return np.asarray(slope / (1 + np.abs(slope)), np.float32)


def _gradients(slopes: Values, x: Values, y: Values) -> Values:
    rows, columns = slopes.shape[1:]
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    u, v = (x - left).astype(np.float32), (y - top).astype(np.float32)
    across, down = (share**3 * (share * (share * 6 - 15) + 10) for share in (u, v))

    def corner(right: int, below: int) -> Values:
        row, column = (top + below) % rows, (left + right) % columns
        return np.asarray(slopes[0, row, column] * (u - right) + slopes[1, row, column] * (v - below))

    above = mixed(corner(0, 0), corner(1, 0), across)
    return mixed(above, mixed(corner(0, 1), corner(1, 1), across), down)


@dataclass(frozen=True)
class Pieces:
    """The pieces that a plane is divided into."""

    edge: Values
    """Distance to the border of the own piece, in cells."""
    number: Values
    """A random number of each piece, 0..1."""
    near: Values
    """Distance to the middle of the own piece, in cells."""
    at: tuple[Values, Values]
    """Places in the whole plane, moved by another distance in each piece."""


class Lattice(BaseModel):
    """A grid of scattered points, each the middle of a cell: `across` lie along the shorter side.

    `jitter` is how far they stray, `uneven` how much cells differ in size, `sharp` how pointed their corners are.
    `staggered` without `jitter` makes hexagons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    across: Annotated[float, Field(ge=1, le=64)] = 6
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.8
    stretch: tuple[float, float] = (1, 1)
    uneven: float = 0.0
    sharp: float = 14.0
    warp: float = 0.0
    staggered: bool = False


def cell_pieces(plane: Torus, lattice: Lattice) -> Pieces:
    """Cells around the points of a lattice (S. Worley), with their distances to the next cell."""
    across, stretch, staggered = lattice.across, lattice.stretch, lattice.staggered
    down = 1.1547 if staggered else 1.0
    columns, rows = plane.counts(across, (stretch[0], stretch[1] * down), even=staggered)
    if staggered:
        columns = plane.counts(across, stretch)[0]
    places = 0.5 + lattice.jitter * (plane.rng.random((3, rows, columns), np.float32) - 0.5)
    numbers = plane.rng.random((rows, columns), np.float32)
    x, y = plane.warped(lattice.warp)
    x, y = x * np.float32(columns / plane.span[0]), y * np.float32(rows / plane.span[1])
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    tall = np.float32(plane.span[1] / rows * columns / plane.span[0] if staggered else 1)

    def point(right: int, below: int) -> tuple[Values, Values, Values, Values]:
        row, column = (top + below) % rows, (left + right) % columns
        shift = np.float32(0.5) * (row % 2) if staggered else 0
        to_x = left + right + places[0, row, column] + shift - x
        to_y = (top + below + places[1, row, column] - y) * tall
        weight = np.float32(lattice.uneven) * (places[2, row, column] - np.float32(0.5))
        return to_x.astype(np.float32), to_y.astype(np.float32), weight, numbers[row, column]

    around = [(right, below) for below in range(-_FAR, _FAR + 1) for right in range(-_FAR, _FAR + 1)]
    own = [np.full(x.shape, np.inf, np.float32), *(np.zeros(x.shape, np.float32) for _ in range(4))]
    for each in around:
        to_x, to_y, weight, number = point(*each)
        distance = to_x * to_x + to_y * to_y - weight
        nearer = distance < own[0]
        own = [np.where(nearer, new, old) for new, old in zip((distance, to_x, to_y, weight, number), own, strict=True)]
    total = np.zeros(x.shape, np.float32)
    for each in around:
        to_x, to_y, weight, _ = point(*each)
        off_x, off_y = to_x - own[1], to_y - own[2]
        length = np.sqrt(off_x * off_x + off_y * off_y)
        other = length > 1e-3
        length = np.where(other, length, 1)
        border = (length * length + own[3] - weight) / (2 * length) + (own[1] * off_x + own[2] * off_y) / length
        total += np.where(other, np.exp(-np.float32(lattice.sharp) * np.maximum(border, 0)), 0)
    edge = -np.log(np.maximum(total, np.float32(1e-9))) / np.float32(lattice.sharp)
    near = np.sqrt(own[1] ** 2 + own[2] ** 2)
    return Pieces(np.maximum(edge, 0), own[4], near, moved(plane, own[4]))


def moved(plane: Torus, number: Values) -> tuple[Values, Values]:
    """The plane's places, moved by another distance for each random number."""
    return plane.x + np.float32(7.31) * number, plane.y + np.float32(13.7) * number
