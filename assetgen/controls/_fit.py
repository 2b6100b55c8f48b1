"""Bring images to the size of the image that they condition."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import Array, ImageSet, check_covers, color_image, to_uint8
from assetgen.parts import InputFile
from assetgen.pixels.image_files import read_image

_Side = Annotated[int, Field(ge=8, le=4096)]
ControlSize = tuple[_Side, _Side]
"""Width and height in pixels."""
Fit = Literal["cover", "contain"]
"""How an image of another shape is fitted: "cover" crops what hangs over, "contain" adds black borders."""


def fit_to_size(pixels: Array, size: ControlSize, fit: Fit) -> Array:
    """Scale an image (`H×W×C`) with its proportions: `cover` fills `size` and crops, `contain` fits inside.

    With `contain` the result is smaller than `size` along one axis; `pad_to_size` adds the borders.
    """
    height, width = pixels.shape[:2]
    if fit == "cover":
        check_covers((width, height), size)
    ratios = size[0] / width, size[1] / height
    scale = max(ratios) if fit == "cover" else min(ratios)
    target = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = max(0, (target[0] - size[0]) // 2), max(0, (target[1] - size[1]) // 2)
    return np.ascontiguousarray(resize_to(pixels, target)[top : top + size[1], left : left + size[0]])


def resize_to(pixels: Array, size: tuple[int, int]) -> Array:
    """Resize an image (`H×W×C`) to exactly `size` (width, height): area averaging to shrink, bilinear to enlarge."""
    import cv2

    method = cv2.INTER_AREA if size[0] * size[1] < pixels.shape[0] * pixels.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method)).reshape(size[1], size[0], -1)


def pad_to_size(pixels: Array, size: ControlSize) -> Array:
    """Centre an image (`H×W×C`) on a black canvas of `size`."""
    left, top = (size[0] - pixels.shape[1]) // 2, (size[1] - pixels.shape[0]) // 2
    whole = np.zeros((size[1], size[0], pixels.shape[2]), pixels.dtype)
    whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return whole


def read_fitted(image: InputFile, size: ControlSize, fit: Fit) -> NDArray[np.uint8]:
    """Read an image file as sRGB uint8 (`H×W×3`) over white, scaled by `fit_to_size`."""
    pixels = fit_to_size(to_uint8(read_image(image.path)), size, fit)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def line_image(lines: Array, size: ControlSize) -> ImageSet:
    """A control image from lines (`H×W` uint8, white on black), padded with black to `size`."""
    return color_image(np.repeat(pad_to_size(lines[..., None], size), 3, axis=2))
