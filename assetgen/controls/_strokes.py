"""Patterns painted stroke by stroke over a surface: blades, straw, leaves, dots, flowers, and tracks of a circuit."""

import itertools
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.controls._noise import Values, ramp_between
from assetgen.controls._patterns import Count, Pattern, Relief
from assetgen.controls._periodic import Torus

_FINE = 4
"""Bits of the fractions of coordinates."""
_STEPS = 5
"""Points along one side of a stroke."""
_Share = Annotated[float, Field(gt=0, le=1)]
"""A length, in parts of the shorter side."""
_Amount = Annotated[int, Field(ge=1, le=6000)]


class _Canvas:
    """Tones and heights in 8 bits, and what is covered; shapes that cross a border go on at the opposite one."""

    def __init__(self, plane: Torus) -> None:
        width, height = plane.size
        self._layers = [np.zeros((height, width), np.uint8) for _ in range(3)]
        self._size, self._unit = plane.size, plane.unit

    def shape(self, points: Values, tone: float, height: float) -> None:
        """Fill a polygon, its points in units of the shorter side."""
        import cv2

        def fill(layer: NDArray[np.uint8], at: NDArray[np.int32], value: int) -> None:
            cv2.fillPoly(layer, [at], value, cv2.LINE_8, _FINE)

        self._each(points, tone, height, fill)

    def disc(self, middle: Values, radius: float, tone: float, height: float) -> None:
        """Fill a circle."""
        import cv2

        reach = max(1, round(radius * self._unit * 2**_FINE))

        def fill(layer: NDArray[np.uint8], at: NDArray[np.int32], value: int) -> None:
            cv2.circle(layer, tuple(at[0].tolist()), reach, value, -1, cv2.LINE_8, _FINE)

        self._each(middle[None], tone, height, fill, radius)

    def _each(
        self,
        points: Values,
        tone: float,
        height: float,
        fill: Callable[[NDArray[np.uint8], NDArray[np.int32], int], None],
        around: float = 0.0,
    ) -> None:
        values = [round(255 * min(max(each, 0), 1)) for each in (tone, height, 1)]
        low, high = (points.min(0) - around) * self._unit, (points.max(0) + around) * self._unit
        shifts = [
            [move * side for move in (-1, 0, 1) if high[axis] + move * side > -1 and low[axis] + move * side < side + 1]
            for axis, side in enumerate(self._size)
        ]
        for right in shifts[0]:
            for down in shifts[1]:
                at = np.rint((points * self._unit + (right, down)) * 2**_FINE).astype(np.int32)
                for layer, value in zip(self._layers, values, strict=True):
                    fill(layer, at, value)

    def relief(self) -> Relief:
        """What was painted."""
        tone, height, cover = (np.asarray(layer / np.float32(255), np.float32) for layer in self._layers)
        return Relief(tone, height, cover=cover)


