"""Few colours, at the size the picture has."""

from typing import Annotated

from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part
from assetgen.pixels.palettes import MAX_COLORS
from assetgen.steps._quantize import reduce_colors


@part(version=1)
def palette(
    images: ImageSet,
    *,
    colors: Annotated[int, Field(ge=1, le=MAX_COLORS)] | None = None,
    palette: InputFile | None = None,
    dither: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> ImageSet:
    """Draw the picture with at most `colors` colours, with those of a `palette` file (.hex, .gpl, .pal), or both.

    With both, the `colors` colours of the file that serve the picture best are used. `dither` mixes neighbouring
    colours in a Bayer pattern, which meets itself where the picture tiles. Alpha and other channels are untouched.
    """
    if colors is None and palette is None:
        raise InputError("palette wants colors, a palette file, or both", cure="Write for example {colors: 16}")
    if "color" not in images:
        raise InputError("palette wants an image with a 'color' channel", cure=f"It has {', '.join(images.channels)}")
    tiles = images.meta.tiles or ""
    file = palette.path if palette else None
    return images.replace(color=reduce_colors(images["color"], colors, file, dither, tiles))
