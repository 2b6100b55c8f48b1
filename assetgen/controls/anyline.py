"""Anyline: thin edges and line art."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_HUB, _FILE = "TheMistoAI/MistoLine", "Anyline/MTEED.pth"


@part(version=1, detector=Detector("lineart", "OpenRAIL++", "https://huggingface.co/TheMistoAI/MistoLine"))
def anyline(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights | None = None,
) -> ImageSet:
    """Condition on the edges and lines of an image (Anyline, the detector that MistoLine was trained with).

    `weights` is the file Anyline/MTEED.pth of TheMistoAI/MistoLine on the Hugging Face hub; it has no default.

    Example:
        - anyline: {image: sketch.png, weights: Anyline/MTEED.pth}
    """
    view = aux.DetectorInput(image, size, fit)
    return aux.run_detector(view, device, aux.required_weights(weights, _HUB, _FILE), _load, aux.draw_thin_edges)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("anyline")
    return module.AnylineDetector(aux.ready(module.TED(), tensors, device))
