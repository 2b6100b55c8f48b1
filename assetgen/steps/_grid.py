"""The pixel grid of a picture that was enlarged, or that only looks like pixel art."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.color import oklab_from_srgb
from assetgen.images import Array, split_alpha, to_float

SMALLEST_CELL = 2.0
FEWEST_CELLS = 8
CLEAR = 0.35
"""How much more of the colour steps than chance puts there (0) must lie on the lines of a grid; 1: all of them."""
NEARLY_BEST = 0.85  # of two grids that explain the steps about as well the coarser one is it: halves of cells do too
PHASE_STEP = 0.5

Profile = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Cells `cell` pixels wide and high, whose lines lie at `left` and `top` plus whole cells."""

    cell: float
    left: float
    top: float


def find_grid(color: Array) -> Grid | None:
    """The grid on whose lines the colours change; None where there is none."""
    rgb, alpha = (to_float(channel) for channel in split_alpha(color))
    seen = np.concatenate([oklab_from_srgb(rgb), alpha], axis=2)
    across, down = _steps(seen), _steps(seen.transpose(1, 0, 2))
    if not (across.any() or down.any()):
        return None
    scored = [(cell, _best(across, cell), _best(down, cell)) for cell in sorted(_cells(seen.shape[1], seen.shape[0]))]
    totals = [(x[0] + y[0]) / 2 for _, x, y in scored]
    if max(totals) < CLEAR:
        return None
    at = max(index for index, total in enumerate(totals) if total >= NEARLY_BEST * max(totals))
    at = max(
        (index for index in range(len(scored)) if abs(scored[index][0] - scored[at][0]) <= 0.5), key=totals.__getitem__
    )
    cell, (_, left), (_, top) = scored[at]
    return Grid(cell, left, top)


def _cells(width: int, height: int) -> set[float]:
    """Sizes worth trying: whole pixels, and those that divide the width evenly."""
    largest = min(width, height) / FEWEST_CELLS
    whole = {float(cell) for cell in range(int(SMALLEST_CELL), int(largest) + 1)}
    even = {width / count for count in range(FEWEST_CELLS, int(width / SMALLEST_CELL) + 1)}
    return whole | {cell for cell in even if cell <= largest}


def _steps(seen: NDArray[np.float32]) -> Profile:
    """How much changes between column x - 1 and x, kept where it is a peak: blur spreads a step over its neighbours."""
    change = np.abs(np.diff(seen, axis=1)).sum(axis=2)
    sides = np.pad(change, ((0, 0), (1, 1)))
    peak = (change >= sides[:, :-2]) & (change >= sides[:, 2:])
    return np.concatenate([[0.0], np.where(peak, change, 0).sum(axis=0, dtype=np.float64)])


def _best(steps: Profile, cell: float) -> tuple[float, float]:
    """How well lines `cell` apart meet the steps, and the first line's place."""
    total = steps.sum() or 1.0
    chance = 1 / cell
    return max(
        ((steps[lines].sum() / total - chance) / (1 - chance), phase) for phase, lines in _lines(len(steps), cell)
    )


def _lines(length: int, cell: float) -> Iterator[tuple[float, NDArray[np.intp]]]:
    for phase in np.arange(0, cell, PHASE_STEP if cell % 1 else 1):
        lines = np.rint(np.arange(phase, length, cell)).astype(np.intp)
        yield float(phase), np.unique(lines[lines < length])
