"""Pack many images into one texture, so that an engine draws them without changing textures."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import MAX_PIXELS, Array, ImageSet, Meta, Region, Trim, frame_names, page_channel, split_alpha
from assetgen.parts import Context, part
from assetgen.sources._maxrects import Page, PageLimits, pack_pages

_FLAT_NORMAL = (0.5, 0.5, 1.0)


@part(version=3, members=True)
def atlas(
    context: Context,
    *,
    padding: Annotated[int, Field(ge=0, le=64)] = 2,
    extrude: Annotated[int, Field(ge=0, le=16)] = 1,
    max_size: Annotated[int, Field(ge=16, le=16384)] = 4096,
    pages: Annotated[int, Field(ge=1, le=16)] = 1,
    power_of_two: bool = False,
    square: bool = False,
    trim: bool = False,
    added: tuple[tuple[str, ...], ...] = (),
) -> ImageSet:
    """Pack the images of other assets into one texture; `meta.regions` holds the rectangle of each.

    - `padding`: empty pixels between members.
    - `extrude`: how often edge pixels are repeated outwards, so that texture filtering mixes in no neighbour.
    - `max_size`: largest side in pixels. A page has at most 67,108,864 pixels (8192 × 8192) whatever its sides.
    - `pages`: the most textures. The second and later ones are the channels `page1`, `normal_page1`, …
    - `power_of_two`, `square`: constraints on the sides.
    - `trim`: leave out the transparent border of each member. Engines restore it from `meta.regions`.
    - `added`: names of members that were added later, one list for each time. They are packed around the others, which
      keep their places. Builds fill it from the lock; `added: []` packs everything anew.

    The frames of an animation are packed one by one, as `hero_0`, `hero_1`, …; `meta.animations` holds their timing.

    Packing is MaxRects (Jylänki 2010, best short side fit, large members first). Members are not rotated or scaled.
    Their channels are kept; colour becomes RGBA. The result depends on the names and sizes of the members and on
    `added`, not on their order. A member that changes its size, or leaves, may move others.

    Example:
        items: {preset: atlas, members: ["potion_*"], atlas: {padding: 4, pages: 4}}
    """
    members = _stills(context.members)
    _check_members(members)
    members = {name: _trimmed(images) if trim else images for name, images in members.items()}
    limits = PageLimits(max_size, pages, padding, power_of_two, square)
    later = [[each for name in names for each in _names(name, context.members.get(name))] for names in added]
    packed = _packed(members, later, 2 * extrude + padding, limits)
    channels, regions = {}, {}
    for number, page in enumerate(packed):
        rects = {name: (x + extrude, y + extrude, *members[name].size) for name, (x, y, _, _) in page.rects.items()}
        for channel in next(iter(members.values())).channels:
            arrays = {name: members[name][channel] for name in rects}
            sheet = _sheet(arrays, channel, page.trimmed_size(limits), rects, extrude)
            channels[page_channel(channel, number)] = sheet
        for name, rect in rects.items():
            meta = members[name].meta
            regions[name] = Region(rect, meta.trim, meta.pivot, number or None, meta.borders)
    return ImageSet(channels, _meta(context.members, dict(sorted(regions.items()))))


def _meta(members: Mapping[str, ImageSet], regions: Mapping[str, Region]) -> Meta:
    animations = {name: images.meta.frames for name, images in sorted(members.items()) if images.meta.frames}
    pixel_art = all(images.meta.pixel_art for images in members.values()) or None
    return Meta(tiles="", regions=regions, animations=animations or None, pixel_art=pixel_art)


def _stills(members: Mapping[str, ImageSet]) -> dict[str, ImageSet]:
    """The members by name, with a still for each frame of an animation. Raises `InputError` for a name of two."""
    found: dict[str, ImageSet] = {}
    for name, images in sorted(members.items()):
        stills = dict(zip(_names(name, images), images.frames, strict=True))
        if double := sorted(found.keys() & stills.keys()):
            raise InputError(f"a frame and another member are both named '{double[0]}'", cure="Rename one of them")
        found |= stills
    return found


def _names(name: str, images: ImageSet | None) -> list[str]:
    """The names of a member's images: its own, or for an animation one for each frame."""
    return frame_names(name, images.meta.frames) if images and images.meta.frames else [name]


def _check_members(members: Mapping[str, ImageSet]) -> None:
    if not members:
        raise InputError("an atlas needs members", cure="Name them: `members: [hero, 'item_*']`")
    for (one, images), (other, others) in pairwise(members.items()):
        if _types(images) != _types(others):
            what = f"members '{one}' and '{other}' differ in their channels ({_types(images)} and {_types(others)})"
            raise InputError(what, cure="Put them on separate atlases")
    for name, images in members.items():
        if images.meta.regions:
            raise InputError(f"the member '{name}' is an atlas itself", cure="List its members instead")
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


def _trimmed(images: ImageSet) -> ImageSet:
    """A member without its transparent border; one without visible pixels, or with nine-slice margins, is unchanged."""
    seen = split_alpha(images["color"])[1][..., 0] > 0 if "color" in images else np.zeros((0, 0), bool)
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    if not rows.size or images.meta.borders:
        return images
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    (width, height), meta = images.size, images.meta
    before = meta.trim or Trim((0, 0), (width, height))
    offset = before.offset[0] + left, before.offset[1] + top
    cut = images.map(lambda array: array[top:bottom, left:right]).with_meta(trim=Trim(offset, before.source_size))
    if meta.pivot is None:
        return cut
    x, y = meta.pivot
    return cut.with_meta(pivot=((x * width - left) / (right - left), (y * height - top) / (bottom - top)))


def _packed(
    members: Mapping[str, ImageSet], added: Sequence[Sequence[str]], margin: int, limits: PageLimits
) -> list[Page]:
    """The pages with all members. Raises `InputError` where they do not fit."""
    frames = {name: (images.size[0] + margin, images.size[1] + margin) for name, images in members.items()}
    turn = {name: number for number, names in enumerate(added, 1) for name in names}
    turns = groupby(sorted(frames, key=lambda name: turn.get(name, 0)), key=lambda name: turn.get(name, 0))
    pages = pack_pages([{name: frames[name] for name in names} for _, names in turns], limits)
    if sum(len(page.rects) for page in pages) == len(frames):
        return pages
    name = max(frames, key=lambda member: max(frames[member]))
    sheet = f"{limits.pages} pages of " if limits.pages > 1 else ""
    bound = f" and {MAX_PIXELS:,} pixels each" if limits.max_size**2 > MAX_PIXELS else " pixels"
    what = f"{len(frames)} members do not fit on {sheet}{limits.max_size} × {limits.max_size}{bound}"
    raise InputError(f"{what} (the largest is '{name}')", cure="Raise max_size or pages, or split the atlas")


def _sheet(
    arrays: Mapping[str, Array],
    channel: str,
    size: tuple[int, int],
    rects: Mapping[str, tuple[int, int, int, int]],
    extrude: int,
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
