"""A picture that is there already: bought, drawn or photographed."""

from assetgen.images import ImageSet, color_image
from assetgen.parts import Context, InputFile, part
from assetgen.pixels.image_files import read_image
from assetgen.sources._words import Axes


@part(version=1)
def image_file(context: Context, *, image: InputFile, tiles: Axes = "") -> ImageSet:
    """Take a picture file as it is: `color`, RGB or RGBA, uint8 or uint16.

    `tiles` says along which axes it repeats without a seam, where it does; the `seam` check tells whether that is true.
    """
    return color_image(read_image(image.path), tiles=tiles)
