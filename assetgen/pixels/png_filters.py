"""The five PNG filters, and the choice of one for an image (W3C PNG, Third Edition, section 9).

A filter predicts each byte from its neighbours; the residuals are stored. Most encoders choose a filter per row by the
least sum of residuals. Here the whole image has one filter, the one with which a sample of rows compresses best. That
takes a tenth of the time; paintings become equally small and pixel art a third smaller, since repeated rows only
compress well with the same filter.
"""

from collections.abc import Callable, Sequence

import numpy as np
from deflate import zlib_compress
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
_SAMPLE_BYTES = 1 << 16  # smaller images are compared as a whole
_BAND_BYTES = 1 << 20
"""Rows processed at once: few enough for the CPU cache, many enough that numpy seldom waits for the GIL."""


def best_filter(rows: Bytes, step: int) -> int:
    """The best filter type for these rows of samples; `step` is the bytes per pixel."""
    every = rows.nbytes // _SAMPLE_BYTES | 1  # odd, since the cells of atlases and tiles are often even
    sample = [plane[::every] for plane in _planes(rows, step)]
    return min(FILTERS, key=lambda kind: len(zlib_compress(_lines(sample, kind), 1)))


def filtered(rows: Bytes, step: int, kind: int) -> Bytes:
    """Encode rows of samples as PNG scan lines with this filter type."""
    return _lines(_planes(rows, step), kind)


def _planes(rows: Bytes, step: int) -> list[Bytes]:
    """The rows, and arrays of the same shape with the left, upper and upper left neighbour of each byte."""
    height, width = rows.shape
    framed = np.zeros((height + 1, width + step), np.uint8)
    framed[1:, step:] = rows
    return [rows, framed[1:, :-step], framed[:-1, step:], framed[:-1, :-step]]


def _lines(planes: Sequence[Bytes], kind: int) -> Bytes:
    rows = planes[0]
    lines = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    lines[:, 0] = kind
    height = max(1, _BAND_BYTES // rows.shape[1])
    for top in range(0, len(rows), height):
        row, left, up, corner = (plane[top : top + height] for plane in planes)
        np.subtract(row, FILTERS[kind](left, up, corner), out=lines[top : top + height, 1:])
    return lines


def _none(left: Bytes, up: Bytes, corner: Bytes) -> Bytes:
    return np.zeros_like(left)


def _left(left: Bytes, up: Bytes, corner: Bytes) -> Bytes:
    return left


def _up(left: Bytes, up: Bytes, corner: Bytes) -> Bytes:
    return up


def _average(left: Bytes, up: Bytes, corner: Bytes) -> Bytes:
    """The mean, rounded down, without leaving 8 bits."""
    return (left & up) + ((left ^ up) >> 1)


def _paeth(left: Bytes, up: Bytes, corner: Bytes) -> Bytes:
    """The neighbour nearest to left + up - corner; ties prefer left, then up.

    Its distance to left is |up - corner|, to up |left - corner|. Its distance to corner is their sum if corner is
    outside [left, up], so that corner is never nearest, and their difference if it is inside.
    """
    to_left, to_up = _apart(up, corner), _apart(left, corner)
    less, more = np.minimum(to_left, to_up), np.maximum(to_left, to_up)
    is_corner = ((left > corner) != (up > corner)) & (more - less < less)
    return _chosen(is_corner, corner, _chosen(to_left <= to_up, left, up))


def _apart(one: Bytes, other: Bytes) -> Bytes:
    return np.maximum(one, other) - np.minimum(one, other)


def _chosen(where: NDArray[np.bool_], this: Bytes, that: Bytes) -> Bytes:
    """`np.where` by bit masks of 0 and 255, which is ten times as fast."""
    return that ^ ((this ^ that) & np.negative(where.view(np.uint8)))


UP = 2
FILTERS: dict[int, Callable[[Bytes, Bytes, Bytes], Bytes]] = {0: _none, 1: _left, UP: _up, 3: _average, 4: _paeth}
"""The prediction of each filter type. `UP` suits most large images."""
