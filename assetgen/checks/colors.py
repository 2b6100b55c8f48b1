"""Check that all frames of an animation have the same colours."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.checks._clips import VISIBLE, all_frames
from assetgen.images import Array, ImageSet
from assetgen.parts import Verdict, part
from assetgen.pixels.color import oklab_from_srgb

_AXES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0.7071, 0.7071], [0, 0.7071, -0.7071]], np.float32)
"""Directions in Oklab that colours are compared along: lightness, and four hues with their opposites."""
_QUANTILES = (np.arange(64) + 0.5) / 64


@part(version=1, frames=True)
def colors(images: ImageSet, *, limit: Annotated[float, Field(gt=0, le=1)] = 0.02) -> Verdict:
    """Fail an animation in which a frame has other colours than the rest, also where all of them differ.

    - `limit`: the largest allowed score. Raise it where sides differ, as a face and the back of a head, or where
      effects appear.

    The score is how far the colours of a frame are from those that are typical of all frames, in Oklab: the mean
    distance of their quantiles along five axes (a sliced Wasserstein distance; Bonneel et al., 2015). Lower is better.
    Drawn walks of one side score 0.002 to 0.014, from four sides up to 0.035.

    Example:
        - colors: {limit: 0.03}
    """
    shown = {number: _quantiles(frame) for number, frame in all_frames(images) if (frame[..., 3] >= VISIBLE).any()}
    if len(shown) < 2:
        return Verdict(0.0, True, "too few frames to compare")
    typical = np.median(list(shown.values()), axis=0)
    apart = {number: round(float(np.abs(each - typical).mean()), 4) for number, each in shown.items()}
    worst = max(apart, key=lambda number: apart[number])
    reason = f"the colours of frame {worst} are {apart[worst]:.3f} away from the others' (limit {limit:g})"
    return Verdict(apart[worst], apart[worst] <= limit, reason)


def _quantiles(frame: Array) -> NDArray[np.float64]:
    """Quantiles of the visible colours along each axis, `axes×quantiles`."""
    lab = oklab_from_srgb(frame[..., :3][frame[..., 3] >= VISIBLE])
    found: NDArray[np.float64] = np.quantile(lab @ _AXES.T, _QUANTILES, axis=0).T
    return found
