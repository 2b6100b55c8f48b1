"""The JSON that most engines and loaders read beside a sheet: TexturePacker's "JSON (Hash)" with Aseprite's timing.

Formats: https://www.codeandweb.com/texturepacker/documentation, https://www.aseprite.org/docs/cli/#data
"""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np

from assetgen.exporters._channels import png_name, texture_name
from assetgen.images import Array, Frames, ImageSet, Region, Tag, Trim, frame_names, page_channel
from assetgen.pixels.outlines import outline_mesh
from assetgen.pixels.sheets import animation_names
from assetgen.pixels.texture_files import Textures

_Json = dict[str, object]
_Timed = tuple[str, list[str], Frames]
"""What precedes the names of an animation's tags, the names of its regions, and its timing."""


def sheet_json(
    images: ImageSet, name: str, frames: Frames | None, textures: Textures[str] | None, *, polygons: bool
) -> Iterator[tuple[str, bytes]]:
    """The path and the content of one JSON file for each page of an atlas, or of the sheet of a sequence.

    With `polygons` each frame has a mesh around what it shows. Of the animations of an atlas, a page lists those whose
    frames are all on it.
    """
    regions = images.meta.regions or {}
    regions = regions if frames else dict(sorted(regions.items()))
    sheets = [page_channel("color", page) for page in sorted({region.page or 0 for region in regions.values()})]
    names = [png_name(name, sheet).removesuffix(".png") + ".json" for sheet in sheets]
    timed = [("", list(regions), frames)] if frames else list(_members(images))
    for page, sheet in enumerate(sheets):
        meta = _meta(images, texture_name(name, sheet, textures), sheet)
        if len(sheets) > 1:
            meta["related_multi_packs"] = [PurePosixPath(each).name for each in names if each != names[page]]
        there = {member: region for member, region in regions.items() if (region.page or 0) == page}
        found = {member: _frame(region, anchored=bool(frames or region.pivot)) for member, region in there.items()}
        if polygons:
            found = {member: frame | _polygon(images[sheet], there[member]) for member, frame in found.items()}
        yield names[page], _json(_document(found, meta, [each for each in timed if found.keys() >= set(each[1])]))


def region_json(images: ImageSet, name: str, textures: Textures[str] | None) -> dict[str, bytes]:
    """The path and the content of the JSON of a single image, as its only region."""
    title, meta = PurePosixPath(name).name, images.meta
    region = Region((0, 0, *images.size), meta.trim, meta.pivot, borders=meta.borders)
    return {
        f"{name}.json": _json(
            {"frames": {title: _frame(region)}, "meta": _meta(images, texture_name(name, "color", textures), "color")}
        )
    }


def _members(images: ImageSet) -> Iterator[_Timed]:
    for name, frames in (images.meta.animations or {}).items():
        yield name, frame_names(name, frames), frames


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _meta(images: ImageSet, file: str, sheet: str) -> _Json:
    height, width = images[sheet].shape[:2]
    return {
        "app": "assetgen",
        "version": "1.0",
        "image": PurePosixPath(file).name,
        "format": "RGBA8888",
        "size": {"w": width, "h": height},
        "scale": "1",
    }


def _document(found: dict[str, _Json], meta: _Json, timed: list[_Timed]) -> _Json:
    """With durations in milliseconds and tags as Aseprite writes them, and `animations` for Pixi."""
    order = {name: number for number, name in enumerate(found)}
    shown: dict[str, list[str]] = {}
    tags: list[_Json] = []
    for prefix, names, frames in timed:
        for name, duration in zip(names, frames.durations, strict=True):
            found[name]["duration"] = duration
        for title, tag in animation_names(prefix, frames).items():
            shown[title] = names[tag.first : tag.last + 1]
            first, last = order[shown[title][0]], order[shown[title][-1]]
            if last - first == tag.last - tag.first:  # no member's name lies between those of the frames
                tags.append(_tag(title, first, last, tag))
    if not timed:
        return {"frames": found, "meta": meta}
    return {"frames": found, "animations": shown, "meta": {**meta, "frameTags": tags}}


def _tag(title: str, first: int, last: int, tag: Tag) -> _Json:
    once = {} if tag.loop else {"repeat": "1"}
    return {"name": title, "from": first, "to": last, "direction": "forward", **once, "color": "#000000ff"}


def _frame(region: Region, *, anchored: bool = False) -> _Json:
    """One region. Pixi places a sprite by its `anchor`, others by `pivot`: both are fractions of the whole image."""
    x, y, width, height = region.rect
    trim = region.trim or Trim((0, 0), (width, height))
    (left, top), (full_width, full_height) = trim.offset, trim.source_size
    borders = dict(zip(("left", "top", "right", "bottom"), region.borders, strict=True)) if region.borders else None
    pivot = _pivot(region.pivot, (left, top, width, height), (full_width, full_height))
    return ({"borders": borders} if borders else {}) | {
        "frame": {"x": x, "y": y, "w": width, "h": height},
        "rotated": False,
        "trimmed": (width, height) != (full_width, full_height),
        "spriteSourceSize": {"x": left, "y": top, "w": width, "h": height},
        "sourceSize": {"w": full_width, "h": full_height},
        "pivot": pivot,
        **({"anchor": pivot} if anchored else {}),
    }


def _polygon(sheet: Array, region: Region) -> _Json:
    """The mesh of a region as TexturePacker writes it: `vertices` in the whole image, `verticesUV` in the sheet."""
    x, y, width, height = region.rect
    left, top = region.trim.offset if region.trim else (0, 0)
    vertices, triangles = outline_mesh(sheet[y : y + height, x : x + width])
    return {
        "vertices": (vertices + np.array((left, top))).tolist(),
        "verticesUV": (vertices + np.array((x, y))).tolist(),
        "triangles": triangles.tolist(),
    }


def _pivot(
    pivot: tuple[float, float] | None, visible: tuple[int, int, int, int], full: tuple[int, int]
) -> dict[str, float]:
    """A pivot of the visible part as fractions of the untrimmed image; without one, the centre."""
    if pivot is None:
        return {"x": 0.5, "y": 0.5}
    left, top, width, height = visible
    return {"x": (left + pivot[0] * width) / full[0], "y": (top + pivot[1] * height) / full[1]}
