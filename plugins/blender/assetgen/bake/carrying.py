"""What the pictures of earlier cameras show in the next one: the start of its picture."""

from collections.abc import Sequence

import numpy as np

from ..client.tones import Floats
from .filling import Mask, margins
from .painting import FIRM, View, sampled
from .sight import Sight, grown, weights

WORSE = 0.1
"""A pixel is kept if the earlier cameras saw its surface at least this well, compared with the new camera."""
OVERLAP = 2
"""Pixels beyond the border of the kept ones that are sampled anew, too."""


def carried(sight: Sight, views: Sequence[View], size: tuple[int, int]) -> tuple[Floats, Mask]:
    """The picture of a camera (`height × width × 3`, top row first) from earlier ones, and a mask of the pixels that
    they do not show; there, colours run on from the others. `size` is width and height."""
    points, hit = sight.points(size)
    normals = _normals(points, sight)
    flat, faces = points[hit], normals[hit]
    color, weight = np.zeros((len(flat), 3), np.float32), np.zeros(len(flat), np.float32)
    for other, picture in views:
        which, at, found, soft = weights(flat, faces, other)
        found *= np.where(soft >= FIRM, 1, 0)  # silhouettes show the background
        color[which] += found[:, None] * sampled(picture, at)
        weight[which] += found
    own = np.zeros(len(flat), np.float32)
    which, _, found, _ = weights(flat, faces, sight)
    own[which] = found
    kept = np.zeros(hit.shape, bool)
    kept[hit] = (weight > 0) & (weight >= WORSE * own)
    whole = np.zeros((*hit.shape, 3), np.float32)
    whole[hit] = color / np.maximum(weight, 1e-30)[:, None]
    missing = ~kept
    whole = margins(whole, kept)
    for _ in range(OVERLAP):
        missing = grown(missing)
    return whole, missing


def _normals(points: Floats, sight: Sight) -> Floats:
    """Normals of the visible surface from the differences of neighbouring pixels, turned to the camera."""
    with np.errstate(invalid="ignore"):
        found = np.cross(_steps(points, 1), _steps(points, 0))
    found /= np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), 1e-12)
    away = np.einsum("...i,...i->...", found, sight.towards(points)) < 0
    return np.where(away[..., None], -found, found)


def _steps(points: Floats, axis: int) -> Floats:
    """The smaller of the differences to both neighbours: it stays on the surface of the pixel."""
    after = np.diff(points, axis=axis)
    first, last = (np.take(after, [end], axis=axis) for end in (0, -1))
    before, after = np.concatenate([first, after], axis=axis), np.concatenate([after, last], axis=axis)
    size_before, size_after = (np.linalg.norm(each, axis=-1, keepdims=True) for each in (before, after))
    return np.where(size_before < size_after, before, after)
