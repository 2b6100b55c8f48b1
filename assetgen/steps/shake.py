"""Shaking, from a still."""

from typing import Literal

from assetgen.images import ImageSet, Milliseconds
from assetgen.parts import adds, part
from assetgen.steps._motion import FrameCount, MovedPixels, round_half_up, shifted, still_of

_DISTANCE = 1 / 12  # of the visible width


@adds(frames=True)
@part(version=1, frames=True)
def shake(
    images: ImageSet,
    *,
    frames: FrameCount = 6,
    duration: Milliseconds = 50,
    distance: MovedPixels | None = None,
    axis: Literal["x", "y"] = "x",
    loop: bool = False,
) -> ImageSet:
    """Animate a still so that it shakes, as after a hit: to and fro, by less and less.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `distance`: the first and widest move, in pixels; by default 1/12 of the visible width.
    - `axis`: along which it shakes.
    - `loop`: start again after the last frame.

    It moves by whole pixels. The canvas grows where needed. Frame 0 is the still.

    Example:
        - shake: {distance: 3}
    """
    _, seen = still_of(images, "shake")
    widest = distance or max(1, round_half_up(seen.width * _DISTANCE))
    moves = [-(widest * (frames - number) // -frames) for number in range(frames)]
    signed = [0, *(move * (-1) ** number for number, move in enumerate(moves) if number)]
    offsets = [(move, 0) if axis == "x" else (0, move) for move in signed]
    return shifted("shake", images, offsets, duration, loop=loop)
