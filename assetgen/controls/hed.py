"""HED: soft edges of a picture, or a scribble of them."""

from collections.abc import Mapping
from typing import Any, Literal

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready, same_size
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("ControlNetHED.pth")


@part(
    version=1,
    detector=Detector("softedge", "Apache-2.0", "https://github.com/lllyasviel/ControlNet/tree/main/annotator/hed"),
)
def hed(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    kind: Literal["softedge", "scribble"] = "softedge",
    fit: Fit = "cover",
    weights: Weights = WEIGHTS,
) -> ImageSet:
    """Condition on the soft edges of a picture (Xie and Tu, 2015), by the network of ControlNet's author.

    With `kind: scribble` they become thin lines, for a network that was trained on scribbles.
    """

    def draw(detector: Any, pixels: Any) -> Any:
        return detector(pixels, scribble=kind == "scribble", **same_size(pixels))

    return detected(View(image, size, fit), device, weights, _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("hed")
    return module.HEDdetector(ready(module.ControlNetHED_Apache2(), tensors, place))
