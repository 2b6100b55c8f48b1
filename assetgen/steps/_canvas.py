"""A picture on another canvas: cut, or enlarged by transparent pixels; trim and pivot go along."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, split_alpha, too_large


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; it may reach beyond the picture."""

    left: int
    top: int
    width: int
    height: int


def visible_box(alpha: Array) -> Box | None:
    """The smallest box around what is not wholly transparent; None where nothing is seen."""
    seen = alpha[..., 0] > 0
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    if not rows.size:
        return None
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def on_canvas(images: ImageSet, box: Box) -> ImageSet:
    """Every channel cut or enlarged to `box`; what is added repeats the edge and is transparent.

    Raises `InputError` where the picture would be too large.
    """
    if why := too_large((box.width, box.height)):
        raise InputError(why, cure="Put `resize` before this step")
    width, height = images.size
    if box == Box(0, 0, width, height):
        return images.noting(**_moved(images, box) | {"tiles": images.meta.get("tiles", "")})
    rows = np.arange(box.top, box.top + box.height)
    columns = np.arange(box.left, box.left + box.width)
    beyond = ~(((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None])
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    channels = {name: array[rows][:, columns] for name, array in images.channels.items()}
    rgb, alpha = (np.array(array) for array in split_alpha(channels["color"]))
    alpha[beyond] = 0
    channels["color"] = np.concatenate([rgb, alpha], axis=2)
    return ImageSet(channels, {**images.meta, **_moved(images, box)})


def _moved(images: ImageSet, box: Box) -> dict[str, object]:
    width, height = images.size
    known = images.meta.get("trim", {"offset": [0, 0], "source_size": [width, height]})
    left, top = known["offset"]
    moved: dict[str, object] = {"tiles": "", "trim": {**known, "offset": [left + box.left, top + box.top]}}
    if "pivot" in images.meta:
        x, y = images.meta["pivot"]
        moved["pivot"] = [(x * width - box.left) / box.width, (y * height - box.top) / box.height]
    if "regions" in images.meta:
        moved["regions"] = {name: _shifted(region, box) for name, region in images.meta["regions"].items()}
    return moved


def _shifted(region: Mapping[str, Any], box: Box) -> dict[str, Any]:
    x, y, width, height = region["rect"]
    return {**region, "rect": [x - box.left, y - box.top, width, height]}