class Stroked(Pattern):
    """Many strokes, the dark ones first: grass, straw, fur, leaves.

    They point in the direction `turn` (0 is up, in degrees), give or take `spread`, and bow by `bend`. `clumps` are
    areas of other tones. `least` and `most` limit tones. `ribbed` has a dark and a light half.
    """

    draw: Literal["stroked"]
    count: _Amount = 900
    length: _Share = 0.12
    width: _Share = 0.02
    form: Literal["blade", "leaf", "straw"] = "blade"
    turn: float = 0.0
    spread: float = 25.0
    bend: float = 0.2
    clumps: float = 0.3
    least: float = 0.0
    most: float = 1.0
    ribbed: bool = False

    def relief(self, plane: Torus) -> Relief:
        """The strokes, which cover what is below them."""
        rng, canvas = plane.rng, _Canvas(plane)
        places = rng.random((self.count, 2)) * plane.span
        field = plane.noise(3, 2)
        columns, rows = (
            np.minimum((places * plane.unit).astype(int)[:, axis], plane.size[axis] - 1) for axis in (0, 1)
        )
        clump = field[rows, columns] - 0.5
        angles = np.deg2rad(self.turn + self.spread * rng.uniform(-1, 1, self.count))
        sizes, bends = rng.uniform(0.7, 1.3, self.count), self.bend * rng.uniform(-1, 1, self.count)
        chances = rng.normal(0, 0.1, self.count)
        for number in range(self.count):
            age = number / self.count
            tone = 0.15 + 0.75 * age + chances[number] + 2 * self.clumps * clump[number]
            tone = self.least + (self.most - self.least) * min(max(float(tone), 0), 1)
            halves = self._outline(places[number], float(angles[number]), float(sizes[number]), float(bends[number]))
            height = 0.3 + 0.6 * age
            canvas.shape(np.concatenate([halves[0], halves[1][::-1]]), tone, height)
            if self.ribbed:
                canvas.shape(np.concatenate([halves[2], halves[1][::-1]]), tone - 0.22, height - 0.06)
        return canvas.relief()

    def _outline(self, place: Values, angle: float, size: float, bend: float) -> tuple[Values, Values, Values]:
        """The left side, the right side and the middle of a stroke."""
        share = np.linspace(0, 1, _STEPS)[:, None]
        ahead, aside = np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])
        length = self.length * size
        middle = place + ahead * (share - 0.5) * length + aside * (bend * length * 4 * (share - 0.5) ** 2)
        form = {"blade": 1 - share**2, "leaf": 4 * share * (1 - share) * (1.25 - 0.5 * share), "straw": 1 + 0 * share}
        half = aside * (self.width / 2 * form[self.form])
        return middle - half, middle + half, middle


class Dotted(Pattern):
    """Scattered spots: stars, speckles, pebbles, flowers, chips of stone. `near` keeps them in clumps."""

    draw: Literal["dotted"]
    count: _Amount = 60
    least: _Share = 0.01
    most: _Share = 0.03
    form: Literal["disc", "flower", "chip", "star", "bubble", "coin"] = "disc"
    tones: tuple[float, ...] = (0.2, 0.5, 0.8, 1.0)

    def relief(self, plane: Torus) -> Relief:
        """Spots of a few tones, the large ones first, which do not lie on each other where there is room."""
        rng, canvas = plane.rng, _Canvas(plane)
        sizes = np.sort(self.least + (self.most - self.least) * rng.random(self.count) ** 2)[::-1]
        placed = np.zeros((0, 3))
        for number in range(self.count):
            tone, size = self.tones[number % len(self.tones)], float(sizes[number])
            tries = rng.random((6, 2)) * plane.span
            away = np.abs(tries[:, None] - placed[None, :, :2])
            away = np.minimum(away, np.array(plane.span) - away)
            room = np.min(np.hypot(away[..., 0], away[..., 1]) - placed[None, :, 2], axis=1, initial=9.0)
            place = tries[int(np.argmax(np.minimum(room, 2.2 * size)))]
            placed = np.concatenate([placed, [[*place, size]]])
            self._spot(canvas, place, size, tone, rng)
        return canvas.relief()

    def _spot(self, canvas: _Canvas, place: Values, size: float, tone: float, rng: np.random.Generator) -> None:
        turn = float(rng.random()) * 2 * np.pi
        if self.form == "disc":
            for share, high in ((1, 0.4), (0.8, 0.7), (0.5, 0.9)):
                canvas.disc(place, size * share, tone + 0.1 * (high - 0.6), high)
        elif self.form == "coin":
            for share, shade, high in ((1.06, -0.5, 0.2), (1, 0.12, 0.75), (0.78, -0.2, 0.5), (0.68, 0.05, 0.6)):
                canvas.disc(place, size * share, tone + shade, high)
            canvas.disc(place - 0.2 * size, 0.2 * size, tone + 0.35, 0.65)
        elif self.form == "bubble":
            canvas.disc(place, size, tone - 0.3, 0.5)
            canvas.disc(place, 0.8 * size, tone, 0.6)
            canvas.disc(place - 0.35 * size, 0.28 * size, 1, 0.7)
        elif self.form == "flower":
            for angle in turn + np.arange(5) * 2 * np.pi / 5:
                canvas.disc(place + 0.62 * size * np.array([np.cos(angle), np.sin(angle)]), 0.45 * size, tone, 0.8)
            canvas.disc(place, 0.36 * size, 1.0, 1.0)
        else:
            count = 8 if self.form == "star" else 5
            angles = turn * (self.form == "chip") + np.arange(count) * 2 * np.pi / count
            reach = np.where(np.arange(count) % 2, 0.28, 1.0) if self.form == "star" else rng.uniform(0.6, 1.1, count)
            around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None]
            canvas.shape(place + size * around, tone, 0.6)


