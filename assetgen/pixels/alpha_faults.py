"""How well a sprite is cut out: the faults of its alpha channel, as multiples of their limits."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray, ImageSet, Trim, split_alpha, to_float
from assetgen.pixels.color import oklab_from_srgb, srgb_from_hex

MAX_TOUCHING = 0.4
"""The largest fraction of a side of the untrimmed image that a sprite may cover."""
_FRAMED = 0.8
"""The same for sprites of a model for pixel art with alpha: they were drawn to fill their frame."""
_VISIBLE = 0.5
_EMPTY, _FULL = 0.02, 0.92
"""Visible fraction of the whole image below which it is empty, and above which it is not cut out."""
_STRAY_SIZE, _STRAY_SHARE = 0.08, 0.06
"""An island below this fraction of the largest one is a stray; the largest allowed fraction of strays."""
_PIECES = 12
"""More islands are fragments: true for one of 150 drawn sprites, and for nine in ten textures cut by mistake."""
_SAME, _OTHER = 0.08, 0.16  # Oklab distances: background colour; clearly another colour
_HALO_SHARE = 0.3  # of the rim
_MIXED_SHARE = 0.2  # of the soft rim; drawn sprites reach 0.15, sprites cut a pixel too wide start at 0.3
_MIXED = 0.6  # a mixed colour is at most this fraction as far from the background as the pixels inside
_SOFT, _SOLID = (0.1, 0.9), 0.97  # coverage of a soft rim, and of solid pixels
_MIN_SOFT = 8  # pixels: a rim with fewer soft pixels is hard
_SOFT_REACH = 9  # pixels: side of the square around a soft pixel that is searched for its true colour
_RIM_DEPTH = 3  # pixels from the rim to the colour it is compared with

_Mask = NDArray[np.bool_]


def worst_fault(images: ImageSet, touching: float = MAX_TOUCHING) -> tuple[float, str]:
    """The worst fault of `color` as a multiple of its limit, and what it is; above 1 the sprite is cut out badly.

    Alpha that no model sampled (`meta.given_alpha`) can only be empty.

    Faults: empty, not cut out, cropped (more than `touching` of one side of the untrimmed image is covered), in
    fragments, a halo. Up to 1, the text is the visible share.
    """
    if images.meta.native_alpha and images.meta.cell:
        touching = max(touching, _FRAMED)
    rgb, cover = (to_float(channel) for channel in split_alpha(images["color"]))
    seen = cover[..., 0] >= _VISIBLE
    across, down = _trim(images).source_size
    share = float(seen.sum()) / (across * down)
    if share < _EMPTY:
        return _EMPTY / max(share, 1e-3), f"almost nothing is visible ({share:.1%} of the image)"
    if images.meta.given_alpha:
        return 0.0, f"{share:.0%} visible"
    if share > _FULL:
        return share / _FULL, f"it was not cut out: {share:.0%} of the image is visible"
    faults = [
        (_contact(seen, images) / touching, f"it is cropped by the border (more than {touching:.0%} of one side)"),
        (_fragments(seen), "it is in fragments"),
        _halo(rgb, cover[..., 0], images),
    ]
    worst, reason = max(faults)
    return worst, reason if worst > 1 else f"{share:.0%} visible"


def cropped_axes(images: ImageSet) -> str:
    """The axes, of "xy", along which the border of the untrimmed image cuts off more than `MAX_TOUCHING` of a side."""
    top, bottom, left, right = _sides(to_float(split_alpha(images["color"])[1])[..., 0] >= _VISIBLE, images)
    return "x" * (max(left, right) > MAX_TOUCHING) + "y" * (max(top, bottom) > MAX_TOUCHING)


def _contact(seen: _Mask, images: ImageSet) -> float:
    """Largest covered fraction of a side of the untrimmed image."""
    return max(_sides(seen, images))


def _sides(seen: _Mask, images: ImageSet) -> Iterator[float]:
    height, width = seen.shape
    trim = _trim(images)
    (left, top), (across, down) = trim.offset, trim.source_size
    for row in (-top, down - 1 - top):
        yield float(seen[row].sum()) / across if 0 <= row < height else 0.0
    for column in (-left, across - 1 - left):
        yield float(seen[:, column].sum()) / down if 0 <= column < width else 0.0


def _trim(images: ImageSet) -> Trim:
    return images.meta.trim or Trim((0, 0), images.size)


def _fragments(seen: _Mask) -> float:
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(seen.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    strays = areas[areas < _STRAY_SIZE * areas.max()].sum() / areas.sum()
    return max(float(strays) / _STRAY_SHARE, len(areas) / _PIECES)


def _halo(rgb: FloatArray, cover: FloatArray, images: ImageSet) -> tuple[float, str]:
    """The worst halo as a multiple of its limit, and the reason."""
    known = images.meta.background
    lab = oklab_from_srgb(rgb)
    faults = [(0.0, "")]
    for code in () if images.meta.outline else (known,) if known else ("#ffffff", "#000000"):
        back = oklab_from_srgb(srgb_from_hex(code))
        away = np.asarray(np.linalg.norm(lab - back, axis=-1), np.float32)
        faults.append((_mixed_rim(away, cover) / _MIXED_SHARE, f"its soft rim is mixed with the background ({code})"))
        if known or code == "#ffffff":  # a hard black rim is an outline
            faults.append((_own_rim(away, cover) / _HALO_SHARE, f"its rim has the colour of the background ({code})"))
    return max(faults)


def _own_rim(away: FloatArray, cover: FloatArray) -> float:
    """Fraction of the rim in the background's colour, where pixels inside differ; `away` is the distance to it."""
    import cv2

    seen = cover >= _VISIBLE
    depth = cv2.distanceTransform(np.pad(seen, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    rim = seen & (depth < 1.5)
    inner = _nearest(away, depth >= _RIM_DEPTH)
    if inner is None or not rim.any():
        return 0.0
    return float(((away < _SAME) & (inner > _OTHER))[rim].sum() / rim.sum())


def _mixed_rim(away: FloatArray, cover: FloatArray) -> float:
    """Fraction of the soft rim that is closer to the background's colour than all solid pixels nearby."""
    import cv2

    soft = (cover > _SOFT[0]) & (cover < _SOFT[1])
    solid = cv2.erode((cover >= _SOLID).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    nowhere = np.float32(np.inf)
    inner = cv2.erode(np.where(solid, away, nowhere), np.ones((_SOFT_REACH, _SOFT_REACH), np.uint8))
    mixed = soft & np.isfinite(inner) & (inner > _OTHER) & (away < _MIXED * inner)
    return float(mixed.sum() / max(int(soft.sum()), _MIN_SOFT))


def _nearest(values: Array, known: _Mask) -> Array | None:
    from scipy.ndimage import distance_transform_edt

    if not known.any():
        return None
    y, x = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(values[y, x])
