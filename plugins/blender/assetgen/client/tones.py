"""Depth as a grey image for depth control networks, like `assetgen depth`: near is white, the sky black."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FAR_PERCENTILE, FAR_SHARE, NEAR_PERCENTILE = 1.0, 0.8, 99.7
"""The percentiles of inverse depth that become black and white, as in the server's `depth` control."""
FLAT_MARGIN = 0.1
GROUND_REACH = 2.5
LEAST_TILT = 1e-6

Floats = NDArray[np.floating[Any]]


def nearness_of(depth: Floats, perspective: bool) -> Floats:
    """Nearness of each pixel from its depth (inf for the sky): 1/z, or -z in an orthographic view."""
    seen = np.isfinite(depth)
    return np.where(seen, 1 / np.where(seen, depth, 1) if perspective else -np.where(seen, depth, 0), -np.inf)


def graded(nearness: Floats, perspective: bool) -> NDArray[np.uint16]:
    """Nearness as 16-bit grey, `height × width × 1`; black where nothing is visible."""
    seen = np.isfinite(nearness)
    if not seen.any():
        return np.zeros((*nearness.shape, 1), np.uint16)
    far, white = np.percentile(nearness[seen], (FAR_PERCENTILE, NEAR_PERCENTILE))
    black = FAR_SHARE * far if perspective else far - FLAT_MARGIN * (white - far)
    span = white - black
    grey = np.where(seen, np.clip((nearness - black) / span, 0, 1) if span > 0 else 1.0, 0)
    return np.round(grey[..., None] * 65535).astype(np.uint16)


def ground(rays: Floats, origins: Floats, height: float, reach: float, perspective: bool) -> Floats:
    """The nearness of the plane `z = height` out to the depth `reach`, -inf beside it.

    `rays` are directions of the world for each pixel, one unit deep along the view; `origins` is where they start.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (height - origins[..., 2]) / rays[..., 2]
    hit = np.isfinite(depth) & (depth <= reach) & (rays[..., 2] < -LEAST_TILT)
    hit &= (depth > 0) | (not perspective)
    return nearness_of(np.where(hit, depth, np.inf), perspective)
