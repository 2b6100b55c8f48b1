"""Line art: a drawing or a picture as soft white lines on black."""

import numpy as np

from assetgen.controls._fit import Fit, Size, read_fitted
from assetgen.controls._sketch import line_control
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part

WIDTH = 6.0  # standard deviation in pixels of the blur that a line stands out from
FAINT = 8  # of 255: weaker lines do not count for the scale
LEAST_SCALE = 16  # of 255: a picture without lines must not become noise
MIDDLE = 127  # of 255: the median line


@part(version=1)
def lineart(*, image: InputFile, size: Size = (512, 512), fit: Fit = "cover") -> ImageSet:
    """Condition on the dark lines of a picture: how much darker each pixel is than its surroundings.

    This is the weight-free "standard" line art of the ControlNet 1.1 preprocessors (L. Zhang and others, 2023).
    """
    import cv2

    sketch = read_fitted(image, size, fit).astype(np.float32)
    darker = (cv2.GaussianBlur(sketch, (0, 0), WIDTH) - sketch).min(axis=2).clip(0, 255)
    lines = darker[darker > FAINT]
    scale = max(LEAST_SCALE, float(np.median(lines)) if lines.size else 0.0)
    return line_control((darker / scale * MIDDLE).clip(0, 255).astype(np.uint8), size)
