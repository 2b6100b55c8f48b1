"""Find or make the stretchable middle of a picture of a panel, button, bar or frame."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, Meta, is_colored, split_alpha, to_float
from assetgen.parts import describes, part
from assetgen.steps._resample import like_samples

_SHORTEST = 1 / 8  # of the side: a shorter middle is made instead of found
_WIDEST = 0.4  # of the side: a margin is cut there
_NOISE = 3.0  # times the median deviation of a row from its middle: more is a part of the border
_STANDS_OUT = 0.06  # of the range of values
_ROWS = 0.02  # of the rows: so many must stand out
_FEATHER = 4  # pixels at the end of each margin that lead over to a middle that was made


@describes(Meta(borders=(0, 0, 0, 0)))
@part(version=1)
def nine_slice(
    images: ImageSet,
    *,
    axes: Literal["x", "y", "xy"] = "xy",
    middle: Literal["auto", "find", "make"] = "auto",
    tolerance: Annotated[float, Field(ge=0, le=0.2)] = 0.012,
) -> ImageSet:
    """Measure the nine-slice margins of a panel, so that it can be stretched to any size without distorted corners.

    - `axes`: along which it is to be stretched.
    - `middle`: `find` takes the longest run of columns (and of rows) that differ from the next by at most `tolerance`,
      0 to 1. `make` replaces the middle: the margins end where columns stop to differ from the typical one, and the
      typical one fills the middle; what stands there (letters, ornaments) is lost. `auto` makes a middle where the
      found one is shorter than an eighth of the side.

    Sets `meta.borders` to left, top, right and bottom margin in pixels, 0 for other axes, and `meta.middle` to
    "stretch". Pixel art gets no new colours.

    Example:
        - nine_slice: {middle: find}
    """
    borders = [0, 0, 0, 0]
    for axis in (number for number, name in enumerate("xy") if name in axes):
        pixels = _columns(images["color"], axis)
        side = pixels.shape[1]
        start, stop = (0, 0) if middle == "make" else _longest_run(pixels, tolerance)
        if stop - start < max(2, _SHORTEST * side):
            if middle == "find":
                what = f"no part can be stretched along {'xy'[axis]}: {stop - start} of {side} lines are alike"
                raise InputError(what, cure="Use `middle: make`, or raise tolerance")
            start, stop = _margins(pixels)
            images = _with_middle(images, axis, start, stop)
        borders[axis], borders[axis + 2] = start, side - stop
    left, top, right, bottom = borders
    return images.with_meta(borders=(left, top, right, bottom), middle="stretch", tiles="")


def _columns(array: Array, axis: int, *, colored: bool = True) -> FloatArray:
    """A channel as floats, colours with premultiplied alpha; for axis 1 (y) transposed, so that rows are columns."""
    pixels = to_float(array)
    if colored:
        rgb, alpha = split_alpha(pixels)
        pixels = np.concatenate([rgb * alpha, alpha], axis=2)
    return np.swapaxes(pixels, 0, 1) if axis else pixels


def _longest_run(pixels: FloatArray, tolerance: float) -> tuple[int, int]:
    """Start and stop of the longest run of columns of which each differs little from the next; (0, 0) if none do."""
    alike = np.abs(np.diff(pixels, axis=1)).max(axis=(0, 2)) <= tolerance
    edges = np.flatnonzero(np.diff(np.concatenate([[0], alike, [0]])))
    runs = [(int(start), int(stop) + 1) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return max(runs, key=lambda run: run[1] - run[0], default=(0, 0))


def _margins(pixels: FloatArray) -> tuple[int, int]:
    """Start and stop of the columns that look like the typical one, beside the noise of each row."""
    side = pixels.shape[1]
    inner = slice(side // 4, side - side // 4)
    off = np.abs(pixels - np.median(pixels[:, inner], axis=1, keepdims=True)).max(axis=2)
    noise = np.median(off[:, inner], axis=1, keepdims=True)
    excess = np.sort(np.clip(off - _NOISE * noise, 0, None), axis=0)
    rows = max(1, round(_ROWS * len(excess)))
    calm = excess[-rows:].mean(axis=0) <= _STANDS_OUT
    run, widest = max(2, side // 32), int(_WIDEST * side)

    def margin(calm: NDArray[np.bool_]) -> int:
        return next((x for x in range(widest) if calm[x : x + run].all()), widest)

    return margin(calm), side - margin(calm[::-1])


def _with_middle(images: ImageSet, axis: int, start: int, stop: int) -> ImageSet:
    """The images with the typical column in the middle, and a gradual change to it at the ends of the margins."""
    pixel_art = bool(images.meta.pixel_art)

    def made(name: str, array: Array) -> Array:
        colored = is_colored(name)
        pixels = _columns(array, axis, colored=colored)
        typical = np.median(pixels[:, start:stop], axis=1, keepdims=True)
        if pixel_art:
            nearest = np.abs(pixels[:, start:stop] - typical).sum(axis=2).argmin(axis=1)
            typical = pixels[np.arange(len(pixels)), start + nearest][:, None]
        share = np.zeros(pixels.shape[1], np.float32)
        share[start:stop] = 1
        for x in range(1, 0 if pixel_art else _FEATHER + 1):
            share[max(start - x, 0) : start] = np.maximum(share[max(start - x, 0) : start], 1 - x / (_FEATHER + 1))
            share[stop : stop + x] = np.maximum(share[stop : stop + x], 1 - x / (_FEATHER + 1))
        pixels = pixels + (typical - pixels) * share[None, :, None]
        pixels = np.swapaxes(pixels, 0, 1) if axis else pixels
        if colored:  # transparent pixels keep their colour, which filtering mixes in
            rgb, alpha = split_alpha(to_float(array))[0], pixels[..., 3:]
            pixels = np.concatenate(
                [np.where(alpha > 0, pixels[..., :3] / np.maximum(alpha, 1e-6), rgb), alpha], axis=2
            )
        kept = (share == 0)[:, None, None] if axis else (share == 0)[None, :, None]
        before = np.concatenate(split_alpha(array), axis=2) if colored else array
        return np.where(kept, before, like_samples(np.clip(pixels, 0, 1).astype(np.float32), array))

    return ImageSet({name: made(name, array) for name, array in images.channels.items()}, images.meta)
