"""Does a texture show a line where it repeats?"""

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
    """Fail a texture whose border shows when it repeats; every channel counts.

    The score is the worst wrap ratio (see `assetgen.pixels.seams`): 1 means that the border is as steep as the steep
    lines inside; lower is better. `auto` takes the axes that the image says it tiles along, and both where it says
    none.
    """
    chosen = (images.meta.tiles or "xy") if axes == "auto" else axes
    ratio, channel, axis = worst_wrap(images, chosen)
    passed = ratio <= limit
    told = f"wrap along {axis} is {ratio:.2f} × as steep as the steep lines inside ({channel}; limit {limit:g})"
    return Verdict(ratio, passed, told)
