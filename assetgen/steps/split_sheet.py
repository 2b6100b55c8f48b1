"""Take a sheet of frames apart."""

from typing import Annotated

from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Frames, ImageSet, Milliseconds, Tag, sequence
from assetgen.parts import adds, part

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

    Pixels on the right and at the bottom that are left over by the division are cut off.

    Example:
        - split_sheet: {rows: 4, columns: 3, names: [down, left, right, up]}
    """
    if images.meta.frames:
        raise InputError("the images are an animation already", cure="Remove this step")
    if names and len(names) != rows:
        raise InputError(f"{len(names)} names for {rows} rows", cure="Name every row once")
    width, height = images.size[0] // columns, images.size[1] // rows
    if not (width and height):
        across, down = images.size
        raise InputError(f"a sheet of {across} × {down} pixels has no {columns} × {rows} frames")
    corners = [(x * width, y * height) for y in range(rows) for x in range(columns)]
    frames = [_cut(images, slice(x, x + width), slice(y, y + height)) for x, y in corners]
    tags = [Tag(name, row * columns, (row + 1) * columns - 1) for row, name in enumerate(names)]
    timing = Frames((duration,) * len(frames), tuple(tags) or (Tag("default", 0, len(frames) - 1),))
    return sequence(frames, timing).with_meta(tiles=None, trim=None, pivot=None)


def _cut(images: ImageSet, columns: slice, rows: slice) -> ImageSet:
    return images.map(lambda array: array[rows, columns])
