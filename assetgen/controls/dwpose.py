"""DWPose: bodies, hands and faces as coloured skeletons."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.controls._skeleton import skeletons
from assetgen.controls._wholebody import find_people
from assetgen.images import ImageSet
from assetgen.parts import Detector, HubFile, InputFile, part

_HUB, _REVISION = "yzd-v/DWPose", "1a7144101628d69ee7a3768d1ee3a094070dc388"
_WEIGHTS = HubFile(hub=_HUB, revision=_REVISION, file="dw-ll_ucoco_384.onnx")
_FINDER = HubFile(hub=_HUB, revision=_REVISION, file="yolox_l.onnx")
_LICENCE = "https://github.com/IDEA-Research/DWPose/blob/onnx/LICENSE"


@part(version=1, detector=Detector("openpose", "Apache-2.0", _LICENCE))
def dwpose(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    hands: bool = True,
    face: bool = True,
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
    finder: aux.DetectorWeights = _FINDER,
) -> ImageSet:
    """Condition on the poses of the people in an image, with hands and faces (DWPose; Yang and others, 2023).

    `hands` and `face` draw those too. `finder` is the network that finds people, `weights` the one that finds their
    joints; both are ONNX files. With onnxruntime-gpu they run on an NVIDIA GPU, otherwise on the CPU. The weights are
    published under Apache-2.0; the images that they were trained on (COCO-WholeBody, UBody) have terms of their own.

    Example:
        - dwpose: {image: dancer.png, face: false}
    """
    view = aux.DetectorInput(image, size, fit)
    find, estimate = aux.onnx_networks(device, finder, weights)
    pixels = view.read()
    found = find_people(find.run, estimate.run, (find.size, estimate.size), pixels)
    return view.control_image(skeletons(found, (pixels.shape[1], pixels.shape[0]), hands, face))
