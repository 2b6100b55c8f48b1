"""Find the plain background of an image: CIELAB distance to a smooth background colour, flood-filled from the border.

The thresholds for holes come from 783 CC0, MIT and Apache-2.0 sprites on white, black, grey and magenta backgrounds
with blur and noise. Of the enclosed regions in the background's colour, 90 % are holes on magenta, 50 % on white (the
others are eyes, highlights and bellies) and 33 % on black. So a common colour needs more evidence than a rare one.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray

Mask = NDArray[np.bool_]

_RING_SHARE = 0.02  # of the shorter side: width of the border ring, 3 px of 128
_SAME_COLOUR = 0.13  # ΔE*ab / 100 within which border pixels are one background, shading included
_SAMPLES = 256  # ring pixels compared to find the background colour
_PLAIN_SHARE = 0.4  # of the ring must have the background's colour
_GAUSS_MAD = 1.4826  # standard deviation of a normal distribution by its median absolute deviation
_NOISE_WIDTH = 4.0
_TOLERANCE = (0.035, 0.12)  # ΔE*ab / 100: on a clean and on a blotchy background
_PASSES = 3  # of field and flood fill: enough for a vignette of 0.3 in L
_FIELD_REACH = 0.06  # of the longer side: blur of the field
_FIELD_SIDE = 128  # pixels: the field is computed at most at this size

_SHADOW_DEPTH = 0.45  # a weak shadow keeps at least this share of the background's L
_SHADOW_SLOPE = 0.035  # in L per pixel: a blurred shadow is flatter, an antialiased edge steeper
_SHADOW_TINT = 0.03  # a shadow has the hue of the background
_SHADOW_CONTACT = 0.3  # of its outline must border on the background; a pale subject reached through a gap has less

_HOLE_AREA = 0.0015  # of the image: 25 px of 128 × 128
_HOLE_TIGHTNESS = (1.6, 0.006)  # mean distance inside relative to outside: factor and offset
_RARE_CHROMA = 0.25
_RARE_GREY = (0.3, 0.85)  # in L
_WHITE_HOLE_AREA = (0.006, 0.025)  # of the image: smaller ones are eyes, larger ones bellies
_WHITE_HOLE_RIM = 0.11  # of the shorter side: handles lie near the outside


@dataclass(frozen=True)
class Key:
    """Background colour (Lab) at each pixel, distance to it (ΔE*ab / 100), pixels within tolerance, flooded pixels."""

    field: FloatArray
    distance: FloatArray
    near: Mask
    outside: Mask


def lab_from_srgb(rgb: FloatArray) -> FloatArray:
    """sRGB-encoded `H×W×3` in 0..1 to CIELAB (D65) / 100. Unlike Oklab, its linear toe keeps near-black noise small."""
    import cv2

    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2Lab), np.float32) / np.float32(100)


def srgb_from_lab(lab: FloatArray) -> FloatArray:
    """The inverse of `lab_from_srgb`, clipped to the gamut."""
    import cv2

    rgb = cv2.cvtColor(np.ascontiguousarray(lab * np.float32(100)), cv2.COLOR_Lab2RGB)
    return np.clip(np.asarray(rgb, np.float32), 0, 1)


def find_background(rgb: FloatArray) -> Key:
    """Find the background by the main colour of the border (sRGB); `outside` is empty if the border is not plain."""
    lab = lab_from_srgb(rgb)
    ring = _ring(*lab.shape[:2])
    centre = _vote(lab[ring])
    field = _plane(lab, ring & (_length(lab - centre) < _SAME_COLOUR), centre)
    for _ in range(_PASSES):
        distance = _length(lab - field)
        near = distance < _tolerance(distance[ring])
        outside = _touching_border(near)
        field = _follow(lab, field, outside)
    if near[ring].mean() < _PLAIN_SHARE:
        outside = np.zeros_like(outside)
    return Key(field, distance, near, outside)


def drop_shadow(key: Key, rgb: FloatArray) -> Key:
    """Add soft contact shadows, smooth and darker areas of the background's hue, to `outside`."""
    import cv2

    lab = lab_from_srgb(rgb)
    share = lab[..., 0] / np.maximum(key.field[..., 0], 0.05)
    tint = _length(lab[..., 1:] - key.field[..., 1:] * share[..., None])
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(light, -1, 1, 0, scale=1 / 8), cv2.Sobel(light, -1, 0, 1, scale=1 / 8))
    shadow = (share > _SHADOW_DEPTH) & (share < 1) & (tint < _SHADOW_TINT) & (slope < _SHADOW_SLOPE)
    reached = _touching_border(key.outside | shadow) & ~key.outside
    return replace(key, outside=key.outside | _in_contact(reached, key.outside))


