"""OpenPose: the bodies in an image as coloured skeletons."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("body_pose_model.pth")
_LICENCE = "https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/LICENSE"


@part(version=1, detector=Detector("openpose", "OpenPose academic licence", _LICENCE, commercial=False))
def open_pose(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the poses of the people in an image (OpenPose; Cao and others, 2017). Not for commercial use.

    Draws bodies without hands and faces; `dwpose` draws those too. For a skeleton drawn by hand, use
    `picture: {image: skeleton.png, kind: openpose}`.

    Example:
        - open_pose: {image: dancer.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("open_pose")
    network = aux.load_module("open_pose.model").bodypose_model()
    body = object.__new__(module.Body)  # Body.__init__ would open a weight file itself
    body.model = aux.ready(network, module.util.transfer(network, tensors), device)
    return module.OpenposeDetector(body)
