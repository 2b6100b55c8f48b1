"""LeReS: depth guessed from a picture, with much detail."""

from collections.abc import Mapping
from typing import Any

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready, unwrapped
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("res101.pth")
LICENCE = "https://github.com/aim-uofa/AdelaiDepth"
"""No licence that allows commercial use is known to us for the network and its weights."""


@part(version=1, detector=Detector("depth", "no open licence", LICENCE, commercial=False))
def leres(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on the depth of a picture (Yin and others, 2021), near white. Not for commercial use."""

    return detected(View(image, size, fit), device, weights, _load)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("leres")
    network = ready(module.RelDepthModel(backbone="resnext101"), unwrapped(tensors["depth_model"]), place)
    return module.LeresDetector(network, None)