def _in_contact(regions: Mask, outside: Mask) -> Mask:
    import cv2

    _, labels = cv2.connectedComponents(regions.astype(np.uint8), connectivity=4)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    around = cv2.dilate(labels.astype(np.float32), cross).astype(np.int64)
    ring = ~regions & (around > 0)
    total = np.bincount(around[ring], minlength=labels.max() + 1)
    touching = np.bincount(around[ring & outside], minlength=labels.max() + 1)
    return np.asarray(((touching >= _SHADOW_CONTACT * total) & (total > 0))[labels] & regions)


def open_holes(key: Key) -> Mask:
    """`outside` plus the enclosed regions that are holes: the handle of a mug, the gap between legs."""
    import cv2

    inner = (key.near & ~key.outside).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=4)
    sizes = stats[:, cv2.CC_STAT_AREA] / inner.size
    if count == 1 or not key.outside.any():
        return key.outside
    rim = cv2.distanceTransform((~key.outside).astype(np.uint8), cv2.DIST_L2, 5) / min(inner.shape)
    limit = _HOLE_TIGHTNESS[0] * float(key.distance[key.outside].mean()) + _HOLE_TIGHTNESS[1]
    background = key.outside.copy()
    for label in np.flatnonzero(sizes >= _HOLE_AREA):
        region = labels == label
        tone = key.field[region].mean(axis=0)
        vivid = float(np.hypot(tone[1], tone[2])) > _RARE_CHROMA
        if label == 0 or not (vivid or _core_median(key.distance, region) < limit):
            continue
        if vivid or _seen_through(float(tone[0]), sizes[label], rim[region].min(), region):
            background |= region
    return background


def _core_median(distance: FloatArray, region: Mask) -> float:
    import cv2

    core = cv2.erode(region.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return float(np.median(distance[core if core.any() else region]))


def _seen_through(lightness: float, size: float, rim: float, region: Mask) -> bool:
    if _RARE_GREY[0] < lightness < _RARE_GREY[1]:
        return True
    fits = _WHITE_HOLE_AREA[0] <= size <= _WHITE_HOLE_AREA[1] and rim < _WHITE_HOLE_RIM
    return fits and lightness > _RARE_GREY[1] and not _surrounds_something(region)


def _surrounds_something(region: Mask) -> bool:
    """True for a region with something inside, as an eye has a pupil."""
    return bool((~_touching_border(~region) & ~region).any())


def _ring(height: int, width: int) -> Mask:
    thickness = max(1, round(_RING_SHARE * min(height, width)))
    ring = np.ones((height, width), np.bool_)
    ring[thickness : height - thickness, thickness : width - thickness] = False
    return ring


def _vote(pixels: FloatArray) -> FloatArray:
    """The colour with the most similar pixels. The median fails if the subject covers half of the border."""
    sample = pixels[:: max(1, len(pixels) // _SAMPLES)]
    close = _length(sample[:, None] - sample[None]) < _SAME_COLOUR / 2
    return np.asarray(np.median(sample[close[close.sum(axis=1).argmax()]], axis=0), np.float32)


def _plane(lab: FloatArray, inliers: Mask, centre: FloatArray) -> FloatArray:
    """A linear gradient fitted to the inliers of the ring; constant if a side has none."""
    height, width = lab.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    basis = np.stack([np.ones_like(x), x, y], axis=-1)
    all_sides = min(inliers[:, :1].any(), inliers[:, -1:].any(), inliers[:1].any(), inliers[-1:].any())
    if not all_sides:
        return np.broadcast_to(centre, lab.shape).copy()
    weights = np.linalg.lstsq(basis[inliers], lab[inliers], rcond=None)[0]
    return np.asarray(basis @ weights, np.float32)


def _tolerance(ring: FloatArray) -> float:
    plain = ring[ring < _SAME_COLOUR]
    spread = float(np.median(plain)) if plain.size else 0.0
    return float(np.clip(_TOLERANCE[0] + _NOISE_WIDTH * _GAUSS_MAD * spread / 2, *_TOLERANCE))


def _touching_border(near: Mask) -> Mask:
    """Flood fill from the border over 4-neighbours: a diagonal line one pixel wide stops it."""
    import cv2

    padded = np.pad(near, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(padded, connectivity=4)
    return np.asarray(labels[1:-1, 1:-1] == labels[0, 0]) & near


def _follow(lab: FloatArray, field: FloatArray, known: Mask) -> FloatArray:
    """The field corrected by known background pixels and smoothly extended under the subject."""
    import cv2

    height, width = known.shape
    scale = min(1.0, _FIELD_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    both = np.dstack([(lab - field) * known[..., None], known.astype(np.float32)])
    both = cv2.GaussianBlur(cv2.resize(both, size, interpolation=cv2.INTER_AREA), (0, 0), _FIELD_REACH * max(size))
    both = cv2.resize(both, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field + both[..., :3] / np.maximum(both[..., 3:], 0.02), np.float32)


def _length(vectors: Array) -> FloatArray:
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", vectors, vectors)), np.float32)
