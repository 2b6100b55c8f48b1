"""Hovering, from a still."""

from assetgen.images import ImageSet, Milliseconds
from assetgen.parts import adds, part
from assetgen.steps._motion import FrameCount, MovedPixels, round_half_up, shifted, still_of, wave

_DISTANCE = 1 / 8  # of the visible height


@adds(frames=True)
@part(version=1, frames=True)
def bob(
    images: ImageSet,
    *,
    frames: FrameCount = 6,
    duration: Milliseconds = 100,
    distance: MovedPixels | None = None,
) -> ImageSet:
    """Animate a still so that it hovers up and down.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `distance`: how far it rises, in pixels; by default 1/8 of the visible height.

    It moves by whole pixels. The canvas grows upwards where needed. Frame 0 is the still.

    Example:
        - bob: {frames: 8, distance: 4}
    """
    _, seen = still_of(images, "bob")
    rise = distance or max(1, round_half_up(seen.height * _DISTANCE))
    offsets = [(0, -round_half_up(rise * wave(number / frames))) for number in range(frames)]
    return shifted("bob", images, offsets, duration, loop=True)
