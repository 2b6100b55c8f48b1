"""M-LSD: the straight lines of a picture, for rooms and buildings."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("mlsd_large_512_fp32.pth")
WHITE = (255, 255, 255)


@part(version=1, detector=Detector("mlsd", "Apache-2.0", "https://github.com/navervision/mlsd/blob/main/LICENSE"))
def mlsd(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    score: Annotated[float, Field(ge=0, le=1)] = 0.1,
    length: Annotated[float, Field(ge=0, le=1000)] = 0.1,
    fit: Fit = "cover",
    weights: Weights = WEIGHTS,
) -> ImageSet:
    """Condition on the straight lines of a picture (Gu and others, 2022).

    Lines below `score` (0 to 1) or shorter than `length` (pixels of the half-size map) are left out.
    """

    def draw(network: Any, pixels: Any) -> Any:
        import cv2

        canvas = np.zeros_like(pixels)
        for start_x, start_y, end_x, end_y in _lines(network, pixels, score, length):
            cv2.line(canvas, (start_x, start_y), (end_x, end_y), WHITE, 1)
        return canvas

    return detected(View(image, size, fit), device, weights, _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    return ready(module_of("mlsd").MobileV2_MLSD_Large(), tensors, place)


def _lines(network: Any, pixels: Any, score: float, length: float) -> list[list[int]]:
    """Start and end of each line in pixels. The package breaks where there is none, which is no mistake."""
    try:
        found = module_of("mlsd.utils").pred_lines(pixels, network, list(pixels.shape[:2]), score, length)
    except IndexError:
        return []
    return [[int(each) for each in line] for line in found]
