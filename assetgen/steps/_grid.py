"""The grid of enlarged pixel art: the size of its cells and where they begin, measured from its edges.

Where every game pixel covers `cell` pixels, steps of colour stand only at every `cell`-th line, so the strength of the
steps, summed along each line, is a comb. The Fourier transform of a comb is large at 1 / `cell` and its multiples, and
its angle tells where the teeth are. Runs of equal pixels, the usual measure, break under JPEG and blur.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, to_float

CLEAR = 0.45  # share of a perfect comb; enlarged sprites after JPEG reach 0.5 to 1, smooth pictures 0.1 to 0.4
ALMOST = 0.88  # multiples of 1 / cell are as strong as 1 / cell: the largest cell of about the greatest strength is it
FEWEST_CELLS = 8  # along the longer side
FINENESS = 8  # times as many frequencies as pixels
NOISE_FACTOR = 2.5  # steps up to so many medians are noise: most pairs of neighbours lie inside a cell
LEAST_STEP = 0.02
LARGEST_STEP = 0.5  # outlines shall not outshine the rest
LEAST_CLEAR = 0.01  # mean step along a line of the grid; art has 0.05 to 0.8, what noise leaves of a gradient 0.001


@dataclass(frozen=True)
class Grid:
    """Cells of `cell` pixels (not always a whole number) whose first border is at `phase` (x, y), 0 ≤ phase < cell."""

    cell: float
    phase: tuple[float, float]


def find_grid(color: Array, cell: float | None = None) -> Grid | None:
    """The grid of enlarged pixel art, or None where there is none; with `cell`, a grid of that size alone.

    Of 960 planted grids (cells of 2 to 12 pixels, two of ten not whole; clean, JPEG, blur, noise) all are found,
    and none in 100 smooth pictures: `tests/bench/grids.py`. Random art is the easy case.
    """
    if max(color.shape[:2]) < 2 * FEWEST_CELLS:
        return None
    combs = _combs(color)
    total = sum(float(comb.sum()) for comb in combs)
    if total <= 0:
        return None
    if cell is None:
        cell = _likeliest_cell(combs)
    if total < LEAST_CLEAR * color.shape[0] * color.shape[1] / cell:
        return None
    if sum(abs(_wave(comb, cell)) for comb in combs) < CLEAR * total:
        return None
    across, down = (_phase(comb, cell) for comb in combs)
    return Grid(cell, (across, down))


def _combs(color: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How strong the steps into each column and into each row are, summed over the picture, less its noise."""
    pixels = to_float(color)
    if pixels.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]
    combs = []
    for axis in (1, 0):
        steps = np.abs(np.diff(pixels, axis=axis)).sum(axis=2)
        noise = NOISE_FACTOR * np.median(steps) + LEAST_STEP if steps.size else 0
        clear = np.clip(steps - noise, 0, LARGEST_STEP).sum(axis=1 - axis, dtype=np.float64)
        combs.append(np.concatenate([[0.0], clear]))
    return combs[0], combs[1]


def _likeliest_cell(combs: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    longest = max(len(comb) for comb in combs)
    count = FINENESS * longest
    waves = [np.abs(np.fft.rfft(comb, count)) for comb in combs]
    strength = (waves[0] + waves[1])[FINENESS * FEWEST_CELLS :]
    best = int(np.flatnonzero(strength >= ALMOST * strength.max())[0])
    while best + 1 < len(strength) and strength[best + 1] > strength[best]:
        best += 1
    return _whole(count / (best + FINENESS * FEWEST_CELLS), longest)


def _whole(cell: float, length: int) -> float:
    """The whole cell, or else the whole number of cells, that lies within half a cell of the measured grid."""
    if abs(round(cell) - cell) * length / cell < cell / 2:
        return float(round(cell))
    count = round(length / cell)
    return length / count if abs(length - count * cell) < 0.5 else cell


def _wave(comb: NDArray[np.float64], cell: float) -> complex:
    return complex((comb * np.exp(-2j * np.pi * np.arange(len(comb)) / cell)).sum())


def _phase(comb: NDArray[np.float64], cell: float) -> float:
    phase = float(-np.angle(_wave(comb, cell)) / (2 * np.pi) * cell)
    return (round(phase) if cell == round(cell) else phase) % cell
