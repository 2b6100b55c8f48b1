"""The sprites of a texture, as the engines that slice textures need them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assetgen.errors import InputError
from assetgen.exporters._channels import tileset_of
from assetgen.images import Borders, ImageSet, Region, is_colored
from assetgen.pixels.sheets import MAX_SIDE

_PAGE = re.compile(r"(?:.+_)?page(\d+)")


@dataclass(frozen=True)
class Sprite:
    """A rectangle of a texture. `rect` is x, y, width, height, and `pivot` a share of it, both from the top left."""

    name: str
    rect: tuple[int, int, int, int]
    pivot: tuple[float, float] | None = None
    borders: Borders | None = None


def sprites_on(images: ImageSet, channel: str, base: str, names: Mapping[str, str]) -> list[Sprite]:
    """The tiles, members or frames on a colour channel; none on other channels and on a single image.

    `names` holds the names of members and frames; tiles are `base` with their number.
    """
    if not is_colored(channel):
        return []
    if tileset := tileset_of(images):
        places = [(*tileset.origin(number), *tileset.tile_size) for number in range(len(tileset.tiles))]
        return [Sprite(f"{base}_{number}", place) for number, place in enumerate(places)]
    regions = images.meta.regions or {}
    return [
        Sprite(name, regions[key].rect, _pivot(regions[key]), regions[key].borders)
        for key, name in names.items()
        if (regions[key].page or 0) == page_of(channel)
    ]


def page_of(channel: str) -> int:
    """The page of an atlas that a channel is on."""
    found = _PAGE.fullmatch(channel)
    return int(found[1]) if found else 0


def _pivot(region: Region) -> tuple[float, float] | None:
    """The pivot of a member; without one, the centre of what it was cut from, so that frames stay in their place."""
    if region.pivot or not region.trim:
        return region.pivot
    (left, top), (full_width, full_height) = region.trim.offset, region.trim.source_size
    return (full_width / 2 - left) / region.rect[2], (full_height / 2 - top) / region.rect[3]


def engine_names(names: Collection[str], what: str, engine: str, unsafe: re.Pattern[str]) -> dict[str, str]:
    """Names as an engine allows them. `what` they are names of. Raises `InputError` where two become equal."""
    safe = {name: unsafe.sub("_", name) for name in names}
    if len({each.casefold() for each in safe.values()}) < len(names):
        cure = "Rename one of the two"
        raise InputError(f"two {what} have the same name in {engine}: {', '.join(names)}", cure=cure)
    return safe


def check_texture_sizes(images: ImageSet, engine: str, largest: int = MAX_SIDE) -> None:
    """Raise `InputError` for a channel with more pixels a side than an engine, or the format of a file, allows."""
    for channel, array in images.channels.items():
        height, width = array.shape[:2]
        if max(width, height) > largest:
            what = f"channel '{channel}' has {width} × {height} pixels; {engine} reads at most {largest} a side"
            raise InputError(what, cure="Make it smaller, for example with the step `resize`")
