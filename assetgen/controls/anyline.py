"""Anyline: thin edges and line art in one, as MistoLine was trained on."""

from collections.abc import Mapping
from typing import Any

from assetgen.controls._detector import View, Weights, detected, given, module_of, ready
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

HUB, FILE = "TheMistoAI/MistoLine", "Anyline/MTEED.pth"


@part(version=1, detector=Detector("lineart", "OpenRAIL++", "https://huggingface.co/TheMistoAI/MistoLine"))
def anyline(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    fit: Fit = "cover",
    weights: Weights | None = None,
) -> ImageSet:
    """Condition on the edges and lines of a picture.

    `weights` is the file Anyline/MTEED.pth of the hub's TheMistoAI/MistoLine.
    """

    def draw(detector: Any, pixels: Any) -> Any:
        return detector(pixels, detect_resolution=min(pixels.shape[:2]), output_type="np")

    return detected(View(image, size, fit), device, given(weights, HUB, FILE), _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("anyline")
    return module.AnylineDetector(ready(module.TED(), tensors, place))
