"""The images that travel through a recipe, and the pixel conventions, stated once.

An `ImageSet` holds named channels, each a `height × width × channels` array of `uint8`, `uint16` or `float32`.

- `color` is sRGB-encoded, 3 (RGB) or 4 (RGBA, straight alpha) channels. Every other channel is linear data.
- Integers span 0..max, floats 0..1. Row 0 is the top. Normals are stored as `(n + 1) / 2`.
- Known channel names: color, height, normal, roughness, metallic, ao, orm, emission, depth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FloatArray = NDArray[np.float32]
MAX_PIXELS = 8192 * 8192
"""Larger pictures are neither read nor made."""
ALLOWED_TYPES = (np.uint8, np.uint16, np.float32)


@dataclass(frozen=True)
class ImageSet:
    """Named image channels plus `meta`, JSON-able facts that later stages need (tiling axes, pixel cell, regions)."""

    channels: Mapping[str, Array]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in self.channels.items():
            if array.ndim != 3 or array.dtype.type not in ALLOWED_TYPES or 0 in array.shape:
                given = f"{array.shape} {array.dtype}"
                raise ValueError(f"channel '{name}' must be H×W×C uint8, uint16 or float32, not {given}")
            array.flags.writeable = False
        object.__setattr__(self, "channels", MappingProxyType(dict(self.channels)))
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))

    def __getitem__(self, name: str) -> Array:
        return self.channels[name]

    def __contains__(self, name: object) -> bool:
        return name in self.channels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first channel, in pixels."""
        height, width = next(iter(self.channels.values())).shape[:2]
        return width, height

    def replace(self, **channels: Array) -> "ImageSet":
        """The same set with these channels added or replaced."""
        return ImageSet({**self.channels, **channels}, self.meta)

    def noting(self, **meta: Any) -> "ImageSet":
        """The same set with these facts added to `meta`."""
        return ImageSet(self.channels, {**self.meta, **meta})

    def map(self, change: Callable[[Array], Array]) -> "ImageSet":
        """The same set with `change` applied to every channel."""
        return ImageSet({name: change(array) for name, array in self.channels.items()}, self.meta)


def too_large(size: tuple[int, int]) -> str:
    """Why no picture of this width and height is made; "" for one that may be."""
    width, height = size
    return f"a picture has at most {MAX_PIXELS:,} pixels, not {width} × {height}" if width * height > MAX_PIXELS else ""


def not_too_large(size: tuple[int, int]) -> tuple[int, int]:
    """The size, for types of words: raises `ValueError` where no such picture is made."""
    if why := too_large(size):
        raise ValueError(why)
    return size


def picture(color: Array, **meta: Any) -> ImageSet:
    """An image set with a `color` channel alone."""
    return ImageSet({"color": color}, meta)


def to_float(array: Array) -> FloatArray:
    """Any channel as float32 in 0..1 (a copy)."""
    if array.dtype == np.float32:
        return array.copy()
    return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)


def to_uint8(array: Array) -> NDArray[np.uint8]:
    """Any channel as uint8, rounded and clipped; 16-bit data loses its lower byte."""
    if array.dtype == np.uint8:
        return array.copy()
    return np.clip(np.rint(to_float(array) * 255), 0, 255).astype(np.uint8)


def to_uint16(array: Array) -> NDArray[np.uint16]:
    """Any channel as uint16, rounded and clipped."""
    return np.clip(np.rint(to_float(array) * 65535), 0, 65535).astype(np.uint16)


def split_alpha(color: Array) -> tuple[Array, Array]:
    """RGB and an `H×W×1` alpha (opaque where the image has none)."""
    if color.shape[2] == 4:
        return color[..., :3], color[..., 3:]
    top = 1 if color.dtype == np.float32 else np.iinfo(color.dtype).max
    return color[..., :3], np.full((*color.shape[:2], 1), top, color.dtype)
