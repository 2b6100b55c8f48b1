"""Animated GIF, APNG and WebP files, for people: engines read sheets."""

import io
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from assetgen.images import Array, split_alpha, to_uint8

if TYPE_CHECKING:
    from PIL.Image import Image

AnimationFormat = Literal["gif", "apng", "webp"]
_GIF_COLORS = 255
"""The 256th palette entry is transparent."""
_GIF_TIME = 10
"""Milliseconds: the unit of time in GIF files."""
_GIF_SHORTEST = 2
"""Units: browsers show a shorter frame for a tenth of a second."""
_OPAQUE = 128


def encode_animation(frames: Sequence[Array], durations: Sequence[int], format: AnimationFormat) -> bytes:
    """Frames `H×W×3` or `H×W×4`, sRGB, as a file that repeats for ever; `durations` are milliseconds.

    APNG and WebP are lossless and their times exact. In a GIF times are rounded to 10 ms, so that no rounding error
    adds up, alpha is rounded to opaque or transparent, and more than 255 colours are reduced to 255.
    """
    pixels = [np.concatenate(split_alpha(to_uint8(frame)), axis=2) for frame in frames]
    if format == "gif":
        return _save(
            _indexed(pixels), format="GIF", duration=_gif_times(durations), disposal=2, transparency=_GIF_COLORS
        )
    from PIL import Image

    images = [Image.fromarray(each) for each in pixels]
    times = list(durations)
    if format == "apng":
        return _save(images, format="PNG", duration=times, disposal=1, blend=0)
    return _save(images, format="WEBP", duration=times, lossless=True, exact=True)


def _save(images: Sequence["Image"], **options: object) -> bytes:
    stream = io.BytesIO()
    images[0].save(stream, save_all=True, append_images=images[1:], loop=0, optimize=False, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def _gif_times(durations: Sequence[int]) -> list[int]:
    ends = [round(end / _GIF_TIME) for end in accumulate(durations, initial=0)]
    return [max(_GIF_SHORTEST, end - start) * _GIF_TIME for start, end in pairwise(ends)]


def _indexed(frames: Sequence[Array]) -> list["Image"]:
    """Images of one palette, whose last entry is transparent."""
    from PIL import Image

    strip = np.concatenate(frames)
    seen = strip[..., 3] >= _OPAQUE
    colors, numbers = np.unique(strip[seen][:, :3], axis=0, return_inverse=True)
    if len(colors) > _GIF_COLORS:
        reduced = Image.fromarray(strip[seen][None, :, :3].copy()).quantize(_GIF_COLORS, dither=Image.Dither.NONE)
        numbers = np.asarray(reduced)
        colors = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)
    indices = np.full(seen.shape, _GIF_COLORS, np.uint8)
    indices[seen] = numbers.ravel()
    palette = np.zeros((_GIF_COLORS + 1, 3), np.uint8)
    palette[: len(colors)] = colors[: _GIF_COLORS + 1]
    made = [Image.fromarray(each, "P") for each in np.split(indices, len(frames))]
    for image in made:
        image.putpalette(palette.tobytes())
    return made
