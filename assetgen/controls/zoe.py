"""ZoeDepth: metric depth, estimated from an image."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("ZoeD_M12_N.pt")


@part(version=1, detector=Detector("depth", "MIT", "https://github.com/isl-org/ZoeDepth/blob/main/LICENSE"))
def zoe(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the estimated depth of an image, near white (ZoeDepth; Bhat and others, 2023).

    Example:
        - zoe: {image: photo.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("zoe")
    network = module.ZoeDepth.build_from_config(module.get_config("zoedepth", "infer"))
    return module.ZoeDetector(aux.ready(network, tensors["model"], device))
