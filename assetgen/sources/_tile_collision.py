"""Solid areas of tiles as polygons."""

import numpy as np
from numpy.typing import NDArray

from assetgen.pixels.tilesets import Polygon
from assetgen.sources._tile_masks import Bits

_SCALE = 4
"""The outline runs through the centres of samples: with this many per pixel it is at most 1/8 pixel beside the edge."""
_TOLERANCE = 0.75
"""Pixels by which a polygon may differ from the outline."""


def polygons_of(mask: Bits) -> tuple[Polygon, ...]:
    """Polygons around the true pixels of a tile. An area with a hole becomes two, on both sides of the middle."""
    contours = _contours(mask)
    if contours is None:
        middle = mask.shape[1] // 2
        left, right = mask.copy(), mask.copy()
        left[:, middle:], right[:, :middle] = False, False
        contours = [*(_contours(left) or []), *(_contours(right) or [])]
    return tuple(tuple((float(x), float(y)) for x, y in points) for points in contours if len(points) > 2)


def _contours(mask: Bits) -> list[NDArray[np.float64]] | None:
    """The outlines in pixels, rounded to halves; None where there is a hole."""
    import cv2

    large = np.kron(mask, np.ones((_SCALE, _SCALE), np.uint8)).astype(np.uint8)
    contours, hierarchy = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if hierarchy is not None and (hierarchy[0, :, 3] >= 0).any():
        return None
    simple = (cv2.approxPolyDP(each, _TOLERANCE * _SCALE, True)[:, 0] for each in contours)
    limit = np.array(mask.shape[::-1])
    found = []
    for points in simple:
        pixels = np.where(points == limit * _SCALE - 1, points + 1, points) / _SCALE
        found.append(np.clip(np.rint(pixels * 2) / 2, 0, limit))
    return found
