"""Images for any engine: PNG files, and for an atlas the JSON that most engines and loaders read."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from assetgen.exporters._channels import png_name, pngs
from assetgen.images import ImageSet, Region, Trim, page_channel
from assetgen.parts import Files, Use, part


@part(version=1)
def plain(images: ImageSet, name: str, *, use: Use = "sprite") -> Files:
    """Write `NAME.png`, `NAME_CHANNEL.png` for every other channel, and for an atlas `NAME.json`.

    The JSON is TexturePacker's "JSON (Hash)" (https://www.codeandweb.com/texturepacker/documentation): frames by member
    name, y downwards, pivots as fractions of the untrimmed image. Further pages of an atlas have a JSON file each,
    listed in `related_multi_packs` of the others. The files are the same for every `use`.

    Example:
        engine: plain
    """
    files = {png_name(name, channel): data for channel, data in pngs(images).items()}
    if images.meta.regions is not None:
        files |= _frames_json(images, images.meta.regions, name)
    return files


def _frames_json(images: ImageSet, regions: Mapping[str, Region], name: str) -> Iterator[tuple[str, bytes]]:
    """The path and the content of one JSON file for each page."""
    sheets = [page_channel("color", page) for page in sorted({region.page or 0 for region in regions.values()})]
    names = [png_name(name, sheet).removesuffix(".png") + ".json" for sheet in sheets]
    for page, sheet in enumerate(sheets):
        height, width = images[sheet].shape[:2]
        meta = {
            "app": "assetgen",
            "version": "1.0",
            "image": PurePosixPath(png_name(name, sheet)).name,
            "format": "RGBA8888",
            "size": {"w": width, "h": height},
            "scale": "1",
        }
        if len(sheets) > 1:
            meta["related_multi_packs"] = [PurePosixPath(each).name for each in names if each != names[page]]
        found = {member: region for member, region in sorted(regions.items()) if (region.page or 0) == page}
        yield names[page], _json({"frames": {member: _frame(each) for member, each in found.items()}, "meta": meta})


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _frame(region: Region) -> dict[str, object]:
    x, y, width, height = region.rect
    trim = region.trim or Trim((0, 0), (width, height))
    (left, top), (full_width, full_height) = trim.offset, trim.source_size
    return {
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
