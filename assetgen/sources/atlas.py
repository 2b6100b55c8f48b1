"""Pack many images into one texture, so that an engine draws them without changing textures."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, Meta, Region, split_alpha
from assetgen.parts import Context, part

_Rect = tuple[int, int, int, int]  # x, y, width, height
_GROWTH = 1.02  # factor between candidate side lengths: less than the gaps that packing leaves
_FLAT_NORMAL = (0.5, 0.5, 1.0)


@part(version=1, members=True)
def atlas(
    context: Context,
    *,
    padding: Annotated[int, Field(ge=0, le=64)] = 2,
    extrude: Annotated[int, Field(ge=0, le=16)] = 1,
    max_size: Annotated[int, Field(ge=16, le=8192)] = 4096,
    power_of_two: bool = False,
    square: bool = False,
) -> ImageSet:
    """Pack the images of other assets into one texture; `meta.regions` holds the rectangle of each.

    - `padding`: empty pixels between members.
    - `extrude`: how often edge pixels are repeated outwards, so that texture filtering mixes in no neighbour.
    - `max_size`: largest side in pixels.
    - `power_of_two`, `square`: constraints on the sides.

    Members are not rotated, scaled or trimmed. Their channels are kept; colour becomes RGBA. The result depends on the
    names and sizes of the members, not on their order.

    Example:
        items: {preset: atlas, members: ["potion_*"], atlas: {padding: 4}}
    """
    members = dict(sorted(context.members.items()))
    _check_members(members)
    frames = {name: _frame(images.size, extrude, padding) for name, images in members.items()}
    size, corners = _pack(frames, padding, max_size, power_of_two, square)
    rects = {name: (x + extrude, y + extrude, *members[name].size) for name, (x, y) in corners.items()}
    channels = {
        channel: _sheet({name: images[channel] for name, images in members.items()}, channel, size, rects, extrude)
        for channel in next(iter(members.values())).channels
    }
    regions = {name: Region(rects[name], images.meta.trim, images.meta.pivot) for name, images in members.items()}
    pixel_art = all(images.meta.pixel_art for images in members.values()) or None
    return ImageSet(channels, Meta(tiles="", regions=regions, pixel_art=pixel_art))


def _check_members(members: Mapping[str, ImageSet]) -> None:
    if not members:
        raise InputError("an atlas needs members", cure="Name them: `members: [hero, 'item_*']`")
    for (one, images), (other, others) in pairwise(members.items()):
        if _types(images) != _types(others):
            what = f"members '{one}' and '{other}' differ in their channels ({_types(images)} and {_types(others)})"
            raise InputError(what, cure="Put them on separate atlases")
    for name, images in members.items():
        for channel, array in images.channels.items():
            if array.shape[1::-1] != images.size:
                raise InputError(f"channel '{channel}' of member '{name}' has another size than its first one")


def _types(images: ImageSet) -> str:
    """Channels with their sample types; colour with and without alpha counts as equal."""
    parts = (
        f"{name} {array.dtype}" + (f" × {array.shape[2]}" if name != "color" else "")
        for name, array in sorted(images.channels.items())
    )
    return ", ".join(parts)


def _frame(size: tuple[int, int], extrude: int, padding: int) -> tuple[int, int]:
    """Size of a member with its extruded edges and the gap to its right and below."""
    width, height = size
    return width + 2 * extrude + padding, height + 2 * extrude + padding


def _pack(
    frames: Mapping[str, tuple[int, int]], padding: int, max_size: int, power_of_two: bool, square: bool
) -> tuple[tuple[int, int], dict[str, tuple[int, int]]]:
    """Size of the smallest sheet that holds all frames, and the top left corner of each frame."""
    for width, height in _sheet_sizes(frames, padding, max_size, power_of_two, square):
        corners = _place_frames(frames, width + padding, height + padding)
        if corners is None:
            continue
        if not power_of_two:
            width = max(x + frames[name][0] for name, (x, _) in corners.items()) - padding
            height = max(y + frames[name][1] for name, (_, y) in corners.items()) - padding
        if square:
            width = height = max(width, height)
        return (width, height), corners
    name = max(frames, key=lambda member: max(frames[member]))
    what = f"{len(frames)} members do not fit on {max_size} × {max_size} pixels (the largest is '{name}')"
    raise InputError(what, cure="Raise max_size, or split the atlas")


def _sheet_sizes(
    frames: Mapping[str, tuple[int, int]], padding: int, max_size: int, power_of_two: bool, square: bool
) -> Iterator[tuple[int, int]]:
    """Candidate sizes, ordered by area, then by aspect ratio (square first)."""
    widest, tallest = (max(frame[axis] for frame in frames.values()) - padding for axis in (0, 1))
    area = sum(width * height for width, height in frames.values())
    sides = [2**power for power in range(max_size.bit_length())] if power_of_two else _growing_sides(area, max_size)
    sizes = {(width, height) for width in sides for height in sides if width == height or not square}
    if not power_of_two:
        sizes = {(max(width, widest), max(height, tallest)) for width, height in sizes if width == height}
    fitting = [
        (width, height)
        for width, height in sizes
        if widest <= width <= max_size and tallest <= height <= max_size
        if (width + padding) * (height + padding) >= area
    ]
    yield from sorted(fitting, key=lambda size: (size[0] * size[1], abs(size[0] - size[1]), size))


def _growing_sides(area: int, max_size: int) -> list[int]:
    sides = [max(1, int(area**0.5))]
    while sides[-1] < max_size:
        sides.append(min(max_size, int(sides[-1] * _GROWTH) + 1))
    return sides


def _place_frames(frames: Mapping[str, tuple[int, int]], width: int, height: int) -> dict[str, tuple[int, int]] | None:
    """Top left corners by MaxRects, best short side fit, large frames first (Jylänki 2010); None if they do not fit."""
    import rectpack

    order = sorted(frames, key=lambda name: (-max(frames[name]), -min(frames[name]), name))
    packer = rectpack.newPacker(mode=rectpack.PackingMode.Online, pack_algo=rectpack.MaxRectsBssf, rotation=False)
    packer.add_bin(width, height)
    for name in order:
        packer.add_rect(*frames[name], rid=name)
    corners = {name: (x, y) for _, x, y, _, _, name in packer.rect_list()}
    return corners if len(corners) == len(frames) else None


def _sheet(
    arrays: Mapping[str, Array], channel: str, size: tuple[int, int], rects: Mapping[str, _Rect], extrude: int
) -> Array:
    """One channel of all members on an empty sheet (for normals: a flat one)."""
    first = next(iter(arrays.values()))
    depth = 4 if channel == "color" else first.shape[2]
    sheet = np.zeros((size[1], size[0], depth), first.dtype)
    if channel == "normal":
        top = 1 if first.dtype == np.float32 else np.iinfo(first.dtype).max
        sheet[..., :3] = np.round(np.array(_FLAT_NORMAL) * top) if top > 1 else _FLAT_NORMAL
    for name, array in arrays.items():
        x, y, width, height = rects[name]
        pixels = np.concatenate(split_alpha(array), axis=2) if channel == "color" else array
        around = np.pad(pixels, ((extrude, extrude), (extrude, extrude), (0, 0)), mode="edge")
        sheet[y - extrude : y + height + extrude, x - extrude : x + width + extrude] = around
    return sheet
