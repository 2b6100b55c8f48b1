"""Depth as the grey picture that depth models obey: near white, the sky black, as `assetgen depth` draws it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FAR_PERCENTILE, FAR_SHARE, NEAR_PERCENTILE = 1.0, 0.8, 99.7
"""Where black and white lie among the inverse depths of one picture; the server's `depth` control has the same."""
FLAT_MARGIN = 0.1
GROUND_REACH = 2.5
LEAST_TILT = 1e-6

Floats = NDArray[np.floating[Any]]


def nearness_of(depth: Floats, perspective: bool) -> Floats:
    """How near each pixel is, from its depth along the view (inf for the sky): 1/z, or -z in an orthographic view."""
    seen = np.isfinite(depth)
    return np.where(seen, 1 / np.where(seen, depth, 1) if perspective else -np.where(seen, depth, 0), -np.inf)


def graded(nearness: Floats, perspective: bool) -> NDArray[np.uint16]:
    """Nearness as 16-bit grey, `height × width × 1`; nothing in sight is black all over."""
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
