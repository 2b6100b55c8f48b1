"""Minimum-error cuts (Efros and Freeman, "Image Quilting", 2001), open or closed to a loop."""

import numpy as np
from numpy.typing import NDArray

from assetgen.images import FloatArray


def path_sums(errors: FloatArray) -> FloatArray:
    """Cost of the cheapest cut from top to bottom through each of `N×H×W` error surfaces."""
    return np.asarray(_sums(errors)[:, -1].min(axis=1))


def cheapest_path(error: FloatArray, *, loop: bool) -> NDArray[np.int64]:
    """The column in each row of `error` (`H×W`) of the cut with the least sum; adjacent rows differ by at most one.

    With `loop` the ends meet. The start is found by following the path twice: by the second round it has converged.
    """
    if not loop:
        return _path(error, 0, error.shape[1])
    start = int(_path(np.concatenate([error, error]), 0, error.shape[1])[len(error)])
    pinned = error.copy()
    pinned[0] = np.where(np.arange(error.shape[1]) == start, error[0], np.inf)
    return _path(pinned, max(0, start - 1), min(error.shape[1], start + 2))


def _path(error: FloatArray, first: int, last: int) -> NDArray[np.int64]:
    """The cheapest path that ends in columns `first` to `last` (exclusive)."""
    sums = np.pad(_sums(error[None])[0], ((0, 0), (1, 1)), constant_values=np.inf)
    path = np.empty(len(error), np.int64)
    path[-1] = first + int(sums[-1, 1 + first : 1 + last].argmin())
    for row in range(len(error) - 2, -1, -1):
        path[row] = path[row + 1] - 1 + int(sums[row, path[row + 1] : path[row + 1] + 3].argmin())
    return path


def _sums(errors: FloatArray) -> FloatArray:
    """Least cost to reach each cell of `N×H×W` from the top row."""
    sums = errors.astype(np.float32)
    padded = np.full((len(errors), errors.shape[2] + 2), np.inf, np.float32)
    for row in range(1, errors.shape[1]):
        padded[:, 1:-1] = sums[:, row - 1]
        sums[:, row] += np.minimum(np.minimum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return sums
