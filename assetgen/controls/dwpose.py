"""DWPose: bodies, hands and faces as coloured skeletons."""

from assetgen.controls._detector import View, Weights, graphs_of
from assetgen.controls._fit import Fit, Size
from assetgen.controls._skeleton import skeletons
from assetgen.controls._wholebody import people
from assetgen.images import ImageSet
from assetgen.parts import Detector, HubFile, InputFile, part

HUB, REVISION = "yzd-v/DWPose", "1a7144101628d69ee7a3768d1ee3a094070dc388"
WEIGHTS = HubFile(hub=HUB, revision=REVISION, file="dw-ll_ucoco_384.onnx")
FINDER = HubFile(hub=HUB, revision=REVISION, file="yolox_l.onnx")
LICENCE = "https://github.com/IDEA-Research/DWPose/blob/onnx/LICENSE"


@part(version=1, detector=Detector("openpose", "Apache-2.0", LICENCE))
def dwpose(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    hands: bool = True,
    face: bool = True,
    fit: Fit = "cover",
    weights: Weights = WEIGHTS,
    finder: Weights = FINDER,
) -> ImageSet:
    """Condition on the poses of the people in a picture (Yang and others, 2023), with their hands and faces.

    `finder` finds the people, `weights` their joints. On NVIDIA cards it runs where onnxruntime-gpu is installed, else
    on the processor. Its authors give the weights under Apache-2.0; the pictures that they were trained on
    (COCO-WholeBody, UBody) have terms of their own.
    """
    view = View(image, size, fit)
    find, estimate = graphs_of(device, finder, weights)
    pixels = view.scaled()
    found = people(find.run, estimate.run, (find.size, estimate.size), pixels)
    return view.drawn(skeletons(found, (pixels.shape[1], pixels.shape[0]), hands, face))
