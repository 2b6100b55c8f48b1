"""ZoeDepth: metric depth guessed from a picture."""

from collections.abc import Mapping
from typing import Any

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("ZoeD_M12_N.pt")


@part(version=1, detector=Detector("depth", "MIT", "https://github.com/isl-org/ZoeDepth/blob/main/LICENSE"))
def zoe(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on the depth of a picture (Bhat and others, 2023), near white."""

    return detected(View(image, size, fit), device, weights, _load)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("zoe")
    network = module.ZoeDepth.build_from_config(module.get_config("zoedepth", "infer"))
    return module.ZoeDetector(ready(network, tensors["model"], place))
