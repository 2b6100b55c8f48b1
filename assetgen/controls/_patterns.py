"""Patterns of surfaces without strokes: noise, cells, veins, waves, threads, and what lies in rows.

A pattern gives each place a tone, from the darkest colour of its layer at 0 to the lightest at 1, and a height.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from assetgen.controls._noise import Values, ramp_between
from assetgen.controls._periodic import Lattice, Pieces, Torus, cell_pieces, moved

Count = Annotated[float, Field(ge=1, le=64)]
"""How many lie along the shorter side."""
_EDGE = 0.02
"""Of a piece: how soft its outline is."""


@dataclass(frozen=True)
class Relief:
    """A drawn pattern: tones and heights in about 0..1."""

    tone: Values
    height: Values
    joint: Values | None = None
    """Where it shows what is between the pieces, 0..1."""
    depth: Values | None = None
    """The tone there: 1 in the middle of a joint."""
    cover: Values | None = None
    """Where it covers the layers below, 0..1; everywhere without it."""


class Pattern(BaseModel):
    """What all patterns have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def relief(self, plane: Torus) -> Relief:
        """The pattern on a plane."""
        raise NotImplementedError


class Cloudy(Pattern):
    """Soft noise: dirt, sand, snow, concrete. `ridged` has creases, `speck` grains, `steps` flat tones."""

    draw: Literal["cloudy"]
    cells: Count = 4
    octaves: Annotated[int, Field(ge=1, le=7)] = 5
    gain: float = 0.5
    stretch: tuple[float, float] = (1, 1)
    warp: float = 0.0
    contrast: float = 1.2
    ridged: bool = False
    speck: float = 0.0
    steps: Annotated[int, Field(ge=0, le=8)] = 0

    def relief(self, plane: Torus) -> Relief:
        """Noise as tone and height."""
        value = plane.noise(self.cells, self.octaves, self.gain, self.stretch, plane.warped(self.warp))
        if self.ridged:
            value = 1 - np.abs(2 * value - 1) * np.float32(1.6)
        grains = np.float32(self.speck) * (plane.noise(40, 2, 0.7) - 0.5) if self.speck else np.float32(0)
        tone = 0.5 + np.float32(self.contrast) * (value - 0.5) + grains
        if self.steps:
            shares = np.clip(tone, 0, 0.999) * self.steps
            whole = np.floor(shares)
            tone = (whole + ramp_between(0.82, 1, shares - whole)) / max(1, self.steps - 1)
        return Relief(np.asarray(tone, np.float32), np.asarray(value + grains, np.float32))


class Veined(Pattern):
    """Thin dark veins through a cloudy ground: marble."""

    draw: Literal["veined"]
    cells: Count = 2
    warp: float = 0.16
    thin: float = 9.0
    clouds: float = 0.5

    def relief(self, plane: Torus) -> Relief:
        """Veins where noise crosses its middle, broad ones and fine ones; the surface is polished flat."""
        at = plane.warped(self.warp)
        tone = 0.62 + np.float32(self.clouds) * (plane.noise(self.cells * 1.5, 4, at=at) - 0.5)
        for scale, depth in ((1, 0.75), (2.5, 0.3)):
            middle = np.abs(plane.noise(self.cells * scale, 3, 0.45, at=at) - 0.5) * np.float32(self.thin)
            strong = ramp_between(0.25, 0.6, plane.noise(self.cells * 1.5, 2))
            tone = tone - np.float32(depth) * strong / (1 + 6 * middle * middle)
        return Relief(np.asarray(tone, np.float32), np.zeros_like(tone))


class Waved(Pattern):
    """Crests side by side: dunes, ripples, corrugated metal, stripes. `slope` tilts them, `steep` makes one side short,
    `broken` ends them here and there."""

    draw: Literal["waved"]
    rows: Count = 8
    slope: Annotated[int, Field(ge=-8, le=8)] = 0
    warp: float = 0.05
    cells: Count = 3
    steep: Annotated[float, Field(ge=0.5, le=0.95)] = 0.7
    broken: float = 0.0
    hard: bool = False
    upright: bool = False
    grit: float = 0.15

    def relief(self, plane: Torus) -> Relief:
        """Crests across the plane, or along it where `upright`."""
        x, y = plane.warped(self.warp, self.cells)
        columns, rows = plane.counts(self.rows)
        phase = (
            x * (columns / plane.span[0]) + self.slope * y / plane.span[1]
            if self.upright
            else y * (rows / plane.span[1]) + self.slope * x / plane.span[0]
        )
        share = (phase - np.floor(phase)).astype(np.float32)
        if self.hard:
            tone = ramp_between(0.47, 0.53, share) * (1 - ramp_between(0.97, 1.0, share))
            return Relief(tone, 0.1 * tone)
        rise = np.where(share < self.steep, share / self.steep, (1 - share) / (1 - self.steep))
        height = rise * rise * (3 - 2 * rise)
        if self.broken:
            height *= 1 - np.float32(self.broken) * ramp_between(0.4, 0.65, plane.noise(self.cells * 1.5, 2))
        tone = 0.15 + 0.7 * height + np.float32(self.grit) * (plane.noise(10, 4, 0.6) - 0.5)
        return Relief(np.asarray(tone, np.float32), np.asarray(height, np.float32))


