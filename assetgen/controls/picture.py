"""A ready control image: a tile, a scribble, a pose or a map."""

from typing import Annotated

from pydantic import Field

from assetgen.controls._fit import ControlSize, Fit, pad_to_size, read_fitted
from assetgen.images import ImageSet, color_image
from assetgen.parts import InputFile, part


@part(version=1)
def picture(
    *,
    image: InputFile,
    kind: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")],
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on an image as it is, with the model's control network of a `kind`.

    `kind` is a key under `controls` in the model card: tile, scribble, openpose, normal, seg, …

    Example:
        - picture: {image: skeleton.png, kind: openpose}
    """
    return color_image(pad_to_size(read_fitted(image, size, fit), size))
