"""The JSON that most engines and loaders read beside a sheet: TexturePacker's "JSON (Hash)" with Aseprite's timing.

Formats: https://www.codeandweb.com/texturepacker/documentation, https://www.aseprite.org/docs/cli/#data
"""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from assetgen.exporters._channels import png_name
from assetgen.images import Frames, ImageSet, Region, Tag, Trim, page_channel
from assetgen.pixels.sheets import animations


def sheet_json(images: ImageSet, name: str, frames: Frames | None = None) -> Iterator[tuple[str, bytes]]:
    """The path and the content of one JSON file for each page of an atlas, or of the sheet of a sequence."""
    regions = images.meta.regions or {}
    regions = regions if frames else dict(sorted(regions.items()))
    sheets = [page_channel("color", page) for page in sorted({region.page or 0 for region in regions.values()})]
    names = [png_name(name, sheet).removesuffix(".png") + ".json" for sheet in sheets]
    for page, sheet in enumerate(sheets):
        height, width = images[sheet].shape[:2]
        meta: dict[str, object] = {
            "app": "assetgen",
            "version": "1.0",
            "image": PurePosixPath(png_name(name, sheet)).name,
            "format": "RGBA8888",
            "size": {"w": width, "h": height},
            "scale": "1",
        }
        if len(sheets) > 1:
            meta["related_multi_packs"] = [PurePosixPath(each).name for each in names if each != names[page]]
        found = {member: _frame(region) for member, region in regions.items() if (region.page or 0) == page}
        yield names[page], _json(_timed(found, meta, frames) if frames else {"frames": found, "meta": meta})


def as_region(images: ImageSet, member: str) -> ImageSet:
    """An image as the only member of an atlas, for `sheet_json`."""
    meta = images.meta
    return images.with_meta(regions={member: Region((0, 0, *images.size), meta.trim, meta.pivot, borders=meta.borders)})


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _timed(found: dict[str, dict[str, object]], meta: dict[str, object], frames: Frames) -> dict[str, object]:
    """With durations in milliseconds and tags as Aseprite writes them, and `animations` and `anchor` for Pixi."""
    tags = animations(frames)
    timed = {
        number: {**frame, "anchor": frame["pivot"], "duration": duration}
        for (number, frame), duration in zip(found.items(), frames.durations, strict=True)
    }
    names = {tag.name: [str(number) for number in range(tag.first, tag.last + 1)] for tag in tags}
    return {"frames": timed, "animations": names, "meta": {**meta, "frameTags": [_tag(tag) for tag in tags]}}


def _tag(tag: Tag) -> dict[str, object]:
    once = {} if tag.loop else {"repeat": "1"}
    return {"name": tag.name, "from": tag.first, "to": tag.last, "direction": "forward", **once, "color": "#000000ff"}


def _frame(region: Region) -> dict[str, object]:
    x, y, width, height = region.rect
    trim = region.trim or Trim((0, 0), (width, height))
    (left, top), (full_width, full_height) = trim.offset, trim.source_size
    borders = dict(zip(("left", "top", "right", "bottom"), region.borders, strict=True)) if region.borders else None
    return ({"borders": borders} if borders else {}) | {
        "frame": {"x": x, "y": y, "w": width, "h": height},
        "rotated": False,
        "trimmed": (width, height) != (full_width, full_height),
        "spriteSourceSize": {"x": left, "y": top, "w": width, "h": height},
        "sourceSize": {"w": full_width, "h": full_height},
        "pivot": _pivot(region.pivot, (left, top, width, height), (full_width, full_height)),
    }


def _pivot(
    pivot: tuple[float, float] | None, visible: tuple[int, int, int, int], full: tuple[int, int]
) -> dict[str, float]:
    """A pivot of the visible part as fractions of the untrimmed image; without one, the centre."""
    if pivot is None:
        return {"x": 0.5, "y": 0.5}
    left, top, width, height = visible
    return {"x": (left + pivot[0] * width) / full[0], "y": (top + pivot[1] * height) / full[1]}
