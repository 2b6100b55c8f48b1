"""Fingerprints: an image as sixteen colours, to recognise the same asset when it is rebuilt on other hardware.

Networks round differently on other processors, so a rebuild there has other bytes but a similar fingerprint: the mean
colour of each field of a 4 × 4 grid, premultiplied RGBA with 8 bits, in hex (128 digits, small enough for a lock).
"""

import numpy as np

from assetgen.images import Array
from assetgen.parts import Files
from assetgen.pixels.image_files import decode_image
from assetgen.pixels.texture_files import READABLE_SUFFIXES

_FIELDS, _CHANNELS = 4, 4
SIMILAR = 15.0
"""Fingerprints are similar up to this distance, of 255.

Measured on the 15 images of `examples/dungeon` made from text alone, in float32 and in bfloat16 (mini, 20 steps):
distances are at most 5 as sampled and 11 as finished, the most for sprites whose trimming moved by a pixel or two.
Another seed gives 20 to 67. The largest field alone does not separate the two cases (38 against 36).
"""


def fingerprints_of(files: Files) -> dict[str, str]:
    """Fingerprint of every image, by path; KTX2 has none."""
    return {path: fingerprint(data, path) for path, data in files.items() if path.endswith(READABLE_SUFFIXES)}


def fingerprint(image: bytes, name: str = "image") -> str:
    """Fingerprint of an image file, as hex. `name` is used in error messages."""
    pixels = decode_image(image, name)
    top: float = np.iinfo(pixels.dtype).max
    if pixels.shape[2] == _CHANNELS:
        pixels, top = pixels / np.float32(top), 1.0
        pixels[..., :3] *= pixels[..., 3:]
    fields = [field for row in np.array_split(pixels, _FIELDS) for field in np.array_split(row, _FIELDS, axis=1)]
    means = np.array([_mean(field, top) for field in fields]) / top
    return bytes(np.rint(means * 255).astype(np.uint8).ravel()).hex()


def _mean(field: Array, opaque: float) -> tuple[float, ...]:
    """Mean colour with alpha of a field; zero for an empty one."""
    import cv2

    if not field.size:
        return (0.0,) * _CHANNELS
    mean = cv2.mean(field)
    return mean if field.shape[2] == _CHANNELS else (*mean[:3], opaque)


def distance(one: str, other: str) -> float:
    """Distance of two fingerprints, 0 to 255: the largest channel difference of each field, averaged.

    255 for text that is not a fingerprint.
    """
    try:
        first, second = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in (one, other))
    except ValueError:
        return 255.0
    if not first.size == second.size == _FIELDS * _FIELDS * _CHANNELS:
        return 255.0
    return float(np.abs(first - second).reshape(-1, _CHANNELS).max(axis=1).mean())
