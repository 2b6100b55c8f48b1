"""The network of the learned line art: one shape, two sets of weights."""

from collections.abc import Mapping
from typing import Any

from assetgen.controls._detector import View, Weights, detected, module_of, ready
from assetgen.images import ImageSet
from assetgen.parts import Detector

DETECTOR = Detector("lineart", "MIT", "https://github.com/carolineec/informative-drawings/blob/main/LICENSE")
CHANNELS = (3, 1, 3)  # in, out, residual blocks: those of the published weights


def informative_drawing(view: View, device: str, weights: Weights) -> ImageSet:
    """White lines on black."""

    return detected(view, device, weights, _load)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("lineart")
    network = ready(module.Generator(*CHANNELS), tensors, place)
    return module.LineartDetector(network, network)
