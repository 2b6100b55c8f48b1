"""LeReS: detailed depth, estimated from an image."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("res101.pth")
_LICENCE = "https://github.com/aim-uofa/AdelaiDepth"
"""No licence for commercial use of the network and its weights is published there."""


@part(version=1, detector=Detector("depth", "no open licence", _LICENCE, commercial=False))
def leres(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the estimated depth of an image, near white (LeReS; Yin and others, 2021). Not for commercial use.

    Example:
        - leres: {image: photo.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("leres")
    network = module.RelDepthModel(backbone="resnext101")
    return module.LeresDetector(aux.ready(network, aux.without_module_prefix(tensors["depth_model"]), device), None)
