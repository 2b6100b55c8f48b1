"""Find the parts of an image that glow, by their colour."""

from typing import Annotated

from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import ImageSet, split_alpha, to_float, to_uint8
from assetgen.parts import adds, part
from assetgen.pixels.color import HexColor, oklab_from_srgb, srgb_from_hex


@part(version=1)
@adds("emission")
def emission(
    images: ImageSet,
    *,
    colors: tuple[HexColor, ...] = (),
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
        wanted = srgb_from_hex(color)[None, None]
        glows |= ((lab - oklab_from_srgb(wanted)) ** 2).sum(axis=2) <= tolerance**2
    return images.replace(emission=to_uint8(rgb * alpha * glows[..., None]))
