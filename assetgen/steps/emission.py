"""Find the parts of an image that glow, by their colour."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import ImageSet, split_alpha, to_float, to_uint8
from assetgen.parts import adds, part
from assetgen.pixels.color import oklab_from_srgb

_Hex = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


@part(version=1)
@adds("emission")
def emission(
    images: ImageSet,
    *,
    colors: tuple[_Hex, ...] = (),
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.12,
    brightness: Annotated[float, Field(ge=0, le=1)] | None = None,
) -> ImageSet:
    """Add the channel `emission` (RGB, uint8): the colour of what glows, and black elsewhere.

    - `colors`: "#rrggbb"; pixels within `tolerance` of one of them, as distance in Oklab, glow.
    - `brightness`: pixels of at least this Oklab lightness glow.

    One of `colors` and `brightness` is required. Transparent pixels do not glow, others by their alpha.

    Example:
        - emission: {colors: ["#ffd040"], tolerance: 0.15}
    """
    if not colors and brightness is None:
        raise InputError("emission needs colors, brightness, or both", cure='Write for example {colors: ["#ffd040"]}')
    rgb, alpha = (to_float(array) for array in split_alpha(images["color"]))
    lab = oklab_from_srgb(rgb)
    glows = lab[..., 0] >= (2.0 if brightness is None else brightness)
    for color in colors:
        wanted = np.array([[[int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]]], np.float32)
        glows |= ((lab - oklab_from_srgb(wanted)) ** 2).sum(axis=2) <= tolerance**2
    return images.replace(emission=to_uint8(rgb * alpha * glows[..., None]))
