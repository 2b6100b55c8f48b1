"""Sequences as engines and pages show them: all frames on one sheet, and the animations that they make."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from assetgen.errors import InputError
from assetgen.images import Array, Frames, ImageSet, Region, Tag, frame_names, page_channel, sequence

MAX_SIDE = 16_384
"""Pixels: the largest side of a texture on current graphics cards (Direct3D 11, feature level 11.0)."""
_LONGEST = 2  # a sheet has at most this aspect ratio where another layout exists


def animations(frames: Frames) -> tuple[Tag, ...]:
    """The tags of a sequence; without any, one animation of all frames, `default`."""
    return frames.tags or (Tag("default", 0, len(frames.durations) - 1),)


def animation_names(member: str, frames: Frames) -> dict[str, Tag]:
    """The animations of an atlas's member by their names in the atlas: `hero`, or of several `hero_TAG`; without a
    member, the tags by their own names."""
    tags = animations(frames)
    if member and len(tags) == 1:
        return {member: tags[0]}
    return {f"{member}_{tag.name}" if member else tag.name: tag for tag in tags}


def member_animation(atlas: ImageSet, name: str, frames: Frames) -> ImageSet:
    """The sequence that a member of an atlas was: the colour of its frames, each where it lay before it was trimmed."""
    regions = [(atlas.meta.regions or {})[each] for each in frame_names(name, frames)]
    corners = [region.trim.offset if region.trim else (0, 0) for region in regions]
    left, top = (min(corner[axis] for corner in corners) for axis in (0, 1))
    right, bottom = (
        max(corner[axis] + region.rect[2 + axis] for corner, region in zip(corners, regions, strict=True))
        for axis in (0, 1)
    )
    stills = []
    for (x, y), region in zip(corners, regions, strict=True):
        (column, row, width, height), color = region.rect, atlas[page_channel("color", region.page or 0)]
        still = np.zeros((bottom - top, right - left, color.shape[2]), color.dtype)
        still[y - top : y - top + height, x - left : x - left + width] = color[
            row : row + height, column : column + width
        ]
        stills.append(ImageSet({"color": still}))
    return sequence(stills, frames)


def on_sheet(images: ImageSet) -> ImageSet:
    """The frames of a sequence in rows from left to right and top to bottom, as an atlas.

    `meta.regions` holds the frames by their number, "0", "1", …; cells without a frame are 0 in every channel. Raises
    `InputError` where a side would be longer than `MAX_SIDE`.
    """
    stills = images.frames
    width, height = stills[0].size
    columns = sheet_columns(len(stills), width, height)
    channels = {name: _grid([still[name] for still in stills], columns) for name in images.channels}
    meta = stills[0].meta
    regions = {
        str(number): Region(
            (number % columns * width, number // columns * height, width, height), meta.trim, meta.pivot
        )
        for number in range(len(stills))
    }
    return ImageSet(channels, replace(meta, regions=regions))


def off_sheet(images: ImageSet, rows: int, columns: int, names: Sequence[str], duration: int) -> ImageSet:
    """The frames of a sheet with cells of one size, row by row; each is shown for `duration` milliseconds.

    Each row is an animation where `names` has one for each; else all frames are one, `default`. Raises `InputError` for
    a sheet with fewer pixels than cells.
    """
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


def sheet_columns(count: int, width: int, height: int) -> int:
    """Columns of the sheet with the fewest empty cells among those that are nearly square."""
    sides = {columns: (columns * width, ceil(count / columns) * height) for columns in range(1, count + 1)}
    fitting = {columns: size for columns, size in sides.items() if max(size) <= MAX_SIDE}
    if not fitting:
        what = f"{count} frames of {width} × {height} pixels do not fit on a sheet of {MAX_SIDE} × {MAX_SIDE}"
        raise InputError(what, cure="Make the frames smaller, or split the animation")
    square = {columns: size for columns, size in fitting.items() if max(size) <= _LONGEST * min(size)}
    if square:
        return min(square, key=lambda columns: (columns * ceil(count / columns), max(square[columns]), -columns))
    return min(fitting, key=lambda columns: (max(fitting[columns]), -columns))


def _grid(arrays: list[Array], columns: int) -> Array:
    height, width, depth = arrays[0].shape
    sheet = np.zeros((ceil(len(arrays) / columns) * height, columns * width, depth), arrays[0].dtype)
    for number, array in enumerate(arrays):
        y, x = number // columns * height, number % columns * width
        sheet[y : y + height, x : x + width] = array
    return sheet