class Webbed(Pattern):
    """A net of light over deep water."""

    draw: Literal["webbed"]
    across: Count = 5
    warp: float = 0.05
    thin: float = 9.0
    strength: float = 0.6

    def relief(self, plane: Torus) -> Relief:
        """Light along the borders of two layers of cells, stronger in some places."""
        total = 0.35 + 0.5 * (plane.noise(2.5, 3) - 0.5)
        for scale, share in ((1.0, 1.0), (1.7, 0.45)):
            lattice = Lattice(across=self.across * scale, jitter=0.9, warp=self.warp, sharp=18)
            edge = cell_pieces(plane, lattice).edge
            strong = 0.35 + 0.9 * ramp_between(0.35, 0.7, plane.noise(3, 2))
            total = total + np.float32(self.strength * share) * strong / (1 + (np.float32(self.thin) * edge) ** 2)
        return Relief(np.asarray(total, np.float32), np.asarray(0.3 * total, np.float32))


class Woven(Pattern):
    """Threads over and under others. `twill` moves each row, `plaid` has broad bands, `loose` leaves holes."""

    draw: Literal["woven"]
    across: Count = 12
    twill: bool = False
    plaid: float = 0.0
    loose: float = 0.0
    fuzz: float = 0.2
    slope: float = 0.0

    def relief(self, plane: Torus) -> Relief:
        """Round threads that rise where they lie above."""
        columns, rows = plane.counts(self.across, even=True)
        if self.twill:
            columns, rows = (4 * max(1, round(each / 4)) for each in (columns, rows))
        x, y = plane.warped(0.004, 8, 1)
        x, y = x * np.float32(columns / plane.span[0]), y * np.float32(rows / plane.span[1])
        column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        across, along = 2 * (x - column) - 1, 2 * (y - row) - 1
        above = (column + row) % 4 < 2 if self.twill else (column + row) % 2 == 0
        wide = np.float32(1 - self.loose)
        round_x, round_y = (np.clip(1 - (each / wide) ** 2, 0, 1) for each in (across, along))
        bow_x, bow_y = 0.45 + 0.55 * (1 - along**2), 0.45 + 0.55 * (1 - across**2)
        upright, level = np.sqrt(round_x) * bow_x, np.sqrt(round_y) * bow_y
        first, second = np.where(above, upright, level), np.where(above, level, upright)
        height = np.where(first > 0.02, first, 0.35 * second)
        shades = [plane.rng.random(count, np.float32) - 0.5 for count in (columns, rows)]
        if self.plaid:
            shades = [
                np.float32(self.plaid) * (2.5 * _bands(count) - 1) + 0.15 * each
                for count, each in zip((columns, rows), shades, strict=True)
            ]
        else:
            shades = [0.25 * each for each in shades]
        upper = np.where(above == (first > 0.02), shades[0][column % columns], shades[1][row % rows])
        tone = 0.1 + 0.6 * height + upper + np.float32(self.fuzz) * (plane.noise(24, 3, 0.7) - 0.5)
        joint = 1 - ramp_between(0.0, 0.15, height) if self.loose else None
        return Relief(np.asarray(tone, np.float32), np.asarray(height, np.float32), joint)


def _bands(count: int) -> Values:
    """Broad and narrow bands of a tartan."""
    place = np.arange(count) * 24 // count
    return np.isin(place, (2, 3, 4, 5, 9, 10, 11, 12, 15, 20)).astype(np.float32)


