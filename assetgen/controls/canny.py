"""Canny: the edges of an image as white lines on black."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.controls._fit import ControlSize, Fit, line_image, read_fitted
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part

_Threshold = Annotated[float, Field(ge=0, le=1000)]


@part(version=1)
def canny(
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    low: _Threshold = 100.0,
    high: _Threshold = 200.0,
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on the edges of an image (Canny, 1986).

    A gradient (Sobel, of 8-bit values) above `high` starts an edge, one above `low` continues it. Canny ControlNets
    were trained with the defaults. `size` is in pixels; `fit` crops an image of another shape (`cover`) or pads it
    with black (`contain`).

    Example:
        - canny: {image: photo.png, low: 50, high: 150}
    """
    import cv2

    edges = cv2.Canny(read_fitted(image, size, fit), low, high)
    return line_image(np.asarray(edges), size)
