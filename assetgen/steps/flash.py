"""Flashing, from a still."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.images import ImageSet, Milliseconds, is_colored, split_alpha, to_float
from assetgen.parts import adds, part
from assetgen.pixels.canvas import Box
from assetgen.pixels.color import HexColor, srgb_from_hex
from assetgen.steps._motion import FrameCount, animated, canvas_for, round_half_up, still_of, wave
from assetgen.steps._resample import like_samples


@adds(frames=True)
@part(version=1, frames=True)
def flash(
    images: ImageSet,
    *,
    frames: FrameCount = 4,
    duration: Milliseconds = 60,
    color: HexColor = "#ffffff",
    strength: Annotated[float, Field(gt=0, le=1)] = 1.0,
    loop: bool = False,
) -> ImageSet:
    """Animate a still so that it takes on a colour and loses it again, as after a hit.

    - `frames`, `duration`: how many, and the milliseconds that each is shown. Two frames switch, more fade.
    - `color`: "#rrggbb".
    - `strength`: share of that colour in the middle of the animation; below 1 the shading stays visible.
    - `loop`: start again after the last frame, as for a warning.

    Each frame mixes every colour of the still with `color`, in sRGB as engines do, by one share: it has no more colours
    than the still. Alpha and other channels are unchanged. Frame 0 is the still.

    Example:
        - flash: {color: "#ff3030", strength: 0.7}
    """
    still, _ = still_of(images, "flash")
    canvas_for(still, Box(0, 0, *still.size), [Box(0, 0, *still.size)] * frames)
    shares = [round_half_up(255 * strength * wave(number / frames)) / 255 for number in range(frames)]
    return animated("flash", [_mixed(still, color, share) for share in shares], duration, loop=loop)


def _mixed(still: ImageSet, color: str, share: float) -> ImageSet:
    pure = srgb_from_hex(color)
    channels = dict(still.channels)
    for name in filter(is_colored, still.channels):
        rgb, alpha = split_alpha(still[name])
        mixed = to_float(rgb) * np.float32(1 - share) + pure * np.float32(share)
        channels[name] = np.concatenate([like_samples(mixed, rgb) if share else rgb, alpha], axis=2)
    return ImageSet(channels, still.meta)
