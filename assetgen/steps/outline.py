"""Draw a line around a sprite."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.parts import part
from assetgen.pixels.canvas import Box, on_canvas, visible_part
from assetgen.pixels.color import HexColor, srgb_from_hex

_VISIBLE = 0.5


@part(version=2, frames=True)
def outline(
    images: ImageSet,
    *,
    width: Annotated[int, Field(ge=1, le=64)] = 1,
    color: HexColor = "#000000",
    side: Literal["outside", "inside"] = "outside",
) -> ImageSet:
    """Draw a line along the edge of the visible part.

    - `width`: of the line, in pixels.
    - `color`: "#rrggbb".
    - `side`: `outside` draws around the edge and enlarges the canvas where needed; `inside` draws over it.

    Pixel art gets a hard line whose pixels touch by their sides, other images an antialiased one. Sets `meta.outline`
    to the colour.

    Example:
        - outline: {width: 2, color: "#1b1622"}
    """
    if visible_part(images) is None:
        return images
    images = _with_room(images, width) if side == "outside" else images
    return images.each(lambda frame: _outlined(frame, width, color, side)).with_meta(outline=color)


def _outlined(images: ImageSet, width: int, color: str, side: str) -> ImageSet:
    rgb, alpha = (to_float(array) for array in split_alpha(images["color"]))
    pen = srgb_from_hex(color)
    body = alpha[..., 0] >= _VISIBLE
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
    return images.replace(color=drawn)


def _with_room(images: ImageSet, width: int) -> ImageSet:
    """Enlarge the canvas by the same amount on every side, so that squares stay square."""
    seen = visible_part(images)
    across, down = images.frames[0].size
    if seen is None:
        return images
    free = min(seen.left, seen.top, across - seen.left - seen.width, down - seen.top - seen.height)
    more = max(0, width - free)
    return on_canvas(images, Box(-more, -more, across + 2 * more, down + 2 * more)) if more else images


def _line(body: NDArray[np.bool_], width: int, *, hard: bool) -> FloatArray:
    """Coverage 0..1 (`H×W`) of the line outside `body`; a soft one reaches below the edge of the body, so that no gap
    is between them where the edge is partly transparent."""
    from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt

    if hard:
        return np.asarray(binary_dilation(body, iterations=width) & ~body, np.float32)
    distance = distance_transform_edt(~body)
    inner = binary_erosion(body, np.ones((3, 3)), border_value=1)
    return np.asarray(np.clip(width + 1 - distance, 0, 1) * ~inner, np.float32)
