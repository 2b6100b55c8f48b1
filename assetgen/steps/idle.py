"""Breathing, from a still."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import ImageSet, Milliseconds
from assetgen.parts import adds, part
from assetgen.pixels.canvas import Box, on_canvas
from assetgen.steps._motion import FrameCount, MovedPixels, animated, canvas_for, round_half_up, still_of, wave

_DISTANCE = 1 / 24  # of the visible height
_INSIDE = 0.995  # keeps frame 0 below the first step


@adds(frames=True)
@part(version=1, frames=True)
def idle(
    images: ImageSet,
    *,
    frames: FrameCount = 6,
    duration: Milliseconds = 150,
    distance: MovedPixels | None = None,
    head: Annotated[float, Field(ge=0, le=0.9)] = 0.4,
    feet: Annotated[float, Field(ge=0, le=0.9)] = 0.2,
) -> ImageSet:
    """Animate a still figure so that it breathes: the upper body sinks and rises, the feet stay.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `distance`: how far the head sinks, in pixels; by default 1/24 of the visible height.
    - `head`, `feet`: fractions of the visible height, at the top and the bottom, whose rows are moved or kept as they
      are. Rows between them are left out or repeated; the breath rises from the feet to the head.

    Whole rows move by whole pixels, so that no colour is new and no pixel off the grid. Frame 0 is the still.

    Example:
        - idle: {frames: 6, head: 0.5}
    """
    still, seen = still_of(images, "idle")
    canvas_for(still, seen, [seen] * frames)
    sink = distance or max(1, round_half_up(seen.height * _DISTANCE))
    neck, hip = seen.top + round_half_up(seen.height * head), seen.top + seen.height - round_half_up(seen.height * feet)
    if hip - neck <= sink:
        what = f"between head and feet are {max(0, hip - neck)} rows of pixels, too few to breathe by {sink}"
        raise InputError(what, cure="Lower `distance`, `head` or `feet`, or use squash_stretch")
    roomy = on_canvas(still, Box(0, -sink, still.size[0], still.size[1] + sink))
    maps = [_rows(still.size[1], (neck, hip), sink, number / frames) + sink for number in range(frames)]
    drawn = [{name: array[rows] for name, array in roomy.channels.items()} for rows in maps]
    return animated("idle", [ImageSet(channels, still.meta) for channels in drawn], duration)


def _rows(height: int, torso: tuple[int, int], sink: int, phase: float) -> NDArray[np.intp]:
    """For each row of a frame, the row of the still that it shows; negative ones are empty.

    A row sinks and rises the later, the higher it is. The delay is so long that the still is all but reached by the
    first rows again when the head leaves it: few pixels of movement give many different frames.
    """
    neck, hip = torso
    first_step = math.acos(1 - 1 / sink) / (2 * math.pi) * _INSIDE
    heights = np.arange(hip - neck, 0, -1) - 1
    delays = [2 * first_step * row / (hip - neck) for row in heights.tolist()]
    sunk = [round_half_up(sink * wave(phase + first_step - delay)) for delay in delays]
    head = round_half_up(sink * wave(phase - first_step))
    places = np.maximum.accumulate(np.arange(neck, hip) + sunk)
    rows = np.arange(height)
    rows[: neck + head] -= head
    middle = np.arange(neck + head, hip)
    rows[neck + head : hip] = neck + np.maximum(np.searchsorted(places, middle, side="right") - 1, 0)
    return rows
