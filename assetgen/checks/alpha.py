"""Check that a sprite is cut out well."""

from typing import Annotated

from pydantic import Field

from assetgen.images import ImageSet
from assetgen.parts import Verdict, part
from assetgen.pixels.alpha_faults import MAX_TOUCHING, worst_fault


@part(version=1)
def alpha(
    images: ImageSet,
    *,
    touching: Annotated[float, Field(gt=0, le=1)] = MAX_TOUCHING,
) -> Verdict:
    """Fail a sprite that is empty, not cut out, cropped by the border, in fragments, or has a halo.

    Cropped means that more than `touching` (a fraction) of one side of the untrimmed image is covered, or 0.8 with a
    model for pixel art that draws alpha: its sprites fill their frame. A halo is a rim in the colour of the removed
    background, or mixed with it, around something of another colour. If the background is not known, black and white
    are tried. A line drawn by the step `outline` is not a halo. Of a sprite that started from a drawing, with its
    alpha, only emptiness is a fault. The score is the worst fault as a multiple of its limit: above 1 fails, lower is
    better.

    Example:
        - alpha: {touching: 0.6}
    """
    score, reason = worst_fault(images, touching)
    return Verdict(score, score <= 1, reason)
