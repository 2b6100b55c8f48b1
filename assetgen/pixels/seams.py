"""Measure the seam of an image that wraps; used by the check `seam` and the step `seamless`."""

from typing import Literal

import numpy as np

from assetgen.images import Array, FloatArray, ImageSet, to_float

Axis = Literal["x", "y"]
_FLOOR = 2 / 255  # 8-bit rounding of smooth images makes differences of this size
_LEVELS = (1, 4)  # cell sizes in pixels: 1 shows broken detail, 4 a step of tone under noise
_STEEP = 0.97  # quantile of the lines inside that the border is compared with, so that bricks may end there
_LINE_WEIGHT = 1.2  # stricter factor for the plain gradient (a dark rim on one side)
SEAM_LIMIT = 1.35
"""A larger `wrap_ratio` shows as a seam.

Chosen on 850 rolled tiles and 1,500 broken ones (AUC 0.93): 99.8 % of the tiles are below it, as are bricks with a
joint at the border; 63 % of the broken ones are above it. The others show no line, or break a pattern of strong lines
(half a brick at the border), which a gradient cannot distinguish from a joint.
"""


def worst_wrap(images: ImageSet, axes: str) -> tuple[float, str, Axis]:
    """The largest `wrap_ratio` of a set along `axes` ("x", "y" or "xy"), with its channel and axis."""
    names: tuple[Axis, ...] = ("x", "y")
    ratios = [
        (wrap_ratio(array, axis), name, axis)
        for name, array in images.channels.items()
        for axis in names
        if axis in axes
    ]
    return max(ratios)


def wrap_ratio(array: Array, axis: Axis) -> float:
    """Gradient across the border along `axis`, relative to the steep lines inside the image (1: just as steep).

    The smaller of two ratios: second difference against the 97 % quantile of the lines inside, and first difference
    against the steepest line. Returns the larger result of two cell sizes. Transparent colours do not count.
    """
    pixels = to_float(array)
    if pixels.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]
    pixels = pixels if axis == "x" else pixels.swapaxes(0, 1)
    levels = (_cells(pixels, size) for size in _LEVELS)
    return max([_line_ratio(level) for level in levels if level.shape[1] >= 3], default=1.0)


def _cells(pixels: FloatArray, size: int) -> FloatArray:
    """Means over cells of about `size × size` pixels; no cell crosses the border."""
    if size == 1:
        return pixels
    for axis in (0, 1):
        length = pixels.shape[axis]
        edges = np.linspace(0, length, max(1, length // size) + 1).round().astype(int)
        widths = np.diff(edges).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        pixels = (np.add.reduceat(pixels, edges[:-1], axis=axis) / widths).astype(np.float32)
    return pixels


def _line_ratio(pixels: FloatArray) -> float:
    steps = np.roll(pixels, -1, axis=1) - pixels
    first = _strength(steps)
    plain = _LINE_WEIGHT * (first[-1] + _FLOOR) / (first[:-1].max() + _FLOOR)
    if len(first) < 6:
        return float(plain)
    neighbours: FloatArray = np.roll(steps, 1, axis=1) + np.roll(steps, -1, axis=1)
    bends = _strength(steps - neighbours / np.float32(2))
    bent = (bends[-1] + _FLOOR) / (np.quantile(bends[1:-2], _STEEP) + _FLOOR)
    return float(min(plain, bent))


def _strength(steps: FloatArray) -> FloatArray:
    """Root mean square colour distance of each column."""
    strength: FloatArray = np.sqrt(np.square(steps).sum(axis=2).mean(axis=0))
    return strength
