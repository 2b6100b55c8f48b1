"""Polygons around what an image shows, so that an engine draws fewer transparent pixels."""

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, split_alpha, to_uint8


def convex_outline(color: Array) -> NDArray[np.int32]:
    """The smallest convex polygon around all pixels that are not transparent: `N×2` corners of pixels, x and y.

    `color` is `H×W×3` or `H×W×4`. An image without visible pixels has its four corners. Coordinates are whole numbers:
    the polygon contains every visible pixel exactly. Triangles `(0, n, n + 1)` cover it.
    """
    import cv2

    seen = to_uint8(split_alpha(color)[1])[..., 0] > 0
    rows = np.flatnonzero(seen.any(axis=1))
    if not rows.size:
        height, width = seen.shape
        return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.int32)
    left, right = seen[rows].argmax(axis=1), seen.shape[1] - seen[rows, ::-1].argmax(axis=1)
    corners = [np.stack([x, y], axis=1) for x in (left, right) for y in (rows, rows + 1)]
    hull: NDArray[np.int32] = cv2.convexHull(np.concatenate(corners).astype(np.int32))[:, 0]
    return hull
