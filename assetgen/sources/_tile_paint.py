"""Tiles from masks: the textures, and along borders an outline, a highlight and a shadow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assetgen.images import Array, FloatArray, ImageSet, to_float
from assetgen.pixels.color import oklab_from_srgb, srgb_from_oklab
from assetgen.sources._tile_masks import Bits

Shade = Literal["plain", "dark", "light", "cast", "fading"]
TilePart = tuple[int, Shade]
"""A member by its number, and its shade."""
Regions = Mapping[TilePart, Bits]
"""Which samples of a tile show which part. They do not overlap; samples in none are transparent."""
_FACTORS: dict[Shade, float] = {"plain": 1.0, "dark": 0.58, "light": 1.14, "cast": 0.74, "fading": 0.87}
"""Of the lightness in Oklab."""


@dataclass(frozen=True)
class Look:
    """What is drawn along a border, in pixels: an outline on the upper terrain, a highlight behind it where the border
    faces upwards, a shadow on the lower terrain below it. `samples` per pixel are 1 for hard edges."""

    outline: int
    highlight: int
    shadow: int
    samples: int

    @property
    def reach(self) -> int:
        """How far from a border something is drawn, in pixels."""
        return max(self.outline + self.highlight, self.shadow, 1)


def shaded(members: Sequence[ImageSet], *, pixel_art: bool) -> dict[TilePart, dict[str, FloatArray]]:
    """The channels of every part. Shades of pixel art take the nearest colours of its members."""
    floats = [{name: to_float(array) for name, array in images.channels.items()} for images in members]
    palette = np.unique(np.concatenate([each["color"].reshape(-1, 3) for each in floats]), axis=0)
    return {
        (number, shade): channels | {"color": _shade(channels["color"], factor, palette if pixel_art else None)}
        for number, channels in enumerate(floats)
        for shade, factor in _FACTORS.items()
    }


def _shade(color: FloatArray, factor: float, palette: FloatArray | None) -> FloatArray:
    if factor == 1:
        return color
    lab = oklab_from_srgb(color) * np.float32(factor)
    if palette is None:
        return srgb_from_oklab(lab)
    from scipy.spatial import cKDTree

    return np.asarray(palette[cKDTree(oklab_from_srgb(palette)).query(lab)[1]])


def border_regions(mask: Bits, look: Look, lower: int | None) -> dict[TilePart, Bits]:
    """The regions of a tile where `mask` (with its margin) is member 0; `lower` is the number of the other, if any."""
    dark = mask & (depth(mask) <= look.outline * look.samples)
    light = mask & ~dark & ~moved_down(mask, (look.outline + look.highlight) * look.samples)
    found: dict[TilePart, Bits] = {(0, "dark"): dark, (0, "light"): light, (0, "plain"): mask & ~dark & ~light}
    if lower is not None:
        found |= shadow_regions(mask, ~mask, look, lower)
    return found


def shadow_regions(above: Bits, below: Bits, look: Look, member: int) -> dict[TilePart, Bits]:
    """The samples of `below`, which show this member, with the shadow of `above`; it fades where edges are soft."""
    steps = look.shadow * look.samples
    near = steps if look.samples == 1 else (steps + 1) // 2
    cast, whole = np.zeros_like(above), np.zeros_like(above)
    for step in range(1, steps + 1):
        whole |= moved_down(above, step)
        cast = whole.copy() if step == near else cast
    cast, whole = cast & below, whole & below
    return {(member, "cast"): cast, (member, "fading"): whole & ~cast, (member, "plain"): below & ~whole}


def depth(mask: Bits) -> Array:
    """The distance of each sample inside from the nearest one outside, in samples."""
    import cv2

    if mask.all():
        return np.full(mask.shape, np.inf)
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def moved_down(mask: Bits, rows: int) -> Bits:
    """The mask moved down; the rows that enter repeat the first one."""
    return np.asarray(mask if rows == 0 else np.concatenate([np.repeat(mask[:1], rows, axis=0), mask[:-rows]]))


def compose(regions: Regions, parts: Mapping[TilePart, Mapping[str, FloatArray]], look: Look) -> dict[str, FloatArray]:
    """The channels of a tile, without its margin: each part by the share of its samples in a pixel.

    `color` has alpha where some samples are in no region; other channels show the first part there.
    """
    shares = {part: _share(region, look) for part, region in regions.items()}
    cover = _sum(list(shares.values()))
    made = {}
    for channel in parts[0, "plain"]:
        total = _sum([shares[part] * parts[part][channel] for part in shares])
        mixed = np.where(cover > 0, total / np.maximum(cover, np.float32(1e-6)), parts[0, "plain"][channel])
        made[channel] = np.concatenate([mixed, cover], axis=2) if channel == "color" else mixed
    return {channel: np.asarray(array, np.float32) for channel, array in made.items()}


def _sum(arrays: Sequence[FloatArray]) -> FloatArray:
    total = np.zeros_like(arrays[0])
    for array in arrays:
        total = total + array
    return total


def _share(region: Bits, look: Look) -> FloatArray:
    """`H×W×1`: the share of each pixel's samples inside a region, without the margin."""
    margin, samples = look.reach * look.samples, look.samples
    inner = region[margin:-margin, margin:-margin].astype(np.float32)
    height, width = (side // samples for side in inner.shape)
    return np.asarray(inner.reshape(height, samples, width, samples).mean(axis=(1, 3)))[..., None]


def as_samples(channel: FloatArray, like: Array) -> Array:
    """A channel in the sample type of a member's."""
    if like.dtype == np.float32:
        return channel
    return np.rint(np.clip(channel, 0, 1) * np.iinfo(like.dtype).max).astype(like.dtype)
