"""PiDiNet: soft edges that are cleaner than those of HED, or a scribble."""

from functools import partial
from typing import Literal

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("table5_pidinet.pth")
_LICENCE = "https://github.com/hellozhuo/pidinet/blob/master/LICENSE"
"""It begins: "It is just for research purpose, and commercial use should be contacted with authors first." """


@part(version=1, detector=Detector("softedge", "PiDiNet research licence", _LICENCE, commercial=False))
def pidi(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    kind: Literal["softedge", "scribble"] = "softedge",
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the soft edges of an image (PiDiNet; Su and others, 2021). Not for commercial use.

    `kind: scribble` thins the edges to lines, for a control network that was trained on scribbles.

    Example:
        - pidi: {image: photo.png}
    """
    draw = partial(aux.draw_soft_edges, kind)
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load, draw)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("pidi")
    return module.PidiNetDetector(aux.ready(module.pidinet(), aux.without_module_prefix(tensors["state_dict"]), device))
