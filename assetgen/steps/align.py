"""Put the figure of an animation at the same place in every frame."""

from math import floor
from typing import Literal

import numpy as np

from assetgen.images import ImageSet, Trim, sequence, split_alpha, to_float
from assetgen.parts import part
from assetgen.pixels.alpha_faults import cropped_axes
from assetgen.pixels.bodies import Body, find_body
from assetgen.pixels.canvas import Box, on_canvas, visible_box

_Shift = tuple[int, int]


@part(version=1, frames=True)
def align(images: ImageSet, *, axes: Literal["xy", "x", "y", ""] = "xy") -> ImageSet:
    """Shift the frames of an animation by whole pixels, so that the figure neither slides nor leaves the ground.

    - `axes`: `x` brings the middle of the body to one column, `y` the lowest visible row to one row. Use `x` for
      jumps, `y` where the figure moves to the side, "" for effects that have no ground.

    The middle is the anchor that the check `registration` measures: arms and weapons do not move it. All frames are
    shifted to the median of all, also across tags. The canvas grows where a visible pixel would be cut off; trim and
    pivot follow. An axis along which the border crops the figure in any frame is left alone, because its true place is
    unknown; the check `alpha` reports it. A still is unchanged.

    Example:
        - align: {axes: x}
    """
    timing = images.meta.frames
    if timing is None:
        return images
    cropped = "".join(map(cropped_axes, images.frames))
    free = "".join(axis for axis in axes if axis not in cropped)
    shifts = _shifts([find_body(to_float(split_alpha(frame["color"])[1])[..., 0]) for frame in images.frames], free)
    if not any(map(any, shifts)):
        return images
    box = _room(images, shifts)
    moved = [
        on_canvas(frame, Box(box.left - across, box.top - down, box.width, box.height))
        for frame, (across, down) in zip(images.frames, shifts, strict=True)
    ]
    made = ImageSet(sequence(moved, timing).channels, on_canvas(images, box).meta)
    return made.with_meta(trim=_uncut(made, free))


def _shifts(bodies: list[Body | None], axes: str) -> list[_Shift]:
    """How many pixels each frame moves to the right and down."""
    seen = [body for body in bodies if body]
    anchor, ground = (float(np.median([getattr(body, name) for body in seen] or [0])) for name in ("anchor", "ground"))
    return [
        (
            floor(anchor - body.anchor + 0.5) if body and "x" in axes else 0,
            floor(ground - body.ground + 0.5) if body and "y" in axes else 0,
        )
        for body in bodies
    ]


def _room(images: ImageSet, shifts: list[_Shift]) -> Box:
    """The canvas, enlarged so that it holds what is visible in every shifted frame."""
    right, bottom = images.frames[0].size
    left = top = 0
    for frame, (across, down) in zip(images.frames, shifts, strict=True):
        if seen := visible_box(split_alpha(frame["color"])[1]):
            left, top = min(left, seen.left + across), min(top, seen.top + down)
            right = max(right, seen.left + seen.width + across)
            bottom = max(bottom, seen.top + seen.height + down)
    return Box(left, top, right - left, bottom - top)


def _uncut(images: ImageSet, axes: str) -> Trim:
    """The trim in an uncut image that is wider than the canvas along `axes`: its border did not crop what is there."""
    trim = images.meta.trim or Trim((0, 0), images.frames[0].size)
    offset, source = list(trim.offset), list(trim.source_size)
    for axis, name in enumerate("xy"):
        if name in axes:
            start = min(0, offset[axis]) - 1
            source[axis] = max(source[axis], offset[axis] + images.frames[0].size[axis]) + 1 - start
            offset[axis] -= start
    return Trim((offset[0], offset[1]), (source[0], source[1]))
