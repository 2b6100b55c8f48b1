"""A reference picture: the same character, object or style in another image."""

from typing import Annotated

from pydantic import Field

from assetgen.diffusion.sampling.request import on_white
from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image, to_uint8
from assetgen.parts import InputFile, part
from assetgen.pixels.image_files import read_image


@part(version=1)
def reference(
    *,
    image: InputFile | None = None,
    member: Annotated[str, Field(min_length=1)] | None = None,
    kind: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")] | None = None,
) -> ImageSet:
    """Draw what a picture shows: a file `image`, or the finished image of the asset `member` of the same pack.

    Models that take reference pictures (`references:` in their card) receive it as it is, on white where it is
    transparent; an asset may list several. Other models use their IP-Adapter or, without one, start from the picture
    (image-to-image with the `strength` of `diffusion`); `assetgen plan` states which. `kind` names the control of the
    model's card to use instead.

    Example:
        - reference: {image: hero.png}
    """
    if image is None:
        raise InputError("a reference needs a picture", cure="Set `image: FILE` or `member: ASSET`")
    return color_image(to_uint8(on_white(read_image(image.path))))
