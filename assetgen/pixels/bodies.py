"""Where the body of a figure stands in an image."""

from dataclasses import dataclass

import numpy as np

from assetgen.images import Array, FloatArray

_VISIBLE = 0.5
_CORE = 0.5  # of the visible pixels of the fullest column: columns with more are the body, not arms or a weapon


@dataclass(frozen=True)
class Body:
    """Where a body is, in pixels."""

    anchor: float
    """Column in the middle of the core, the columns with at least half as many visible pixels as the fullest."""
    ground: float
    """Lowest visible row."""
    height: float
    """Of the core."""


def find_body(alpha: Array) -> Body | None:
    """The body in an image with this alpha, `H×W`, 0..1; None where less than half of every pixel is visible."""
    seen = alpha >= _VISIBLE
    mass: FloatArray = seen.sum(axis=0).astype(np.float32)
    if not mass.any():
        return None
    core = mass >= _CORE * mass.max()
    half = np.cumsum(np.where(core, mass, 0))
    anchor = float(np.searchsorted(half, half[-1] / 2) + np.searchsorted(half, half[-1] / 2, side="right")) / 2
    rows, core_rows = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen[:, core].any(axis=1))
    return Body(anchor, float(rows[-1]), float(core_rows[-1] - core_rows[0] + 1))
