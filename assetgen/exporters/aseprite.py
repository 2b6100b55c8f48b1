"""Aseprite: one file with frames, layers and tags, to draw on by hand.

Format: https://github.com/aseprite/aseprite/blob/main/docs/ase-file-specs.md
"""

import struct

import numpy as np
from deflate import zlib_compress

from assetgen.exporters._sprites import check_texture_sizes
from assetgen.images import Array, Frames, ImageSet, Tag, split_alpha, to_uint8
from assetgen.parts import Files, Use, part
from assetgen.pixels.sheets import animations

_FILE, _FRAME = 0xA5E0, 0xF1FA
_LAYER, _CEL, _PROFILE, _TAGS, _PALETTE, _SLICE = 0x2004, 0x2005, 0x2007, 0x2018, 0x2019, 0x2022
_RGBA = 32  # bits per pixel
_VISIBLE, _EDITABLE = 1, 2
_COMPRESSED_IMAGE = 2
_SRGB = 1
_HAS_PIVOT = 2
_MOST_COLORS = 256
_LARGEST = 65_535  # pixels a side
_LEVEL = 9  # of zlib
_STILL = Frames((100,))


@part(version=1)
def aseprite(images: ImageSet, name: str, *, use: Use = "sprite") -> Files:
    """Write `NAME.aseprite`: RGBA in sRGB, each frame with its milliseconds, each animation as a tag.

    Layers of the image set become layers, else the colour is one; every other channel is a hidden layer. An image with
    at most 255 colours has them as its palette, a pivot is the slice `pivot`. The file is the same for every `use`.

    Example:
        engine: aseprite
    """
    frames = images.meta.frames or _STILL
    stills = images.frames
    check_texture_sizes(stills[0], "Aseprite", _LARGEST)
    layers = sorted((each for each in images.channels if each.startswith("layer")), key=lambda each: int(each[5:]))
    shown = layers or (["color"] if "color" in images else [])
    hidden = sorted(set(images.channels) - {*shown, "color"})
    colors = _colors(images)
    first = [_profile(), *([_palette(colors)] if colors else [])]
    first += [_layer(each, is_shown=each in shown) for each in [*shown, *hidden]]
    first += _tags(animations(frames)) if images.meta.frames else []
    first += _pivot(images.meta.pivot, stills[0].size)
    made = b""
    for still, duration in zip(stills, frames.durations, strict=True):
        chunks = first + [_cel(number, still[each]) for number, each in enumerate([*shown, *hidden])]
        body = b"".join(chunks)
        made += struct.pack("<IHHH2xI", 16 + len(body), _FRAME, min(len(chunks), 0xFFFF), duration, len(chunks)) + body
        first = []
    return {f"{name}.aseprite": _header(stills[0].size, len(stills), len(colors), len(made)) + made}


def _header(size: tuple[int, int], count: int, colors: int, length: int) -> bytes:
    values = (128 + length, _FILE, count, *size, _RGBA, 1, _STILL.durations[0], 0, 0, 0, colors, 1, 1)
    return struct.pack("<IHHHHHIHIIB3xHBB", *values).ljust(128, b"\0")


def _chunk(kind: int, body: bytes) -> bytes:
    return struct.pack("<IH", 6 + len(body), kind) + body


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<H", len(data)) + data


def _profile() -> bytes:
    return _chunk(_PROFILE, struct.pack("<HHI8x", _SRGB, 0, 0))


def _colors(images: ImageSet) -> list[list[int]]:
    """RGBA of the visible colours, after a transparent one; none where there are more than a palette has."""
    if "color" not in images:
        return []
    rgb, alpha = split_alpha(to_uint8(images["color"]))
    found = np.unique(rgb[alpha[..., 0] > 0], axis=0).tolist()
    return [[0, 0, 0, 0], *([*color, 255] for color in found)] if len(found) < _MOST_COLORS else []


def _palette(colors: list[list[int]]) -> bytes:
    entries = b"".join(struct.pack("<HBBBB", 0, *color) for color in colors)
    return _chunk(_PALETTE, struct.pack("<III8x", len(colors), 0, len(colors) - 1) + entries)


def _layer(name: str, *, is_shown: bool) -> bytes:
    flags = _EDITABLE | (_VISIBLE if is_shown else 0)
    return _chunk(_LAYER, struct.pack("<HHHHHHB3x", flags, 0, 0, 0, 0, 0, 255) + _text(name))


def _cel(layer: int, array: Array) -> bytes:
    height, width = array.shape[:2]
    pixels = to_uint8(array)
    rgba = np.concatenate(split_alpha(pixels if pixels.shape[2] > 1 else np.repeat(pixels, 3, axis=2)), axis=2)
    place = struct.pack("<HhhBHh5xHH", layer, 0, 0, 255, _COMPRESSED_IMAGE, 0, width, height)
    return _chunk(_CEL, place + bytes(zlib_compress(rgba.tobytes(), _LEVEL)))


def _tags(tags: tuple[Tag, ...]) -> list[bytes]:
    made = [
        struct.pack("<HHBH6x3sx", tag.first, tag.last, 0, 0 if tag.loop else 1, bytes(3)) + _text(tag.name)
        for tag in tags
    ]
    return [_chunk(_TAGS, struct.pack("<H8x", len(tags)) + b"".join(made))]


def _pivot(pivot: tuple[float, float] | None, size: tuple[int, int]) -> list[bytes]:
    if pivot is None:
        return []
    x, y = (round(share * side) for share, side in zip(pivot, size, strict=True))
    key = struct.pack("<IiiIIii", 0, 0, 0, *size, x, y)
    return [_chunk(_SLICE, struct.pack("<III", 1, _HAS_PIVOT, 0) + _text("pivot") + key)]
