"""What the steps that make an animation from a still share."""

import math
from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import (
    Array,
    FloatArray,
    Frames,
    ImageSet,
    Tag,
    is_colored,
    sequence,
    size_error,
    split_alpha,
    to_float,
)
from assetgen.pixels.canvas import Box, on_canvas, visible_part
from assetgen.steps._resample import like_samples, resampled_channel, unit_normals

FrameCount = Annotated[int, Field(ge=2, le=64)]
"""Frames of an animation."""
MovedPixels = Annotated[int, Field(ge=1, le=512)]
"""Pixels that something moves by."""
_TIE = 1e-6  # added before rounding: a sine may differ in its last bit from one processor to another


def still_of(images: ImageSet, name: str) -> tuple[ImageSet, Box]:
    """The still that the step `name` moves, with alpha, and the box of its visible pixels.

    Raises `InputError` for an animation, an atlas and an image without visible pixels.
    """
    if images.meta.frames or images.meta.regions:
        what = "an animation" if images.meta.frames else "an atlas"
        raise InputError(f"{name} needs a still, not {what}", cure="Use the asset that it was made from")
    seen = visible_part(images)
    if seen is None:
        raise InputError(f"{name} needs visible pixels, and the image has none", cure="Use another image")
    channels = {
        channel: np.concatenate(split_alpha(array), axis=2) if is_colored(channel) else array
        for channel, array in images.channels.items()
    }
    return ImageSet(channels, images.meta), seen


def animated(name: str, frames: Sequence[ImageSet], duration: int, *, loop: bool = True) -> ImageSet:
    """The frames as one animation `name`, with the metadata of frame 0."""
    return sequence(frames, Frames((duration,) * len(frames), (Tag(name, 0, len(frames) - 1, loop),)))


def canvas_for(still: ImageSet, seen: Box, boxes: Sequence[Box]) -> Box:
    """The image, enlarged on the sides where the visible pixels, of the box `seen`, need room in one of `boxes`.

    An empty border stays at least one pixel wide. Raises `InputError` if the frames, one for each box, are too large
    together.
    """
    width, height = still.size
    left = min(0, min(box.left for box in boxes) - min(1, seen.left))
    top = min(0, min(box.top for box in boxes) - min(1, seen.top))
    right = max(box.left + box.width for box in boxes) + min(1, width - seen.left - seen.width)
    bottom = max(box.top + box.height for box in boxes) + min(1, height - seen.top - seen.height)
    canvas = Box(left, top, max(width, right) - left, max(height, bottom) - top)
    if error := size_error((canvas.width, canvas.height * len(boxes))):
        raise InputError(f"the frames are too large together: {error}", cure="Make fewer, or put `resize` before")
    return canvas


def shifted(name: str, images: ImageSet, offsets: Sequence[tuple[int, int]], duration: int, *, loop: bool) -> ImageSet:
    """The animation `name` in which the image is moved by `offsets`: x and y in pixels, for each frame."""
    still, seen = still_of(images, name)
    canvas = canvas_for(still, seen, [Box(seen.left + x, seen.top + y, seen.width, seen.height) for x, y in offsets])
    boxes = [Box(canvas.left - x, canvas.top - y, canvas.width, canvas.height) for x, y in offsets]
    return animated(name, [on_canvas(still, box) for box in boxes], duration, loop=loop)


def put_on_canvas(still: ImageSet, part: ImageSet, corner: tuple[int, int], canvas: Box) -> ImageSet:
    """Another picture of the still on `canvas`: `part` with its top left corner at x and y of the still."""
    box = Box(canvas.left - corner[0], canvas.top - corner[1], canvas.width, canvas.height)
    return ImageSet(on_canvas(part, box).channels, on_canvas(still, canvas).meta)


def scaled(part: ImageSet, size: tuple[int, int]) -> ImageSet:
    """A part of a sprite scaled to `size`: pixel art by the nearest rows and columns, symmetrically."""
    if size == part.size:
        return part
    if part.meta.pixel_art:
        rows, columns = (_nearest(now, new) for now, new in zip(part.size[::-1], size[::-1], strict=True))
        return part.map(lambda array: array[rows][:, columns])
    return ImageSet(
        {name: resampled_channel(array, size, "lanczos", "", name) for name, array in part.channels.items()}, part.meta
    )


def _nearest(now: int, new: int) -> NDArray[np.intp]:
    """For each of `new` places the nearest of `now`; what was symmetrical stays so."""
    places = (2 * np.arange(new) + 1) * now // (2 * new)
    half = new // 2
    places[new - half :] = now - 1 - places[:half][::-1]
    return places


def with_normals(images: ImageSet, change: Callable[[FloatArray], FloatArray]) -> ImageSet:
    """The same set with `change` applied to its normals, as vectors; the result may have any length."""
    if "normal" not in images:
        return images
    normal: Array = images["normal"]
    vectors = change(to_float(normal) * np.float32(2) - np.float32(1))
    return images.replace(normal=like_samples(unit_normals(np.asarray(vectors / 2 + 0.5, np.float32)), normal))


def wave(phase: float) -> float:
    """A smooth rise from 0 to 1 and back in one period; `phase` is in periods."""
    return (1 - math.cos(2 * math.pi * phase)) / 2


def round_half_up(value: float) -> int:
    """The nearest whole number; halves are rounded up on every machine."""
    return math.floor(value + 0.5 + _TIE)


def same_parity(value: float, size: int) -> int:
    """The nearest number of pixels that is even if `size` is: what is centred stays on the pixel grid."""
    return max(2 - size % 2, size + 2 * round_half_up((value - size) / 2))
