"""Looks: a picture as sixteen colours, by which the same asset made on other hardware is known again.

Networks round differently on other processors, so a rebuild there has other bytes and the same look. A look is the mean
colour of each field of a 4 × 4 grid, premultiplied RGBA, 8 bits, in hex: 128 digits, small enough for a lock.
"""

import numpy as np

from assetgen.images import Array
from assetgen.parts import Files
from assetgen.pixels.image_files import decode_image

_FIELDS, _CHANNELS = 4, 4
SIMILAR = 15.0
"""Looks are similar up to this distance, of 255.

Measured on the 15 pictures of `examples/dungeon` that words alone describe, each made in float32 and in bfloat16 (mini,
20 steps): as sampled at most 5 apart, as finished at most 11, the most for cut-out sprites whose trimming moved by a
pixel or two. The same request with another seed is 20 to 67 apart. The largest field alone would not tell: 38 to 36.
"""


def fingerprints_of(files: Files) -> dict[str, str]:
    """The look of every PNG, by path."""
    return {path: fingerprint(data, path) for path, data in files.items() if path.endswith(".png")}


def fingerprint(png: bytes, name: str = "picture") -> str:
    """The look of a picture, as hex."""
    pixels = decode_image(png, name)
    top: float = np.iinfo(pixels.dtype).max
    if pixels.shape[2] == _CHANNELS:
        pixels, top = pixels / np.float32(top), 1.0
        pixels[..., :3] *= pixels[..., 3:]
    fields = [field for row in np.array_split(pixels, _FIELDS) for field in np.array_split(row, _FIELDS, axis=1)]
    means = np.array([_mean(field, top) for field in fields]) / top
    return bytes(np.rint(means * 255).astype(np.uint8).ravel()).hex()


def _mean(field: Array, opaque: float) -> tuple[float, ...]:
    """Its mean colour with alpha; all zero for a field of no pixels."""
    import cv2

    if not field.size:
        return (0.0,) * _CHANNELS
    mean = cv2.mean(field)
    return mean if field.shape[2] == _CHANNELS else (*mean[:3], opaque)


def distance(one: str, other: str) -> float:
    """How far two looks are apart, of 255: the largest difference of a channel in each field, on average.

    What is no look is as far away as can be.
    """
    try:
        first, second = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in (one, other))
    except ValueError:
        return 255.0
    if not first.size == second.size == _FIELDS * _FIELDS * _CHANNELS:
        return 255.0
    return float(np.abs(first - second).reshape(-1, _CHANNELS).max(axis=1).mean())
