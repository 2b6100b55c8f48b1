"""Change the number of pixels."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, Meta, Trim, check_size, is_colored, size_error, to_float
from assetgen.parts import part
from assetgen.steps._wrap import pad_border

_Side = Annotated[int, Field(ge=1, le=16384)]
_Size = Annotated[tuple[_Side, _Side], AfterValidator(check_size)]
_LANCZOS_REACH = 3  # pixels of the coarser image, Lanczos3


@part(version=1)
def resize(
    images: ImageSet,
    *,
    size: _Size | None = None,
    width: _Side | None = None,
    height: _Side | None = None,
    scale: Annotated[float, Field(gt=0, le=64)] | None = None,
    filter: Literal["auto", "lanczos", "area", "nearest"] = "auto",
) -> ImageSet:
    """Resize every channel.

    - `size`: [width, height] in pixels; or
    - `width`, `height`: in pixels; one of them keeps the proportions; or
    - `scale`: a factor.
    - `filter`: `auto` is nearest for pixel art (use a whole-number scale there) and Lanczos for other images.

    Tiling images are filtered across the border and still tile. Colour is filtered with premultiplied alpha; normals
    keep unit length. Trim, regions and cell size in `meta` are scaled too.

    Example:
        - resize: {width: 256}
    """
    target = _target(images.size, size, (width, height), scale)
    if target == images.size:
        return images
    if error := size_error(target):
        raise InputError(error, cure="Choose a smaller size")
    method = filter if filter != "auto" else "nearest" if images.meta.pixel_art else "lanczos"
    tiles = images.meta.tiles or ""
    channels = {name: _resized(array, target, method, tiles, name) for name, array in images.channels.items()}
    ratio = target[0] / images.size[0], target[1] / images.size[1]
    return ImageSet(channels, _meta(images.meta, ratio, method))


def _target(
    now: tuple[int, int], size: tuple[int, int] | None, sides: tuple[int | None, int | None], scale: float | None
) -> tuple[int, int]:
    if sum((size is not None, sides != (None, None), scale is not None)) != 1:
        raise InputError("resize needs one of size, width/height and scale", cure="Write for example {width: 256}")
    if size:
        return size
    width, height = sides
    if width and height:
        return width, height
    factor = scale or (width / now[0] if width else (height or 0) / now[1])
    across, down = (max(1, round(side * factor)) for side in now)
    return width or across, height or down


def _resized(array: Array, target: tuple[int, int], method: str, tiles: str, name: str) -> Array:
    if method == "nearest":
        rows, columns = (_nearest(now, new) for now, new in zip(array.shape[:2], target[::-1], strict=True))
        return np.ascontiguousarray(array[rows][:, columns])
    pixels = to_float(array)
    if is_colored(name) and pixels.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]
    pixels = _filtered(pixels, target, method, tiles)
    if is_colored(name) and pixels.shape[2] == 4:
        pixels[..., :3] /= np.maximum(pixels[..., 3:], 1 / 65535)
    if name == "normal":
        pixels = _unit(pixels)
    return _as_before(np.clip(pixels, 0, 1), array)


def _nearest(now: int, new: int) -> NDArray[np.intp]:
    places = ((np.arange(new) + 0.5) * now / new).astype(np.intp)
    return np.minimum(places, now - 1)


def _filtered(pixels: FloatArray, target: tuple[int, int], method: str, tiles: str) -> FloatArray:
    """Resize with Pillow. It reads beyond the given box, so a wrapped margin makes the filter periodic."""
    from PIL import Image

    height, width = pixels.shape[:2]
    across, down = (
        int(_LANCZOS_REACH * max(1.0, now / new)) + 1 for now, new in zip((width, height), target, strict=True)
    )
    wide = pad_border(pixels, (down, across), tiles)
    box = (across, down, across + width, down + height)
    kind = Image.Resampling.LANCZOS if method == "lanczos" else Image.Resampling.BOX
    planes = [
        Image.fromarray(np.ascontiguousarray(plane)).resize(target, kind, box) for plane in np.moveaxis(wide, 2, 0)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)


def _unit(normal: FloatArray) -> FloatArray:
    """Normalise encoded normals `(n + 1) / 2` to unit length."""
    vectors = normal * np.float32(2) - np.float32(1)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6)
    return np.asarray(vectors / 2 + 0.5, np.float32)


def _as_before(pixels: FloatArray, array: Array) -> Array:
    if array.dtype == np.float32:
        return pixels
    return np.rint(pixels * np.iinfo(array.dtype).max).astype(array.dtype)


def _meta(meta: Meta, ratio: tuple[float, float], method: str) -> Meta:
    """Metadata in pixels of the resized image."""
    trim, regions = meta.trim, meta.regions
    return replace(
        meta,
        trim=trim and Trim(_scaled(trim.offset, ratio), _scaled(trim.source_size, ratio)),
        regions=regions
        and {name: replace(region, rect=_scaled_rect(region.rect, ratio)) for name, region in regions.items()},
        cell=meta.cell and meta.cell * ratio[0],
        pixel_art=False if meta.pixel_art and method != "nearest" else meta.pixel_art,
    )


def _scaled(pair: tuple[int, int], ratio: tuple[float, float]) -> tuple[int, int]:
    return round(pair[0] * ratio[0]), round(pair[1] * ratio[1])


def _scaled_rect(rect: tuple[int, int, int, int], ratio: tuple[float, float]) -> tuple[int, int, int, int]:
    x, y, width, height = rect
    (left, top), (right, bottom) = _scaled((x, y), ratio), _scaled((x + width, y + height), ratio)
    return left, top, right - left, bottom - top
