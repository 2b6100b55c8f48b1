"""Pictures brought to the size of the image that they condition."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import Array, to_uint8
from assetgen.parts import InputFile
from assetgen.pixels.image_files import read_image

Side = Annotated[int, Field(ge=8, le=4096)]
Size = tuple[Side, Side]
Fit = Literal["cover", "contain"]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


def fitted(pixels: Array, size: Size, fit: Fit) -> Array:
    """A picture scaled evenly: `cover` fills `size` (width, height) and loses what hangs over, `contain` fits inside.

    With `contain` the result is smaller than `size` along one axis; see `padded`.
    """
    height, width = pixels.shape[:2]
    ratios = size[0] / width, size[1] / height
    scale = max(ratios) if fit == "cover" else min(ratios)
    target = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = max(0, (target[0] - size[0]) // 2), max(0, (target[1] - size[1]) // 2)
    return np.ascontiguousarray(resized(pixels, target)[top : top + size[1], left : left + size[0]])


def resized(pixels: Array, size: tuple[int, int]) -> Array:
    """A picture of exactly `size` (width, height): areas are averaged where it shrinks."""
    import cv2

    method = cv2.INTER_AREA if size[0] * size[1] < pixels.shape[0] * pixels.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method)).reshape(size[1], size[0], -1)


def padded(pixels: Array, size: Size) -> Array:
    """A picture in the middle of a black one of `size`."""
    left, top = (size[0] - pixels.shape[1]) // 2, (size[1] - pixels.shape[0]) // 2
    whole = np.zeros((size[1], size[0], pixels.shape[2]), pixels.dtype)
    whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return whole


def read_fitted(image: InputFile, size: Size, fit: Fit) -> NDArray[np.uint8]:
    """A picture file as sRGB uint8 on white, scaled as `fitted` says."""
    pixels = fitted(to_uint8(read_image(image.path)), size, fit)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
