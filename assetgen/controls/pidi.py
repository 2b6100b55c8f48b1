"""PiDiNet: soft edges of a picture, cleaner than those of HED, or a scribble of them."""

from collections.abc import Mapping
from typing import Any, Literal

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready, same_size, unwrapped
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("table5_pidinet.pth")
LICENCE = "https://github.com/hellozhuo/pidinet/blob/master/LICENSE"
"""It begins: "It is just for research purpose, and commercial use should be contacted with authors first." """


@part(version=1, detector=Detector("softedge", "PiDiNet research licence", LICENCE, commercial=False))
def pidi(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    kind: Literal["softedge", "scribble"] = "softedge",
    fit: Fit = "cover",
    weights: Weights = WEIGHTS,
) -> ImageSet:
    """Condition on the soft edges of a picture (Su and others, 2021). Not for commercial use.

    With `kind: scribble` they become thin lines, for a network that was trained on scribbles.
    """

    def draw(detector: Any, pixels: Any) -> Any:
        return detector(pixels, scribble=kind == "scribble", **same_size(pixels))

    return detected(View(image, size, fit), device, weights, _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("pidi")
    return module.PidiNetDetector(ready(module.pidinet(), unwrapped(tensors["state_dict"]), place))
