"""A picture that is a control already: a tile, a scribble, a pose or a map that somebody drew."""

from typing import Annotated

from pydantic import Field

from assetgen.controls._fit import Fit, Size, padded, read_fitted
from assetgen.images import ImageSet, color_image
from assetgen.parts import InputFile, part


@part(version=1)
def picture(
    *,
    image: InputFile,
    kind: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")],
    size: Size = (512, 512),
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on a picture as it is, by the model's control of a `kind`: tile, scribble, openpose, normal, seg, …"""
    return color_image(padded(read_fitted(image, size, fit), size))
