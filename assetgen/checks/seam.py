"""Check that a texture repeats without a visible seam."""

from typing import Annotated, Literal

from pydantic import Field

from assetgen.images import ImageSet
from assetgen.parts import Verdict, part
from assetgen.pixels.seams import SEAM_LIMIT, worst_wrap


@part(version=1)
def seam(
    images: ImageSet,
    *,
    axes: Literal["auto", "x", "y", "xy"] = "auto",
    limit: Annotated[float, Field(gt=0, le=100)] = SEAM_LIMIT,
) -> Verdict:
    """Fail a texture with a visible seam when it repeats; all channels count.

    - `axes`: `auto` uses `meta.tiles`, or both axes if it is empty.
    - `limit`: highest allowed wrap ratio.

    The score is the worst wrap ratio (see `assetgen.pixels.seams`): at 1 the border is as steep as the steep lines
    inside the image; lower is better.

    Example:
        - seam: {axes: x}
    """
    chosen = (images.meta.tiles or "xy") if axes == "auto" else axes
    ratio, channel, axis = worst_wrap(images, chosen)
    passed = ratio <= limit
    reason = f"wrap along {axis} is {ratio:.2f} × as steep as the steep lines inside ({channel}; limit {limit:g})"
    return Verdict(ratio, passed, reason)
