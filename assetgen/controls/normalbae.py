"""Normals guessed from a picture, as the normal ControlNets were trained on. See `normal` for those of a mesh."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready, unwrapped
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("scannet.pt")
LICENCE = "https://github.com/baegwangbin/surface_normal_uncertainty/blob/main/LICENSE"
SHAPE = {
    "mode": "client",
    "architecture": "BN",
    "pretrained": "scannet",
    "sampling_ratio": 0.4,
    "importance_ratio": 0.7,
}


@part(version=1, detector=Detector("normal", "MIT", LICENCE))
def normalbae(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on the surface normals of a picture (Bae and others, 2021).

    Red is left, green is up, blue is towards the camera. Its authors give the weights under MIT; the pictures that they
    were trained on (ScanNet) have terms of their own.
    """

    return detected(View(image, size, fit), device, weights, _load)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("normalbae")
    network = ready(module.NNET(SimpleNamespace(**SHAPE)), unwrapped(tensors["model"]), place)
    return module.NormalBaeDetector(network)
