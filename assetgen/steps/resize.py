"""Change the number of pixels."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from assetgen.errors import InputError
from assetgen.images import ImageSet, check_size, size_error
from assetgen.parts import part
from assetgen.steps._resample import resampled_channel, scaled_meta

_Side = Annotated[int, Field(ge=1, le=16384)]
_Size = Annotated[tuple[_Side, _Side], AfterValidator(check_size)]


@part(version=1)
def resize(
    images: ImageSet,
    *,
    size: _Size | None = None,
    width: _Side | None = None,
    height: _Side | None = None,
    scale: Annotated[float, Field(gt=0, le=64)] | None = None,
    filter: Literal["auto", "lanczos", "area", "nearest"] = "auto",
) -> ImageSet:
    """Resize every channel.

    - `size`: [width, height] in pixels; or
    - `width`, `height`: in pixels; one of them keeps the proportions; or
    - `scale`: a factor.
    - `filter`: `auto` is nearest for pixel art (use a whole-number scale there) and Lanczos for other images.

    Tiling images are filtered across the border and still tile. Colour is filtered with premultiplied alpha; normals
    keep unit length. Trim, regions and cell size in `meta` are scaled too.

    Example:
        - resize: {width: 256}
    """
    target = _target(images.size, size, (width, height), scale)
    if target == images.size:
        return images
    if error := size_error(target):
        raise InputError(error, cure="Choose a smaller size")
    method = filter if filter != "auto" else "nearest" if images.meta.pixel_art else "lanczos"
    tiles = images.meta.tiles or ""
    channels = {name: resampled_channel(array, target, method, tiles, name) for name, array in images.channels.items()}
    ratio = target[0] / images.size[0], target[1] / images.size[1]
    return ImageSet(channels, scaled_meta(images.meta, ratio, method))


def _target(
    now: tuple[int, int], size: tuple[int, int] | None, sides: tuple[int | None, int | None], scale: float | None
) -> tuple[int, int]:
    if sum((size is not None, sides != (None, None), scale is not None)) != 1:
        raise InputError("resize needs one of size, width/height and scale", cure="Write for example {width: 256}")
    if size:
        return size
    width, height = sides
    if width and height:
        return width, height
    factor = scale or (width / now[0] if width else (height or 0) / now[1])
    across, down = (max(1, round(side * factor)) for side in now)
    return width or across, height or down
