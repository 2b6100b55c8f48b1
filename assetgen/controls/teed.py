"""TEED: thin soft edges from a very small network."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_HUB, _FILE = "fal-ai/teed", "5_model.pth"


@part(version=1, detector=Detector("softedge", "MIT", "https://github.com/xavysp/TEED/blob/main/LICENSE"))
def teed(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights | None = None,
) -> ImageSet:
    """Condition on the thin edges of an image (TEED; Soria and others, 2023).

    `weights` is the file 5_model.pth of fal-ai/teed on the Hugging Face hub; it has no default.

    Example:
        - teed: {image: sketch.png, weights: 5_model.pth}
    """
    view = aux.DetectorInput(image, size, fit)
    return aux.run_detector(view, device, aux.required_weights(weights, _HUB, _FILE), _load, aux.draw_thin_edges)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("teed")
    return module.TEEDdetector(aux.ready(module.TED(), tensors, device))
