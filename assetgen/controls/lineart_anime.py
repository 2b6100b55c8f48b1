"""Line art as in drawn animation, learned."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready, unwrapped
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("netG.pth")
LICENCE = "https://github.com/Mukosame/Anime2Sketch/blob/master/LICENSE"


@part(version=1, detector=Detector("lineart_anime", "MIT", LICENCE))
def lineart_anime(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on the lines of a picture as in drawn animation (Anime2Sketch, 2021)."""

    return detected(View(image, size, fit), device, weights, _load)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("lineart_anime")
    normed = partial(module.nn.InstanceNorm2d, affine=False, track_running_stats=False)
    network = module.UnetGenerator(3, 1, 8, 64, norm_layer=normed, use_dropout=False)
    return module.LineartAnimeDetector(ready(network, unwrapped(tensors), place))
