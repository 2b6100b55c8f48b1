"""Lines as a control."""

import numpy as np

from assetgen.controls._fit import Size, padded
from assetgen.images import Array, ImageSet, color_image


def line_control(lines: Array, size: Size) -> ImageSet:
    """Lines (`H×W` uint8, white on black) as RGB of `size`, black where the picture did not reach."""
    return color_image(np.repeat(padded(lines[..., None], size), 3, axis=2))
