"""HED: soft edges, or a scribble."""

from functools import partial
from typing import Literal

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("ControlNetHED.pth")
_LICENCE = "https://github.com/lllyasviel/ControlNet/tree/main/annotator/hed"


@part(version=1, detector=Detector("softedge", "Apache-2.0", _LICENCE))
def hed(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    kind: Literal["softedge", "scribble"] = "softedge",
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the soft edges of an image (HED; Xie and Tu, 2015; weights by the author of ControlNet).

    `kind: scribble` thins the edges to lines, for a control network that was trained on scribbles.

    Example:
        - hed: {image: photo.png, kind: scribble}
    """
    draw = partial(aux.draw_soft_edges, kind)
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load, draw)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("hed")
    return module.HEDdetector(aux.ready(module.ControlNetHED_Apache2(), tensors, device))
