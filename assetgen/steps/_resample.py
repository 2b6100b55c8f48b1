"""Scale images, with their metadata."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray, Meta, Trim, is_colored, to_float
from assetgen.steps._wrap import pad_border

_LANCZOS_REACH = 3  # pixels of the coarser image, Lanczos3


def resampled_channel(array: Array, target: tuple[int, int], method: str, tiles: str, name: str) -> Array:
    """The channel `name` with `target` pixels, width and height; filtered across the border along the axes `tiles`.

    Colour is filtered with premultiplied alpha; normals keep unit length.
    """
    if method == "nearest":
        rows, columns = (_nearest(now, new) for now, new in zip(array.shape[:2], target[::-1], strict=True))
        return np.ascontiguousarray(array[rows][:, columns])
    return filtered_channel(array, name, lambda pixels: resampled(pixels, target, method, tiles))


def filtered_channel(array: Array, name: str, enlarge: Callable[[FloatArray], FloatArray]) -> Array:
    """The channel `name` after a filter of samples `H×W×C` 0..1: colours with premultiplied alpha, normals unit."""
    pixels = to_float(array)
    if is_colored(name) and pixels.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]
    pixels = enlarge(pixels)
    if is_colored(name) and pixels.shape[2] == 4:
        pixels[..., :3] /= np.maximum(pixels[..., 3:], 1 / 65535)
    if name == "normal":
        pixels = unit_normals(pixels)
    return like_samples(np.clip(pixels, 0, 1), array)


def _nearest(now: int, new: int) -> NDArray[np.intp]:
    places = ((np.arange(new) + 0.5) * now / new).astype(np.intp)
    return np.minimum(places, now - 1)


def resampled(pixels: FloatArray, target: tuple[int, int], method: str, tiles: str) -> FloatArray:
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


def unit_normals(normal: FloatArray) -> FloatArray:
    """Normalise encoded normals `(n + 1) / 2` to unit length."""
    vectors = normal * np.float32(2) - np.float32(1)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6)
    return np.asarray(vectors / 2 + 0.5, np.float32)


def like_samples(pixels: FloatArray, array: Array) -> Array:
    """Values 0..1 as samples of the type of `array`."""
    if array.dtype == np.float32:
        return pixels
    return np.rint(pixels * np.iinfo(array.dtype).max).astype(array.dtype)


def scaled_meta(meta: Meta, ratio: tuple[float, float], method: str) -> Meta:
    """Metadata in pixels of the resized image."""
    trim, regions = meta.trim, meta.regions
    return replace(
        meta,
        trim=trim and Trim(_scaled(trim.offset, ratio), _scaled(trim.source_size, ratio)),
        regions=regions
        and {name: replace(region, rect=_scaled_rect(region.rect, ratio)) for name, region in regions.items()},
        borders=meta.borders and (*_scaled(meta.borders[:2], ratio), *_scaled(meta.borders[2:], ratio)),
        cell=meta.cell and meta.cell * ratio[0],
        pixel_art=False if meta.pixel_art and method != "nearest" else meta.pixel_art,
    )


def _scaled(pair: tuple[int, int], ratio: tuple[float, float]) -> tuple[int, int]:
    return round(pair[0] * ratio[0]), round(pair[1] * ratio[1])


def _scaled_rect(rect: tuple[int, int, int, int], ratio: tuple[float, float]) -> tuple[int, int, int, int]:
    x, y, width, height = rect
    (left, top), (right, bottom) = _scaled((x, y), ratio), _scaled((x + width, y + height), ratio)
    return left, top, right - left, bottom - top
