"""MiDaS: depth or surface normals guessed from a picture."""

from collections.abc import Mapping
from typing import Any, Literal

from assetgen.controls._detector import View, Weights, annotators, detected, module_of, ready, same_size
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

WEIGHTS = annotators("dpt_hybrid-midas-501f0c75.pt")


@part(version=1, detector=Detector("depth", "MIT", "https://github.com/isl-org/MiDaS/blob/master/LICENSE"))
def midas(
    device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    kind: Literal["depth", "normal"] = "depth",
    fit: Fit = "cover",
    weights: Weights = WEIGHTS,
) -> ImageSet:
    """Condition on the depth of a picture (Ranftl and others, 2021), near white; or on normals taken from it.

    With `kind: normal` red is left, green is up, blue towards the camera, as ControlNet 1.0 was trained.
    """

    def draw(detector: Any, pixels: Any) -> Any:
        depth, normal = detector(pixels, depth_and_normal=True, **same_size(pixels))
        return depth if kind == "depth" else normal[..., ::-1]  # the package writes blue first

    return detected(View(image, size, fit), device, weights, _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("midas")
    network = module_of("midas.midas.dpt_depth").DPTDepthModel(path=None, backbone="vitb_rn50_384", non_negative=True)
    return module.MidasDetector(ready(network, tensors.get("model", tensors), place))
