"""Learned line art with fine lines. The control `lineart` needs no weights."""

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.controls._informative import DETECTOR, load_informative
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part

_WEIGHTS = aux.annotators_file("sk_model.pth")


@part(version=1, detector=DETECTOR)
def lineart_realistic(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on a line drawing of an image with fine lines ("informative drawings"; Chan and others, 2022).

    Example:
        - lineart_realistic: {image: photo.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, load_informative)
