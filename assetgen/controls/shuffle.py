"""Shuffle: a picture flowed into another order, which keeps its colours and its style and loses its shapes."""

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._fit import Fit, Seed, Size, read_fitted
from assetgen.images import ImageSet, color_image
from assetgen.parts import InputFile, part

COARSE = 256  # pixels between the random points of the flow in a picture of 512, as the ControlNet was trained
TRAINED = 512


@part(version=1)
def shuffle(*, image: InputFile, size: Size = (512, 512), seed: Seed = 0, fit: Fit = "cover") -> ImageSet:
    """Condition on the colours and the style of a picture, not on its shapes.

    Each pixel is taken from where a smooth random field points: the content shuffle of ControlNet 1.1 (L. Zhang, 2023).
    """
    import cv2

    pixels = read_fitted(image, size, fit)
    height, width = pixels.shape[:2]
    random = np.random.default_rng(seed)
    across, down = (_field((height, width), random) * (side - 1) for side in (width, height))
    return color_image(np.asarray(cv2.remap(pixels, across, down, cv2.INTER_LINEAR)))


def _field(shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise from 0 to 1, `height × width`."""
    import cv2

    step = max(1, COARSE * min(shape) // TRAINED)
    points = random.random((shape[0] // step + 2, shape[1] // step + 2))
    larger = np.asarray(cv2.resize(points, (shape[1] + 2 * step, shape[0] + 2 * step), interpolation=cv2.INTER_CUBIC))
    field = larger[step : step + shape[0], step : step + shape[1]]
    return np.asarray((field - field.min()) / np.ptp(field), np.float32)
