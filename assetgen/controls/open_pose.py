"""OpenPose: the bodies in a picture as coloured skeletons."""

from collections.abc import Mapping
from typing import Any

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("body_pose_model.pth")
LICENCE = "https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/LICENSE"


@part(version=1, detector=Detector("openpose", "OpenPose academic licence", LICENCE, commercial=False))
def open_pose(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on the poses of the people in a picture (Cao and others, 2017): bodies, without hands and faces.

    Not for commercial use. A skeleton that was drawn by hand goes through `picture: {kind: openpose}`.
    """

    return detected(View(image, size, fit), device, weights, _load)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module, shapes = module_of("open_pose"), module_of("open_pose.model")
    network = shapes.bodypose_model()
    body = object.__new__(module.Body)  # its own beginning opens a file of weights
    body.model = ready(network, module.util.transfer(network, tensors), place)
    return module.OpenposeDetector(body)
