"""Line art without a network: a drawing or photo as soft white lines on black."""

import numpy as np

from assetgen.controls._fit import ControlSize, Fit, line_image, read_fitted
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part

_WIDTH = 6.0  # pixels: standard deviation of the blur that lines are compared with
_FAINT = 8  # of 255: weaker lines do not affect the scale
_LEAST_SCALE = 16  # of 255: keeps noise faint in an image without lines
_MIDDLE = 127  # of 255: brightness of the median line


@part(version=1)
def lineart(*, image: InputFile, size: ControlSize = (512, 512), fit: Fit = "cover") -> ImageSet:
    """Condition on the dark lines of an image: how much darker each pixel is than its surroundings.

    This is the "standard" line art of the ControlNet 1.1 preprocessors, which needs no weights (L. Zhang and others,
    2023).

    Example:
        - lineart: {image: sketch.png}
    """
    import cv2

    sketch = read_fitted(image, size, fit).astype(np.float32)
    darker = (cv2.GaussianBlur(sketch, (0, 0), _WIDTH) - sketch).min(axis=2).clip(0, 255)
    lines = darker[darker > _FAINT]
    scale = max(_LEAST_SCALE, float(np.median(lines)) if lines.size else 0.0)
    return line_image((darker / scale * _MIDDLE).clip(0, 255).astype(np.uint8), size)
