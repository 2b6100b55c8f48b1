"""Learned line art of a picture: fine lines. See `lineart` for one that needs no weights."""

from assetgen.controls._detector import View, Weights, annotators
from assetgen.controls._fit import Fit, Size
from assetgen.controls._informative import DETECTOR, informative_drawing
from assetgen.images import ImageSet
from assetgen.parts import InputFile, part

WEIGHTS = annotators("sk_model.pth")


@part(version=1, detector=DETECTOR)
def lineart_realistic(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on a line drawing of a picture, fine lines (Chan and others, 2022, "informative drawings")."""
    return informative_drawing(View(image, size, fit), device, weights)
