"""Squashing and stretching, from a still."""

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import FloatArray, ImageSet, Milliseconds
from assetgen.parts import adds, part
from assetgen.pixels.canvas import Box, on_canvas
from assetgen.steps._motion import (
    FrameCount,
    animated,
    canvas_for,
    put_on_canvas,
    round_half_up,
    same_parity,
    scaled,
    still_of,
    with_normals,
)


@adds(frames=True)
@part(version=1, frames=True)
def squash_stretch(
    images: ImageSet,
    *,
    frames: FrameCount = 8,
    duration: Milliseconds = 80,
    amount: Annotated[float, Field(gt=0, le=0.8)] = 0.15,
) -> ImageSet:
    """Animate a still so that it is squashed and stretched on the ground, as a slime or a bouncing ball.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `amount`: the fraction of its height that it loses and gains. The area stays about the same.

    Pixel art is scaled by leaving out or repeating whole rows and columns, other images are filtered. The bottom stays
    in its place; the canvas grows where needed. Frame 0 is the still.

    Example:
        - squash_stretch: {amount: 0.25}
    """
    still, seen = still_of(images, "squash_stretch")
    if min(seen.height * amount, seen.width * amount) < 0.5:
        what = f"{seen.width} × {seen.height} visible pixels are too few to squash by {amount:g}"
        raise InputError(what, cure="Raise `amount`, or use bob")
    boxes = [_box(seen, 1 - amount * math.sin(2 * math.pi * number / frames)) for number in range(frames)]
    canvas, body = canvas_for(still, seen, boxes), on_canvas(still, seen)
    drawn = [_sloped(scaled(body, (box.width, box.height)), seen, box) for box in boxes]
    return animated(
        "squash_stretch",
        [put_on_canvas(still, part, (box.left, box.top), canvas) for part, box in zip(drawn, boxes, strict=True)],
        duration,
    )


def _box(seen: Box, factor: float) -> Box:
    """The visible box with its height multiplied by `factor` and its width divided by it, on the same ground."""
    height = max(1, round_half_up(seen.height * factor))
    width = same_parity(seen.width * seen.height / height, seen.width)
    return Box(seen.left + (seen.width - width) // 2, seen.top + seen.height - height, width, height)


def _sloped(part: ImageSet, seen: Box, box: Box) -> ImageSet:
    """The part with the normals of the scaled surface."""
    slopes = np.array([seen.width / box.width, seen.height / box.height, 1], np.float32)

    def change(vectors: FloatArray) -> FloatArray:
        return np.asarray(vectors * slopes, np.float32)

    return with_normals(part, change)
