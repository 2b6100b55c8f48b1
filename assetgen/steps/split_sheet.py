"""Take a sheet of frames apart."""

from typing import Annotated

from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import ImageSet, Milliseconds
from assetgen.parts import adds, part
from assetgen.pixels.sheets import off_sheet

_Count = Annotated[int, Field(ge=1, le=64)]


@adds(frames=True)
@part(version=1, frames=True)
def split_sheet(
    images: ImageSet,
    *,
    rows: _Count = 1,
    columns: _Count = 4,
    names: tuple[str, ...] = (),
    duration: Milliseconds = 100,
) -> ImageSet:
    """Take a sheet with `rows` × `columns` frames of one size apart, row by row: an animation.

    - `names`: of the animations, one for each row; without names, all frames are one animation, `default`.
    - `duration`: of a frame, in milliseconds.

    Where the model card has a `sheet`, its rows, columns and names are the defaults. Pixels on the right and at the
    bottom that are left over by the division are cut off.

    Example:
        - split_sheet: {rows: 4, columns: 3, names: [down, left, right, up]}
    """
    if images.meta.frames:
        raise InputError("the images are an animation already", cure="Remove this step")
    if names and len(names) != rows:
        raise InputError(f"{len(names)} names for {rows} rows", cure="Name every row once")
    return off_sheet(images, rows, columns, names, duration)
