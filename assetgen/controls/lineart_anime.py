"""Line art in the style of drawn animation."""

from functools import partial

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("netG.pth")
_LICENCE = "https://github.com/Mukosame/Anime2Sketch/blob/master/LICENSE"


@part(version=1, detector=Detector("lineart_anime", "MIT", _LICENCE))
def lineart_anime(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on a line drawing of an image in the style of drawn animation (Anime2Sketch, 2021).

    Example:
        - lineart_anime: {image: photo.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("lineart_anime")
    norm = partial(module.nn.InstanceNorm2d, affine=False, track_running_stats=False)
    network = module.UnetGenerator(3, 1, 8, 64, norm_layer=norm, use_dropout=False)
    return module.LineartAnimeDetector(aux.ready(network, aux.without_module_prefix(tensors), device))
