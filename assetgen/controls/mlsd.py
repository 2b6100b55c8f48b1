"""M-LSD: the straight lines of an image, for rooms and buildings."""

from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("mlsd_large_512_fp32.pth")
_WHITE = (255, 255, 255)


@part(version=1, detector=Detector("mlsd", "Apache-2.0", "https://github.com/navervision/mlsd/blob/main/LICENSE"))
def mlsd(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    score: Annotated[float, Field(ge=0, le=1)] = 0.1,
    length: Annotated[float, Field(ge=0, le=1000)] = 0.1,
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the straight lines of an image (M-LSD; Gu and others, 2022).

    Lines with a lower confidence than `score` (0 to 1) or shorter than `length` (pixels of the network's output, which
    has half the resolution of its input) are left out.

    Example:
        - mlsd: {image: room.png, score: 0.2}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load, partial(_draw, score, length))


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    return aux.ready(aux.load_module("mlsd").MobileV2_MLSD_Large(), tensors, device)


def _draw(score: float, length: float, network: aux.Network, pixels: aux.Pixels) -> aux.Pixels:
    import cv2

    canvas = np.zeros_like(pixels)
    for start_x, start_y, end_x, end_y in _lines(network, pixels, score, length):
        cv2.line(canvas, (start_x, start_y), (end_x, end_y), _WHITE, 1)
    return canvas


def _lines(network: aux.Network, pixels: aux.Pixels, score: float, length: float) -> list[list[int]]:
    """Start and end of each line in pixels. The package raises IndexError for an image without lines."""
    try:
        found = aux.load_module("mlsd.utils").pred_lines(pixels, network, list(pixels.shape[:2]), score, length)
    except IndexError:
        return []
    return [[int(each) for each in line] for line in found]
