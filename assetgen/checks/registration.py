"""Check that the frames of an animation show one body in one place and size."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.checks._clips import Clip, clips
from assetgen.images import ImageSet
from assetgen.parts import Verdict, part
from assetgen.pixels.bodies import find_body

_FINE = 64  # rows: one pixel of a frame this high is the unit where frames are not pixel art

_Limit = Annotated[float, Field(gt=0, le=10_000)]


@part(version=1, frames=True)
def registration(images: ImageSet, *, drift: _Limit = 1.0, ground: _Limit = 1.0, scale: _Limit = 0.1) -> Verdict:
    """Fail an animation whose body slides, leaves the ground line, or changes its size from frame to frame.

    - `drift`: the most that its anchor may move to the side, in pixels. The anchor is the median of the core: the
      columns with at least half as many visible pixels as the fullest. Arms and weapons do not move it.
    - `ground`: the most that its lowest row may move up or down, in pixels. Raise it for jumps.
    - `scale`: the most that the height of the core may differ, as a fraction.

    Frames are compared with the median of their animation. Where they are not pixel art, a pixel is 1/64 of the
    frame's height. The score is the worst fault as a multiple of its limit: above 1 fails, lower is better.

    Example:
        - registration: {ground: 4}
    """
    unit = 1.0 if images.meta.pixel_art else max(1.0, images.frames[0].size[1] / _FINE)
    limits = {"drift": drift * unit, "ground": ground * unit, "scale": scale}
    faults = [fault for clip in clips(images) for fault in _faults(clip, limits)]
    score, reason = max(faults, default=(0.0, "no frame shows a body"))
    return Verdict(round(score, 4), score <= 1, reason)


def _faults(clip: Clip, limits: dict[str, float]) -> Iterator[tuple[float, str]]:
    """Each deviation as a multiple of its limit, and what it is."""
    bodies = {number: body for number, frame in enumerate(clip.frames) if (body := find_body(frame[..., 3]))}
    if not bodies:
        return
    anchor, ground, height = (
        float(np.median([getattr(body, name) for body in bodies.values()])) for name in ("anchor", "ground", "height")
    )
    for number, body in bodies.items():
        name = clip.name(number)
        aside, above = body.anchor - anchor, ground - body.ground
        side, way = "right" if aside > 0 else "left", "above" if above > 0 else "below"
        yield abs(aside) / limits["drift"], f"{name} is {abs(aside):g} pixels too far to the {side}"
        yield abs(above) / limits["ground"], f"{name} ends {abs(above):g} pixels {way} the ground line"
        yield (
            abs(body.height / height - 1) / limits["scale"],
            f"{name} is {body.height / height:.0%} as high as the others",
        )
