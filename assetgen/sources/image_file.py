"""An existing image file: bought, drawn or photographed."""

from assetgen.images import ImageSet, color_image
from assetgen.parts import Context, InputFile, part
from assetgen.pixels.image_files import read_image
from assetgen.sources._arguments import Axes


@part(version=1)
def image_file(context: Context, *, image: InputFile, tiles: Axes = "") -> ImageSet:
    """Use an image file as it is. Returns `color`, RGB or RGBA, uint8 or uint16.

    `tiles` are the axes along which it repeats without a seam; the `seam` check verifies it.
    """
    return color_image(read_image(image.path), tiles=tiles)
