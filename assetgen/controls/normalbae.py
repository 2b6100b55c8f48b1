"""Surface normals estimated from an image, as for ControlNet 1.1. The control `normal` renders those of a mesh."""

from types import SimpleNamespace

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("scannet.pt")
_LICENCE = "https://github.com/baegwangbin/surface_normal_uncertainty/blob/main/LICENSE"
_CONFIG = {
    "mode": "client",
    "architecture": "BN",
    "pretrained": "scannet",
    "sampling_ratio": 0.4,
    "importance_ratio": 0.7,
}


@part(version=1, detector=Detector("normal", "MIT", _LICENCE))
def normalbae(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the estimated surface normals of an image (Bae and others, 2021).

    Red is left, green is up, blue is towards the camera. The weights are published under MIT; the images that they
    were trained on (ScanNet) have terms of their own.

    Example:
        - normalbae: {image: photo.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("normalbae")
    network = module.NNET(SimpleNamespace(**_CONFIG))
    return module.NormalBaeDetector(aux.ready(network, aux.without_module_prefix(tensors["model"]), device))
