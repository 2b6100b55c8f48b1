"""Cut off the empty border of a sprite."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.images import Array, ImageSet, split_alpha, to_float
from assetgen.parts import part
from assetgen.pixels.canvas import Box, on_canvas, visible_part

_PIVOTS = {"center": 0.5, "bottom": 1.0, "top": 0.0}


@part(version=1, frames=True)
def trim(
    images: ImageSet,
    *,
    padding: Annotated[int, Field(ge=0, le=512)] = 0,
    square: bool = False,
    multiple: Annotated[int, Field(ge=1, le=256)] = 1,
    pivot: Literal["center", "bottom", "top", "tip"] = "center",
) -> ImageSet:
    """Cut every channel to the visible part; the frames of a sequence to what is visible in any of them.

    - `padding`: empty pixels left on each side.
    - `square`: make both sides equal, with empty pixels around the centre.
    - `multiple`: make both sides multiples of this many pixels.
    - `pivot`: origin of the sprite, at the centre, bottom or top of the visible part; `tip` is its pixel nearest to the
      top left corner, the hotspot of a cursor.

    Sets `meta.trim` (offset in the whole image and its size) and `meta.pivot`. An image without visible pixels is
    unchanged.

    Example:
        - trim: {padding: 1, pivot: bottom}
    """
    seen = visible_part(images)
    if seen is None:
        return images
    width, height = seen.width + 2 * padding, seen.height + 2 * padding
    if square:
        width = height = max(width, height)
    width, height = (-(-side // multiple) * multiple for side in (width, height))
    left, top = seen.left - (width - seen.width) // 2, seen.top - (height - seen.height) // 2
    if pivot == "tip":
        column, row = _tip(split_alpha(images.frames[0]["color"])[1])
        x, y = (column - left + 0.5) / width, (row - top + 0.5) / height
    else:
        x = (seen.left - left + seen.width / 2) / width
        y = (seen.top - top + seen.height * _PIVOTS[pivot]) / height
    return on_canvas(images, Box(left, top, width, height)).with_meta(pivot=(x, y))


def _tip(alpha: Array) -> tuple[int, int]:
    """Column and row of the pixel nearest to the top left corner, along the diagonal, that is at least half opaque."""
    cover = to_float(alpha)[..., 0]
    rows, columns = np.nonzero(cover >= min(0.5, float(cover.max())))
    nearest = int((rows + columns).argmin())
    return int(columns[nearest]), int(rows[nearest])
