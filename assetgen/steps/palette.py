"""Reduce the colours of an image, at its own size."""

from typing import Annotated

from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part
from assetgen.pixels.palettes import MAX_COLORS
from assetgen.pixels.quantize import reduce_colors


@part(version=1, frames=True)
def palette(
    images: ImageSet,
    *,
    colors: Annotated[int, Field(ge=1, le=MAX_COLORS)] | None = None,
    palette: InputFile | None = None,
    dither: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> ImageSet:
    """Reduce the colours of the image; all frames of a sequence get the same ones.

    - `colors`: at most this many colours, chosen from the image in Oklab.
    - `palette`: a .hex, .gpl or .pal file; only its colours are used. With `colors`, the best of them.
    - `dither`: 0 to 1, strength of a Bayer pattern that mixes neighbouring colours. It continues across the border
      where the image tiles.

    One of `colors` and `palette` is required. Alpha and other channels are untouched.

    Example:
        - palette: {palette: db32.gpl, dither: 0.5}
    """
    if colors is None and palette is None:
        raise InputError("palette needs colors, a palette file, or both", cure="Write for example {colors: 16}")
    if "color" not in images:
        raise InputError("palette needs an image with a 'color' channel", cure=f"It has {', '.join(images.channels)}")
    file = palette.path if palette else None
    return images.replace(color=reduce_colors(images, colors=colors, palette=file, dither=dither))