class Treads(Pattern):
    """Raised lozenges, each turned against its neighbours: tread plate."""

    draw: Literal["treads"]
    across: Count = 8

    def relief(self, plane: Torus) -> Relief:
        """Long domes on both diagonals."""
        columns, rows = plane.counts(self.across, even=True)
        x, y = plane.x * np.float32(columns / plane.span[0]), plane.y * np.float32(rows / plane.span[1])
        column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        right, down = x - column - 0.5, y - row - 0.5
        turned = np.where((column + row) % 2 == 0, 1, -1)
        long, short = (right + turned * down) * np.float32(0.7071), (right - turned * down) * np.float32(0.7071)
        height = np.clip(1 - (long / 0.46) ** 2 - (short / 0.17) ** 2, 0, 1)
        height = np.sqrt(height)
        tone = 0.38 + 0.3 * height + 0.3 * (plane.noise(4, 5, 0.6) - 0.5)
        return Relief(np.asarray(tone, np.float32), np.asarray(0.8 * height, np.float32))


class Laid(Pattern):
    """What patterns of separate pieces have, in parts of a piece: the width of the joints (`gap`), how far the edges
    slope (`bevel`), and how much tones differ between pieces (`vary`), within one (`grit`) and from its edge to its
    middle (`dome`). `rough` is the height of bumps, `grain` of wood; `rivets` are the size of nails in corners."""

    gap: float = 0.08
    bevel: float = 0.3
    vary: float = 0.5
    grit: float = 0.3
    dome: float = 0.25
    rough: float = 0.25
    grain: float = 0.0
    facets: bool = False

    def laid(self, plane: Torus, pieces: Pieces, upright: bool = False) -> Relief:
        """The pieces in relief, with joints between them."""
        inside = np.clip((pieces.edge - np.float32(self.gap)) / np.float32(max(self.bevel, 1e-3)), 0, 1)
        shape = inside if self.facets else 1 - (1 - inside) ** 2
        bumps = plane.noise(9, 4, 0.55, at=pieces.at) - 0.5
        tone = 0.5 + np.float32(self.vary) * (pieces.number - 0.5) + np.float32(self.dome) * (shape - 0.7)
        tone = tone + np.float32(self.grit) * 1.4 * bumps
        height = shape * (0.85 + 0.3 * pieces.number) + np.float32(self.rough) * bumps * shape
        if self.grain:
            lines = np.float32(self.grain) * (_grain(plane, pieces.at, upright) - 0.5)
            tone, height = tone + lines, height + 0.3 * lines * shape
        joint = 1 - ramp_between(self.gap - _EDGE, self.gap + _EDGE, pieces.edge) if self.gap else None
        dirt = 0.5 * (plane.noise(12, 3, 0.6) - 0.5)
        depth = 1 - pieces.edge / max(self.gap, 1e-3) + dirt
        tone, height, depth = (np.asarray(each, np.float32) for each in (tone, height, depth))
        return Relief(tone, height, joint, depth)


def _grain(plane: Torus, at: tuple[Values, Values], upright: bool) -> Values:
    """Lines of wood grain with knots, 0..1, along x or along y."""
    slow, fine = ((4.0, 0.7), (10.0, 0.5)) if upright else ((0.7, 4.0), (0.5, 10.0))
    rings = plane.noise(2, 3, 0.4, slow, at) * 7
    saw = np.abs(2 * (rings - np.floor(rings)) - 1)
    return np.asarray(0.55 * saw + 0.45 * plane.noise(4, 3, 0.6, fine, at), np.float32)


class Celled(Laid):
    """Cells: cobblestone, gravel, cracked earth, scales of skin. `rings` draws rings round their middles."""

    draw: Literal["celled"]
    lattice: Lattice = Lattice()
    rings: float = 0.0

    def relief(self, plane: Torus) -> Relief:
        """Cells in relief."""
        pieces = cell_pieces(plane, self.lattice)
        relief = self.laid(plane, pieces)
        if not self.rings:
            return relief
        phase = pieces.near * np.float32(self.rings) + 0.8 * plane.noise(5, 3) + 3 * pieces.number
        saw = np.abs(2 * (phase - np.floor(phase)) - 1).astype(np.float32)
        tone = np.asarray(relief.tone + 0.35 * (saw - 0.5), np.float32)
        return Relief(tone, np.asarray(relief.height + 0.1 * saw, np.float32), relief.joint, relief.depth)


class Grained(Pattern):
    """A board of wood."""

    draw: Literal["grained"]
    upright: bool = False

    def relief(self, plane: Torus) -> Relief:
        """Grain as tone, and a little as height."""
        value = _grain(plane, moved(plane, np.zeros_like(plane.x)), self.upright)
        tone = value + 0.3 * (plane.noise(3, 3) - 0.5)
        return Relief(np.asarray(tone, np.float32), 0.35 * value)
