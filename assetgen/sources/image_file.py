"""An existing image file: bought, drawn or photographed."""

from assetgen.images import ImageSet, color_image
from assetgen.parts import Context, InputFile, part
from assetgen.pixels.image_files import read_image
from assetgen.sources._arguments import Axes


@part(version=1)
def image_file(context: Context, *, image: InputFile, tiles: Axes = "") -> ImageSet:
    """Use an image file as it is: `color`, RGB or RGBA, uint8 or uint16.

    `tiles` declares the axes along which the image repeats without a seam; the check `seam` verifies it.

    Example:
        source: {image_file: {image: bricks.png, tiles: xy}}
    """
    return color_image(read_image(image.path), tiles=tiles)
