"""Canny: the edges of a picture, as white lines on black."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.controls._fit import Fit, Size, read_fitted
from assetgen.controls._sketch import line_control
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part

Threshold = Annotated[float, Field(ge=0, le=1000)]


@part(version=1)
def canny(
    *,
    image: InputFile,
    size: Size = (512, 512),
    low: Threshold = 100.0,
    high: Threshold = 200.0,
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on the edges of a picture (Canny, 1986).

    Gradients (Sobel, of 8-bit values) above `high` begin an edge, those above `low` carry it on; 100 and 200 are what
    Canny ControlNets were trained with. `fit` says how a picture of another shape comes to `size`.
    """
    import cv2

    edges = cv2.Canny(read_fitted(image, size, fit), low, high)
    return line_control(np.asarray(edges), size)
