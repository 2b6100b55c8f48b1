"""Patterns of pieces laid in rows: bricks, planks, plates, parquet, and overlapping shingles."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.controls._noise import Values, ramp_between
from assetgen.controls._patterns import Count, Laid, Relief
from assetgen.controls._periodic import Pieces, Torus, moved

_Whole = NDArray[np.signedinteger[Any]]
_NUMBERS = 4096
"""Random numbers of pieces."""


class Coursed(Laid):
    """Rows of pieces: bricks, blocks, tiles, planks.

    `rows` lie along the shorter side, with `per` pieces there; `shift` moves each row by parts of a piece, at random
    where it is above 1. `uneven` are differences in length and height. `upright` turns rows into columns. `checked`
    alternates dark and light.
    """

    draw: Literal["coursed"]
    rows: Count = 6
    per: Annotated[float, Field(ge=1, le=64)] = 3
    shift: float = 0.5
    uneven: float = 0.0
    corner: float = 0.12
    warp: float = 0.0
    upright: bool = False
    checked: bool = False
    rivets: float = 0.0
    inset: float = 0.2

    def relief(self, plane: Torus) -> Relief:
        """Rows of pieces in relief."""
        x, y = plane.warped(self.warp, 7, 2)
        span = plane.span
        if self.upright:
            x, y, span = y, x, (span[1], span[0])
        step = 2 if self.shift == 0.5 or self.checked else 1
        rows = max(step, step * round(self.rows * span[1] / step))
        bounds = _bounds(plane.rng, rows, span[1], self.uneven * 0.7)
        row = np.searchsorted(bounds, y % np.float32(span[1]), side="right") - 1
        row = np.clip(row, 0, rows - 1)
        down = y % np.float32(span[1]) - bounds[row]
        boxes = self._boxes(plane, x, row, rows, span)
        size = span[1] / rows
        right, wide, number = boxes
        tall = bounds[row + 1] - bounds[row]
        sides = [np.minimum(right, wide - right) / size, np.minimum(down, tall - down) / size]
        edge = _rounded(sides[0], sides[1], self.corner)
        value = plane.rng.random(_NUMBERS, np.float32)[number % _NUMBERS]
        if self.checked:
            value = np.asarray((row + number) % 2, np.float32)
        pieces = Pieces(np.asarray(edge, np.float32), value, value, moved(plane, value))
        relief = self.laid(plane, pieces, self.upright)
        return _riveted(relief, sides, self.rivets, self.inset) if self.rivets else relief

    def _boxes(
        self, plane: Torus, x: Values, row: _Whole, rows: int, span: tuple[float, float]
    ) -> tuple[Values, Values, _Whole]:
        """Of each place: how far in its piece it lies, how wide that is, and which it is."""
        right, wide, number = np.zeros_like(x), np.ones_like(x), np.zeros(x.shape, np.int64)
        step = 2 if self.checked else 1
        count = max(step, step * round(self.per * span[0] / step))
        for each in range(rows):
            here = row == each
            bounds = _bounds(plane.rng, count, span[0], self.uneven)
            chance = float(plane.rng.random())
            off = chance if self.shift > 1 else self.shift * (each % 2) if self.shift == 0.5 else self.shift * each
            place = (x[here] - np.float32(off * span[0] / count)) % np.float32(span[0])
            found = np.clip(np.searchsorted(bounds, place, side="right") - 1, 0, count - 1)
            right[here], wide[here] = place - bounds[found], (bounds[found + 1] - bounds[found])
            number[here] = found + each * count if not self.checked else found
        return right, wide, number


def _bounds(rng: np.random.Generator, count: int, span: float, uneven: float) -> Values:
    """Where pieces begin along a side, and its end."""
    lengths = 1 + np.float32(uneven) * (rng.random(count, np.float32) - np.float32(0.5))
    ends = np.cumsum(lengths, dtype=np.float64)
    return np.concatenate([[0.0], ends * (span / ends[-1])]).astype(np.float32)


def _rounded(right: Values, down: Values, corner: float) -> Values:
    """The distance to the border of a box with round corners, from those to its sides."""
    radius = np.float32(max(corner, 1e-3))
    off_x, off_y = np.maximum(radius - right, 0), np.maximum(radius - down, 0)
    inner = np.minimum(np.maximum(right, radius), np.maximum(down, radius))
    near = radius - np.sqrt(off_x * off_x + off_y * off_y)
    return np.where((off_x > 0) | (off_y > 0), np.minimum(near, np.minimum(right, down)), inner)


def _riveted(relief: Relief, sides: Sequence[Values], size: float, inset: float) -> Relief:
    """A relief with round heads near the corners of its pieces."""
    distance = np.sqrt((sides[0] - np.float32(inset)) ** 2 + (sides[1] - np.float32(inset)) ** 2) / np.float32(size)
    head, ring = np.sqrt(np.clip(1 - distance * distance, 0, 1)), np.clip(1.5 - distance, 0, 1) * (distance > 0.9)
    tone = relief.tone + 0.25 * head - 0.6 * ring
    height = relief.height + 0.8 * head - 0.2 * ring
    return Relief(np.asarray(tone, np.float32), np.asarray(height, np.float32), relief.joint, relief.depth)


class Parquet(Laid):
    """Squares of short boards, laid across and along by turns."""

    draw: Literal["parquet"]
    across: Count = 4
    strips: Annotated[int, Field(ge=2, le=6)] = 4

    def relief(self, plane: Torus) -> Relief:
        """Boards in relief."""
        columns, rows = plane.counts(self.across, even=True)
        x, y = plane.x * np.float32(columns / plane.span[0]), plane.y * np.float32(rows / plane.span[1])
        column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        turned = (column + row) % 2 == 0
        long, short = np.where(turned, x - column, y - row), np.where(turned, y - row, x - column)
        strip = np.minimum(np.floor(short * self.strips), self.strips - 1).astype(np.int64)
        side = short * self.strips - strip
        edge = _rounded(np.minimum(long, 1 - long) * self.strips, np.minimum(side, 1 - side), 0.05)
        number = ((row % rows) * columns + column % columns) * self.strips + strip
        value = plane.rng.random(_NUMBERS, np.float32)[number % _NUMBERS]
        level, upright = (
            self.laid(plane, Pieces(np.asarray(edge, np.float32), value, value, moved(plane, value)), each)
            for each in (False, True)
        )
        tone, height = (
            np.where(turned, first, second)
            for first, second in ((level.tone, upright.tone), (level.height, upright.height))
        )
        return Relief(tone, height, level.joint, level.depth)


class Shingled(Laid):
    """Rows that overlap the next row: roof tiles, slates, scales, feathers.

    `form` is the lower end: "round", "pointed" or "square"; `deep` how far it reaches, in rows.
    """

    draw: Literal["shingled"]
    rows: Count = 6
    per: Count = 5
    form: Literal["round", "pointed", "square"] = "round"
    deep: float = 0.5
    arch: float = 0.5
    ragged: float = 0.0

    def relief(self, plane: Torus) -> Relief:
        """Each row rises to its lower end, which casts a shadow on the next."""
        columns, rows = plane.counts(self.per)[0], plane.counts(self.rows, even=True)[1]
        x, y = plane.x * np.float32(columns / plane.span[0]), plane.y * np.float32(rows / plane.span[1])
        row = np.floor(y).astype(np.int64)
        numbers = plane.rng.random((rows, columns), np.float32)
        above, own, below = (self._tile(numbers, x, y, row + off) for off in (-1, 0, 1))
        ahead = own[1] > 0
        number, end, right, along = (np.where(ahead, first, second) for first, second in zip(own, below, strict=True))
        over = -np.where(ahead, above[1], own[1])
        edge = _rounded(np.minimum(end, 9), (0.5 - np.abs(right)) * np.float32(rows / columns), 0.02)
        pieces = Pieces(np.asarray(np.maximum(edge, 0), np.float32), number, number, moved(plane, number))
        relief = self.laid(plane, pieces, upright=True)
        shade = 1 - ramp_between(0.0, 0.4, over)
        tone = relief.tone - 0.5 * shade + 0.25 * (along - 0.3)
        height = relief.height * 0.5 + 0.8 * along + np.float32(self.arch) * (1 - 4 * right * right)
        return Relief(np.asarray(tone, np.float32), np.asarray(height, np.float32), relief.joint, relief.depth)

    def _tile(self, numbers: Values, x: Values, y: Values, row: _Whole) -> tuple[Values, Values, Values, Values]:
        """Of the tile of a row at each place: its number, the distance to its end, and the place on it."""
        place = x + 0.5 * (row % 2)
        column = np.floor(place).astype(np.int64)
        right = (place - column - 0.5).astype(np.float32)
        number = numbers[row % numbers.shape[0], column % numbers.shape[1]]
        bow = np.abs(2 * right)
        curve = {"round": 1 - np.sqrt(np.clip(1 - bow * bow, 0, 1)), "pointed": bow, "square": np.zeros_like(bow)}
        along = (y - row).astype(np.float32)
        end = 1 - np.float32(self.deep) * curve[self.form] - np.float32(self.ragged) * number - along
        return number, np.asarray(end, np.float32), right, along
