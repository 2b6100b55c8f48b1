"""A line around a sprite."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.parts import part
from assetgen.steps._canvas import Box, on_canvas, visible_box

VISIBLE = 0.5
Hex = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


@part(version=1)
def outline(
    images: ImageSet,
    *,
    width: Annotated[int, Field(ge=1, le=64)] = 1,
    color: Hex = "#000000",
    side: Literal["outside", "inside"] = "outside",
) -> ImageSet:
    """Draw a line of `color`, `width` pixels wide, round what is visible, or just inside its edge.

    The canvas grows where the line would be cut. In pixel art the line is hard and joins pixels by their sides.
    `meta.outline` tells the colour.
    """
    if visible_box(split_alpha(images["color"])[1]) is None:
        return images
    images = _with_room(images, width) if side == "outside" else images
    rgb, alpha = (to_float(array) for array in split_alpha(images["color"]))
    pen = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)], np.float32)
    body = alpha[..., 0] >= VISIBLE
    shape = body if side == "outside" else ~np.pad(body, 1)
    line = _line(shape, width, hard=bool(images.meta.pixel_art))
    if side == "inside":
        share = np.where(body, line[1:-1, 1:-1], 1)[..., None]
        drawn, cover = rgb * (1 - share) + pen * share, alpha
    else:
        share = line[..., None] * (1 - alpha)
        cover = alpha + share
        drawn = (rgb * alpha + pen * share) / np.maximum(cover, 1e-6)
        drawn = np.where(cover > 0, drawn, pen)
    made = np.concatenate([drawn, cover], axis=2).astype(np.float32)
    kind = images["color"].dtype
    drawn = made if kind == np.float32 else to_uint8(made) if kind == np.uint8 else to_uint16(made)
    return images.replace(color=drawn).with_meta(outline=color)


def _with_room(images: ImageSet, width: int) -> ImageSet:
    """The same amount on every side, so that squares stay square."""
    seen = visible_box(split_alpha(images["color"])[1])
    across, down = images.size
    if seen is None:
        return images
    free = min(seen.left, seen.top, across - seen.left - seen.width, down - seen.top - seen.height)
    more = max(0, width - free)
    return on_canvas(images, Box(-more, -more, across + 2 * more, down + 2 * more)) if more else images


def _line(body: NDArray[np.bool_], width: int, *, hard: bool) -> FloatArray:
    """How much of each pixel outside `body` the line covers, 0..1."""
    from scipy.ndimage import binary_dilation, distance_transform_edt

    if hard:
        return np.asarray(binary_dilation(body, iterations=width) & ~body, np.float32)
    distance = distance_transform_edt(~body)
    return np.asarray(np.clip(width + 1 - distance, 0, 1) * ~body, np.float32)
