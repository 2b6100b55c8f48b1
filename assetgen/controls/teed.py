"""TEED: thin soft edges by a tiny network."""

from collections.abc import Mapping
from typing import Any

from assetgen.controls._detector import View, Weights, detected, given, module_of, ready
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

HUB, FILE = "fal-ai/teed", "5_model.pth"


@part(version=1, detector=Detector("softedge", "MIT", "https://github.com/xavysp/TEED/blob/main/LICENSE"))
def teed(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    fit: Fit = "cover",
    weights: Weights | None = None,
) -> ImageSet:
    """Condition on the thin edges of a picture (Soria and others, 2023).

    `weights` is the file 5_model.pth of the hub's fal-ai/teed.
    """

    def draw(detector: Any, pixels: Any) -> Any:
        return detector(pixels, detect_resolution=min(pixels.shape[:2]), output_type="np")

    return detected(View(image, size, fit), device, given(weights, HUB, FILE), _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("teed")
    return module.TEEDdetector(ready(module.TED(), tensors, place))
