"""Crop or enlarge the canvas of an image set, with its trim, pivot and regions."""

from dataclasses import dataclass, replace

import numpy as np

from assetgen.errors import InputError
from assetgen.images import (
    Array,
    Borders,
    ImageSet,
    Meta,
    Region,
    Trim,
    is_colored,
    size_error,
    split_alpha,
)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; it may extend beyond the image."""

    left: int
    top: int
    width: int
    height: int


def visible_box(alpha: Array) -> Box | None:
    """Bounding box of the pixels with alpha above 0; None if there is none."""
    seen = alpha[..., 0] > 0
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    if not rows.size:
        return None
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def visible_part(images: ImageSet) -> Box | None:
    """Bounding box of the pixels that are visible in any frame; None if there is none."""
    return visible_box(np.maximum.reduce([split_alpha(frame["color"])[1] for frame in images.frames]))


def on_canvas(images: ImageSet, box: Box) -> ImageSet:
    """Crop or enlarge every channel to `box`, in every frame. New pixels repeat the edge and are transparent.

    Raises `InputError` if the result is too large.
    """
    return images.each(lambda frame: _still_on_canvas(frame, box))


def _still_on_canvas(images: ImageSet, box: Box) -> ImageSet:
    if error := size_error((box.width, box.height)):
        raise InputError(error, cure="Put `resize` before this step")
    width, height = images.size
    if box == Box(0, 0, width, height):
        return ImageSet(images.channels, _moved(images, box, images.meta.tiles or ""))
    rows = np.arange(box.top, box.top + box.height)
    columns = np.arange(box.left, box.left + box.width)
    beyond = ~(((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None])
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    channels = {name: array[rows][:, columns] for name, array in images.channels.items()}
    for name in filter(is_colored, images.channels):
        rgb, alpha = (np.array(array) for array in split_alpha(channels[name]))
        alpha[beyond] = 0
        channels[name] = np.concatenate([rgb, alpha], axis=2)
    return ImageSet(channels, _moved(images, box, ""))


def _moved(images: ImageSet, box: Box, tiles: str) -> Meta:
    """Metadata in pixels of the new canvas."""
    (width, height), meta = images.size, images.meta
    trim, pivot, regions = meta.trim or Trim((0, 0), images.size), meta.pivot, meta.regions
    return replace(
        meta,
        tiles=tiles,
        trim=replace(trim, offset=(trim.offset[0] + box.left, trim.offset[1] + box.top)),
        pivot=pivot and ((pivot[0] * width - box.left) / box.width, (pivot[1] * height - box.top) / box.height),
        regions=regions and {name: _shifted(region, box) for name, region in regions.items()},
        borders=meta.borders and _moved_borders(meta.borders, box, images.size),
    )


def _moved_borders(borders: Borders, box: Box, size: tuple[int, int]) -> Borders:
    left, top, right, bottom = borders
    beyond = box.left + box.width - size[0], box.top + box.height - size[1]
    return max(0, left - box.left), max(0, top - box.top), max(0, right + beyond[0]), max(0, bottom + beyond[1])


def _shifted(region: Region, box: Box) -> Region:
    x, y, width, height = region.rect
    return replace(region, rect=(x - box.left, y - box.top, width, height))
