"""Enlarge pixel art by EPX, which rounds the stairs of diagonal lines and makes no new colour.

Scale2x and Scale3x (Andrea Mazzoleni, https://www.scale2x.it/algorithm); Scale4x is Scale2x twice.
"""

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array
from assetgen.steps._wrap import pad_border

_Places = NDArray[np.int64]
_PASSES = {2: (2,), 3: (3,), 4: (2, 2)}


def epx_places(color: Array, factor: int, tiles: str) -> _Places:
    """Which pixel of an image each pixel of the enlarged one repeats: indices into its rows, one after another.

    Pixels are compared by colour and alpha (`H×W×C`); transparent ones are equal. `factor` is 2, 3 or 4.
    """
    height, width = color.shape[:2]
    flat = np.where(color[..., 3:] > 0, color, 0) if color.shape[2] == 4 else color
    _, labels = np.unique(flat.reshape(-1, color.shape[2]), axis=0, return_inverse=True)
    places = np.arange(height * width).reshape(height, width)
    for step in _PASSES[factor]:
        places = (_twice if step == 2 else _thrice)(labels.reshape(-1)[places], places, tiles)
    return places


def _around(plane: NDArray[np.int64], tiles: str) -> list[NDArray[np.int64]]:
    """The nine neighbours of every pixel, row by row; beyond the border the edge repeats, or the image."""
    height, width = plane.shape
    wide = pad_border(plane, (1, 1), tiles)
    return [wide[y : y + height, x : x + width] for y in range(3) for x in range(3)]


def _twice(labels: NDArray[np.int64], places: _Places, tiles: str) -> _Places:
    b, d, f, h = _around(labels, tiles)[1::2]
    _, left, right, _ = _around(places, tiles)[1::2]
    edge = (b != h) & (d != f)
    cells = [
        np.where(edge & (d == b), left, places),
        np.where(edge & (b == f), right, places),
        np.where(edge & (d == h), left, places),
        np.where(edge & (h == f), right, places),
    ]
    return _interleaved(cells, 2)


def _thrice(labels: NDArray[np.int64], places: _Places, tiles: str) -> _Places:
    a, b, c, d, e, f, g, h, i = _around(labels, tiles)
    up, left, right, down = _around(places, tiles)[1::2]
    edge = (b != h) & (d != f)
    top_left, top_right, low_left, low_right = (edge & each for each in (d == b, b == f, d == h, h == f))
    cells = [
        np.where(top_left, left, places),
        np.where((top_left & (e != c)) | (top_right & (e != a)), up, places),
        np.where(top_right, right, places),
        np.where((top_left & (e != g)) | (low_left & (e != a)), left, places),
        places,
        np.where((top_right & (e != i)) | (low_right & (e != c)), right, places),
        np.where(low_left, left, places),
        np.where((low_left & (e != i)) | (low_right & (e != g)), down, places),
        np.where(low_right, right, places),
    ]
    return _interleaved(cells, 3)


def _interleaved(cells: list[_Places], factor: int) -> _Places:
    height, width = cells[0].shape
    made = np.empty((height * factor, width * factor), np.int64)
    for number, cell in enumerate(cells):
        made[number // factor :: factor, number % factor :: factor] = cell
    return made
