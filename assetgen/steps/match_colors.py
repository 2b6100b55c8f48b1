"""Give every frame of an animation the colours of one frame."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, sequence, split_alpha, to_float
from assetgen.parts import part
from assetgen.pixels.color import oklab_from_srgb, oklab_in_gamut, srgb_from_oklab
from assetgen.steps._resample import like_samples

_BANDS = 6  # from the top of a figure to its feet: head, shoulders, chest, hips, legs, feet
_FEW = 0.02  # of the visible pixels: bands with fewer follow the whole figure
_CONTRAST = (0.5, 2.0)  # the least and most that the spread of a band's colours is scaled by


@part(version=1, frames=True)
def match_colors(
    images: ImageSet,
    *,
    frame: Annotated[int, Field(ge=0, le=4095)] = 0,
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0,
) -> ImageSet:
    """Give every frame of an animation the colours of one frame, for models that change them from view to view.

    - `frame`: the number of the frame whose colours the others get.
    - `strength`: 0 leaves them as they are.

    In each of six overlapping bands from the top to the bottom of what is visible, the mean and the spread of the
    colours become those of the same band of that frame (in Oklab; Reinhard et al., "Color Transfer between Images",
    2001). Shapes, alpha and other channels are untouched. Put it after `cutout`, and before `palette` or `pixelate`. A
    still is unchanged.

    Example:
        - match_colors: {frame: 2}
    """
    timing, frames = images.meta.frames, images.frames
    if timing is None:
        return images
    if frame >= len(frames):
        raise InputError(f"there is no frame {frame}", cure=f"The animation has {len(frames)}, counted from 0")
    target = _profile(frames[frame]["color"])
    changed = [
        still if number == frame else still.replace(color=_matched(still["color"], target, strength))
        for number, still in enumerate(frames)
    ]
    return sequence(changed, timing)


def _matched(color: Array, target: FloatArray, strength: float) -> Array:
    own = _profile(color)
    if not (own.any() and target.any()):
        return color
    rgb, alpha = split_alpha(color)
    lab = oklab_from_srgb(to_float(rgb))
    ratio = np.clip(target[:, 1] / np.maximum(own[:, 1], 1e-4), *_CONTRAST)
    weights = _band_weights(alpha)[..., None]
    moved = sum(weights[:, :, band] * (target[band, 0] + (lab - own[band, 0]) * ratio[band]) for band in range(_BANDS))
    mixed = lab + np.float32(strength) * (moved - lab)
    made = like_samples(srgb_from_oklab(oklab_in_gamut(mixed)), rgb)
    return np.concatenate([np.where(alpha > 0, made, rgb), color[..., 3:]], axis=2)


def _profile(color: Array) -> FloatArray:
    """Mean and standard deviation of the visible colours in each band, `bands×2×3` Oklab; 0 where nothing is seen."""
    rgb, alpha = split_alpha(color)
    lab, cover = oklab_from_srgb(to_float(rgb)).astype(np.float64), to_float(alpha).astype(np.float64)
    if not cover.any():
        return np.zeros((_BANDS, 2, 3), np.float32)
    whole = _moments(lab, cover)
    found = []
    for band in range(_BANDS):
        weight = _band_weights(alpha)[:, :, band, None] * cover
        share = min(1.0, float(weight.sum()) / (_FEW * float(cover.sum())))
        found.append(whole if not share else share * _moments(lab, weight) + (1 - share) * whole)
    return np.asarray(found, np.float32)


def _moments(lab: Array, weight: Array) -> Array:
    total = weight.sum()
    mean = (lab * weight).sum(axis=(0, 1)) / total
    return np.stack([mean, np.sqrt(((lab - mean) ** 2 * weight).sum(axis=(0, 1)) / total)])


def _band_weights(alpha: Array) -> FloatArray:
    """How much each row belongs to each band, `H×1×bands`; the sum is 1. Bands overlap by half."""
    rows = np.flatnonzero((alpha > 0).any(axis=(1, 2)))
    top, bottom = (int(rows[0]), int(rows[-1])) if len(rows) else (0, 0)
    place = np.clip((np.arange(len(alpha)) - top) / max(1, bottom - top), 0, 1) * (_BANDS - 1)
    weights: FloatArray = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(_BANDS))).astype(np.float32)
    return weights[:, None]
