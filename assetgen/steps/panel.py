"""Shape a seamless texture into a panel, button, bar or frame of a user interface."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, Meta, is_colored, size_error, split_alpha, to_float
from assetgen.parts import describes, part
from assetgen.steps._resample import like_samples

_LIGHT = (-0.45, -0.65, 0.61)  # direction to the light, x right, y down, z to the viewer: from the top left
_STEEP = 1.5  # slope of the rim at its edges at depth 1
_TONES = (0.35, 1.8)  # darkest and brightest shading
_RIM_TEXTURE, _RIM_BRIGHTNESS = 0.45, 1.15  # share of the texture on the rim, beside its mean colour
_LINE = 0.3  # brightness of the outer line
_SHADOW = 0.55  # brightness of the middle where it meets the rim


@describes(Meta(borders=(0, 0, 0, 0)))
@part(version=1)
def panel(
    images: ImageSet,
    *,
    border: Annotated[int, Field(ge=1, le=256)] = 10,
    radius: Annotated[int, Field(ge=0, le=256)] = 8,
    depth: Annotated[float, Field(ge=0, le=2)] = 1.0,
    hollow: bool = False,
) -> ImageSet:
    """Shape a texture that tiles into a panel with round corners and a raised rim, lit from the top left.

    - `border`: width of the rim in pixels.
    - `radius`: of the corners, in pixels.
    - `depth`: 0 to 2, how strongly the rim is shaded.
    - `hollow`: leave the middle transparent, for a frame.

    The canvas grows by the nine-slice margins, in which the texture continues; the middle is the whole texture. So the
    middle and the edges repeat without a seam. Sets `meta.borders` to the margins and `meta.middle` to "tile". Raises
    `InputError` for an image that does not tile along both axes.

    Example:
        - panel: {border: 8, radius: 12}
    """
    if images.meta.tiles != "xy":
        what = "a panel needs a texture that tiles along x and y"
        raise InputError(what, cure="Put `seamless` before this step, or use `nine_slice` for an image of a panel")
    shadow = -(-border // 2)
    margin = max(border + shadow, radius) + 1
    width, height = (side + 2 * margin for side in images.size)
    if error := size_error((width, height)):
        raise InputError(error, cure="Put `resize` before this step")
    inside, outward = _distance(width, height, radius)
    light = _shading(inside, outward, border, shadow, depth)
    cover = np.clip(inside + 0.5, 0, 1)
    if hollow:
        cover *= np.clip(border - inside + 0.5, 0, 1)
    if images.meta.pixel_art:
        cover = np.rint(cover)
    around = ((margin, margin), (margin, margin), (0, 0))
    made = images.map(lambda array: np.pad(array, around, mode="wrap"))
    shaded = {
        name: _shaded(array, made[name], inside < border, light, cover)
        for name, array in images.channels.items()
        if is_colored(name)
    }
    made = made.replace(**shaded)
    return made.with_meta(tiles="", borders=(margin,) * 4, middle="tile", pivot=(0.5, 0.5))


def _shaded(texture: Array, grown: Array, rim: NDArray[np.bool_], light: FloatArray, cover: FloatArray) -> Array:
    """The texture continued over the canvas, with the brightness `light` and the alpha `cover`, both `H×W`."""
    rgb, alpha = (to_float(array) for array in split_alpha(grown))
    mean = to_float(texture)[..., :3].mean(axis=(0, 1), dtype=np.float64).round(4)
    smooth = (mean + (rgb - mean) * _RIM_TEXTURE) * _RIM_BRIGHTNESS
    rgb = np.where(rim[..., None], smooth, rgb) * light[..., None]
    pixels = np.concatenate([np.clip(rgb, 0, 1), alpha * cover[..., None]], axis=2)
    return like_samples(pixels.astype(np.float32), texture)


def _distance(width: int, height: int, radius: int) -> tuple[FloatArray, FloatArray]:
    """Distance in pixels from the edge of a rounded rectangle, positive inside, and the outward direction `H×W×2`."""
    half = np.array([width, height]) / 2
    y, x = np.mgrid[:height, :width] + 0.5
    offset = np.stack([x, y], axis=2) - half
    beyond = np.abs(offset) - (half - radius)
    corner = np.maximum(beyond, 0)
    length = np.sqrt((corner**2).sum(axis=2))
    inside = radius - length - np.minimum(beyond.max(axis=2), 0)
    across: NDArray[np.bool_] = np.greater_equal(beyond[..., 0], beyond[..., 1])
    straight = np.stack([across, ~across], axis=2)
    outward = np.where(
        np.asarray((corner > 0).all(axis=2))[..., None], corner / np.maximum(length, 1e-6)[..., None], straight
    )
    return inside.astype(np.float32), (outward * np.sign(offset)).astype(np.float32)


def _shading(inside: FloatArray, outward: FloatArray, border: int, shadow: int, depth: float) -> FloatArray:
    """Factor of the brightness `H×W`: a rim with a parabolic profile, a line around it, a shadow inside it."""
    across = np.clip(inside / border, 0, 1)
    slope = _STEEP * depth * (1 - 2 * across)
    towards = outward[..., 0] * _LIGHT[0] + outward[..., 1] * _LIGHT[1]
    shade = (slope * towards + _LIGHT[2]) / np.sqrt(slope**2 + 1) / _LIGHT[2]
    rim = np.where(inside < max(1, border // 8), _LINE, np.clip(shade, *_TONES))
    middle = _SHADOW + (1 - _SHADOW) * np.clip((inside - border) / shadow, 0, 1)
    return np.asarray(np.where(inside < border, rim, middle), np.float32)
