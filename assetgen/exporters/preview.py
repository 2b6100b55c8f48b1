"""Pictures for people: an animation, or a level of a tileset. Engines read the files of other exporters."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.exporters._channels import is_pixel_art, tileset_of
from assetgen.exporters._sprites import check_texture_sizes
from assetgen.images import Array, ImageSet, to_uint8
from assetgen.parts import Files, Use, part
from assetgen.pixels.animation_files import AnimationFormat, encode_animation
from assetgen.pixels.tile_levels import LevelRule, paint_level

_SIDE = 256
"""Pixels that enlarged pixel art has at most."""
_STILL = (1000,)
_LARGEST = {"gif": 65_535, "webp": 16_383}  # pixels a side


@part(version=2, contact_sheet=True)
def preview(
    images: ImageSet,
    name: str,
    *,
    use: Use = "sprite",
    format: AnimationFormat = "gif",
    level: LevelRule = "noise",
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
) -> Files:
    """Write `NAME.gif`, `NAME.apng` or `NAME.webp`: the colour of all frames, one animation after the other, for ever.

    Pixel art is enlarged by a whole factor to at most 256 pixels. APNG and WebP have the frames' own pixels and times;
    a GIF has times of 10 ms, 255 colours, and no partly transparent pixels. Of a tileset it shows a level of 16 × 10
    tiles, by `level` with patches of terrain or by wave-function collapse (`wfc`), another one for each `seed`.

    Example:
        export: {preview: {format: apng}}
    """
    if tileset_of(images):
        images = images.replace(color=to_uint8(paint_level(images, seed=seed, level=level)))
    if largest := _LARGEST.get(format):
        check_texture_sizes(images.frames[0], format.upper(), largest)
    width, height = images.frames[0].size
    scale = max(1, _SIDE // max(width, height)) if is_pixel_art(images, use) else 1
    frames = [_enlarged(frame["color"], scale) for frame in images.frames]
    durations = images.meta.frames.durations if images.meta.frames else _STILL
    return {f"{name}.{format}": encode_animation(frames, durations, format)}


def _enlarged(color: Array, scale: int) -> Array:
    return np.repeat(np.repeat(color, scale, axis=0), scale, axis=1)
