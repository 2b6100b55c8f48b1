"""Shuffle: an image warped at random, which keeps its colours and style and loses its shapes."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.controls._fit import ControlSize, Fit, read_fitted
from assetgen.images import ImageSet, color_image
from assetgen.parts import InputFile, part

_COARSE = 256  # pixels between the random points of the warp in an image of `_TRAINED` pixels, as in training
_TRAINED = 512


@part(version=1)
def shuffle(
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on the colours and style of an image, not on its shapes.

    Moves each pixel by a smooth random field, which `seed` determines (the content shuffle of ControlNet 1.1; L. Zhang,
    2023).

    Example:
        - shuffle: {image: mood.png, seed: 3}
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

    step = max(1, _COARSE * min(shape) // _TRAINED)
    points = random.random((shape[0] // step + 2, shape[1] // step + 2))
    larger = np.asarray(cv2.resize(points, (shape[1] + 2 * step, shape[0] + 2 * step), interpolation=cv2.INTER_CUBIC))
    field = larger[step : step + shape[0], step : step + shape[1]]
    return np.asarray((field - field.min()) / np.ptp(field), np.float32)
