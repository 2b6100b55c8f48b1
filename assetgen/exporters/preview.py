"""Moving pictures for people: chats, web pages, a look at an animation. Engines read the files of other exporters."""

import numpy as np

from assetgen.exporters._channels import is_pixel_art
from assetgen.images import Array, ImageSet
from assetgen.parts import Files, Use, part
from assetgen.pixels.animation_files import AnimationFormat, encode_animation

_SIDE = 256
"""Pixels that enlarged pixel art has at most."""
_STILL = (1000,)


@part(version=1)
def preview(images: ImageSet, name: str, *, use: Use = "sprite", format: AnimationFormat = "gif") -> Files:
    """Write `NAME.gif`, `NAME.apng` or `NAME.webp`: the colour of all frames, one animation after the other, for ever.

    Pixel art is enlarged by a whole factor to at most 256 pixels. APNG and WebP have the frames' own pixels and times;
    a GIF has times of 10 ms, 255 colours, and no partly transparent pixels.

    Example:
        export: {preview: {format: apng}}
    """
    width, height = images.frames[0].size
    scale = max(1, _SIDE // max(width, height)) if is_pixel_art(images, use) else 1
    frames = [_enlarged(frame["color"], scale) for frame in images.frames]
    durations = images.meta.frames.durations if images.meta.frames else _STILL
    return {f"{name}.{format}": encode_animation(frames, durations, format)}


def _enlarged(color: Array, scale: int) -> Array:
    return np.repeat(np.repeat(color, scale, axis=0), scale, axis=1)
