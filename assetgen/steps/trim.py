"""Cut away the empty border of a sprite."""

from typing import Annotated, Literal

from pydantic import Field

from assetgen.images import ImageSet, split_alpha
from assetgen.parts import part
from assetgen.steps._canvas import Box, on_canvas, visible_box

PIVOTS = {"center": 0.5, "bottom": 1.0, "top": 0.0}


@part(version=1)
def trim(
    images: ImageSet,
    *,
    padding: Annotated[int, Field(ge=0, le=512)] = 0,
    square: bool = False,
    multiple: Annotated[int, Field(ge=1, le=256)] = 1,
    pivot: Literal["center", "bottom", "top"] = "center",
) -> ImageSet:
    """Cut every channel to what is visible, leaving `padding` empty pixels on each side.

    `square` makes the sides equal, `multiple` makes them a multiple of so many pixels, both by empty pixels around the
    middle. `pivot` is the middle, the foot or the top of what is visible. `meta["trim"]` tells the offset in the whole
    picture and that one's size, `meta["pivot"]` the pivot in 0..1. A picture in which nothing is visible stays.
    """
    seen = visible_box(split_alpha(images["color"])[1])
    if seen is None:
        return images
    width, height = seen.width + 2 * padding, seen.height + 2 * padding
    if square:
        width = height = max(width, height)
    width, height = (-(-side // multiple) * multiple for side in (width, height))
    left, top = seen.left - (width - seen.width) // 2, seen.top - (height - seen.height) // 2
    x = (seen.left - left + seen.width / 2) / width
    y = (seen.top - top + seen.height * PIVOTS[pivot]) / height
    return on_canvas(images, Box(left, top, width, height)).with_meta(pivot=(x, y))
