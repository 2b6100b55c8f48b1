"""Detect the grid of enlarged pixel art: the size of its cells and the position of the first.

Where every game pixel covers `cell` pixels, colour changes only at every `cell`-th line, so the strength of the
changes, summed along each line, is a comb. Its Fourier transform peaks at 1 / `cell` and multiples, and the phase gives
the position. Run lengths of equal pixels, the usual measure, fail under JPEG and blur.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, to_float

_CLEAR = 0.45  # of a perfect comb; enlarged sprites after JPEG reach 0.5 to 1, smooth images 0.1 to 0.4
_ALMOST = 0.88  # multiples of 1 / cell are about as strong: take the largest cell above this fraction of the maximum
_FEWEST_CELLS = 8  # along the longer side
_FINENESS = 8  # frequencies per pixel
_NOISE_FACTOR = 2.5  # medians: smaller changes are noise, since most neighbours share a cell
_LEAST_STEP = 0.02
_LARGEST_STEP = 0.5  # limits the weight of outlines
_LEAST_CLEAR = 0.01  # mean change along a grid line; art has 0.05 to 0.8, a gradient with noise 0.001


@dataclass(frozen=True)
class Grid:
    """Cells of `cell` pixels (not always whole) whose first border is at `phase` (x, y), 0 ≤ phase < cell."""

    cell: float
    phase: tuple[float, float]


def find_grid(color: Array, cell: float | None = None) -> Grid | None:
    """The grid of enlarged pixel art, or None. With `cell`, only a grid of that size is accepted.

    Finds all of 960 planted grids (cells of 2 to 12 pixels, two of ten not whole; clean, JPEG, blur, noise) and none in
    100 smooth images: `tests/bench/grids.py`. Random art is the easy case.
    """
    if max(color.shape[:2]) < 2 * _FEWEST_CELLS:
        return None
    combs = _combs(color)
    total = sum(float(comb.sum()) for comb in combs)
    if total <= 0:
        return None
    if cell is None:
        cell = _likeliest_cell(combs)
    if total < _LEAST_CLEAR * color.shape[0] * color.shape[1] / cell:
        return None
    if sum(abs(_wave(comb, cell)) for comb in combs) < _CLEAR * total:
        return None
    across, down = (_phase(comb, cell) for comb in combs)
    return Grid(cell, (across, down))


def _combs(color: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strength of the colour change at each column and each row, without noise."""
    pixels = to_float(color)
    if pixels.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]
    combs = []
    for axis in (1, 0):
        steps = np.abs(np.diff(pixels, axis=axis)).sum(axis=2)
        noise = _NOISE_FACTOR * np.median(steps) + _LEAST_STEP if steps.size else 0
        clear = np.clip(steps - noise, 0, _LARGEST_STEP).sum(axis=1 - axis, dtype=np.float64)
        combs.append(np.concatenate([[0.0], clear]))
    return combs[0], combs[1]


def _likeliest_cell(combs: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    longest = max(len(comb) for comb in combs)
    count = _FINENESS * longest
    waves = [np.abs(np.fft.rfft(comb, count)) for comb in combs]
    strength = (waves[0] + waves[1])[_FINENESS * _FEWEST_CELLS :]
    best = int(np.flatnonzero(strength >= _ALMOST * strength.max())[0])
    while best + 1 < len(strength) and strength[best + 1] > strength[best]:
        best += 1
    return _whole(count / (best + _FINENESS * _FEWEST_CELLS), longest)


def _whole(cell: float, length: int) -> float:
    """Round to a whole cell size, or else to a whole number of cells, if the grid shifts by less than half a cell."""
    if abs(round(cell) - cell) * length / cell < cell / 2:
        return float(round(cell))
    count = round(length / cell)
    return length / count if abs(length - count * cell) < 0.5 else cell


def _wave(comb: NDArray[np.float64], cell: float) -> complex:
    return complex((comb * np.exp(-2j * np.pi * np.arange(len(comb)) / cell)).sum())


def _phase(comb: NDArray[np.float64], cell: float) -> float:
    phase = float(-np.angle(_wave(comb, cell)) / (2 * np.pi) * cell)
    return (round(phase) if cell == round(cell) else phase) % cell