class Tracked(Pattern):
    """Tracks of a circuit board, with round pads and dark chips."""

    draw: Literal["tracked"]
    across: Count = 20
    tracks: _Amount = 34
    chips: Annotated[int, Field(ge=0, le=40)] = 5

    def relief(self, plane: Torus) -> Relief:
        """Tracks that run straight and turn by half a right angle."""
        rng, canvas = plane.rng, _Canvas(plane)
        counts = plane.counts(self.across)
        step = np.array(plane.span) / counts
        ways = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)])
        used = np.zeros(counts[::-1], bool)
        for _ in range(self.tracks):
            at, way = rng.integers(0, counts), 2 * int(rng.integers(4))
            path = [at]
            for move in range(int(rng.integers(6, 16))):
                way = (way + int(rng.integers(-1, 2)) * (move % 3 == 2)) % 8
                then = path[-1] + ways[way]
                if used[then[1] % counts[1], then[0] % counts[0]]:
                    break
                used[then[1] % counts[1], then[0] % counts[0]] = True
                path.append(then)
            places = (np.array(path) + 0.5) * step
            for start, end in itertools.pairwise(places):
                canvas.shape(_line(start, end, 0.2 * float(step.min())), 0.75, 0.4)
            for end in (places[0], places[-1]) if len(path) > 2 else ():
                canvas.disc(end, 0.36 * float(step.min()), 0.95, 0.5)
                canvas.disc(end, 0.15 * float(step.min()), 0.1, 0.1)
        for _ in range(self.chips):
            corner = (rng.integers(0, counts) + 0.1) * step
            wide = (rng.integers(2, 5, 2) + 0.8) * step
            box = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
            canvas.shape(corner + box * wide, 0.0, 1.0)
            canvas.shape(corner + 0.12 * step + box * (wide - 0.24 * step), 0.12, 1.0)
        return canvas.relief()


def _line(start: Values, end: Values, half: float) -> Values:
    along = end - start
    aside = np.array([-along[1], along[0]]) * (half / max(float(np.hypot(*along)), 1e-6))
    return np.array([start - aside, end - aside, end + aside, start + aside])


class Patched(Pattern):
    """Areas with a ragged border: moss, rust, snow, dirt. `share` is how much they cover; with `lies` above 0 they lie
    on what is high, below 0 in what is low."""

    draw: Literal["patched"]
    share: Annotated[float, Field(ge=0, le=1)] = 0.4
    lies: float = 0.0
    cells: Count = 3
    fine: Count = 14
    soft: float = 0.12

    def relief(self, plane: Torus) -> Relief:
        """A fluffy ground; its cover is the noise that `covered` cuts off."""
        fluff = plane.noise(self.fine, 3, 0.6)
        field = plane.noise(self.cells, 4, 0.55)
        return Relief(np.asarray(0.5 + 1.1 * (fluff - 0.5), np.float32), fluff, cover=field)

    def covered(self, field: Values, height: Values) -> Values:
        """Where it lies on a surface of this height."""
        level = field + np.float32(self.lies) * (np.clip(height, 0, 1) - 0.5)
        limit = float(np.quantile(level[::3, ::3], 1 - self.share))
        return ramp_between(limit - self.soft / 2, limit + self.soft / 2, level)
