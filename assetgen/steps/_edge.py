"""Estimate coverage along an edge and remove the background from its colours (Porter and Duff, 1984)."""

import numpy as np

from assetgen.images import FloatArray
from assetgen.steps._key import Key, Mask

_REACH = 5  # pixels from the background that may be mixed, in images up to 1024: a VAE blurs over 3 to 5
_REACH_SHARE = 0.005  # of the longer side, for larger images
_RAYS = 16  # directions searched for an unmixed pixel
_PURE = 0.92  # a pixel is unmixed with this fraction of the largest distance among its neighbours
_CANDIDATE_COST = 0.01  # per pixel of distance, in units of the sRGB residual
_OWN_COST = (0.4, 0.15)  # sRGB residual above which a pixel is unmixed: next to the background, deeper
_HAZE = (0.15, 0.4)  # ΔE*ab / 100 of faint haze, and largest fraction of the strongest pixel in reach
_LEAST = 1e-6  # divisor of a pixel of haze that has exactly the background's colour
FAINT, SOLID = 0.06, 0.92  # lower coverage becomes 0, higher becomes 1


def soft_edge(rgb: FloatArray, background: Mask, key: Key, plate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coverage `H×W` and colours `H×W×3` without background; `plate` is the background in sRGB.

    An edge pixel is modelled as a mix of the plate and an unmixed pixel deeper inside, the best one on 16 rays. Faint
    haze without such a pixel gets its coverage from its distance to the background.
    """
    import cv2

    reach = max(_REACH, round(_REACH_SHARE * max(background.shape)))
    haze, thin = _haze(background, key.distance, reach)
    pure = (key.distance >= _PURE * cv2.dilate(key.distance, np.ones((3, 3), np.uint8))) & ~haze
    mixed = _mixed(background, pure, reach)
    alpha, colors = np.where(background, 0, 1).astype(np.float32), rgb.copy()
    alpha[mixed], colors[mixed] = _unmixed(rgb, plate, mixed, _fronts(background, pure), reach + 1)
    haze &= alpha == 1
    alpha[haze] = thin[haze]
    cover = np.maximum(thin[haze], _LEAST)[:, None]
    colors[haze] = np.clip(plate[haze] + (rgb[haze] - plate[haze]) / cover, 0, 1)
    alpha[alpha < FAINT] = 0
    alpha[alpha > SOLID] = 1
    return alpha, np.where((alpha == 1)[..., None], rgb, colors)


def _fronts(background: Mask, pure: Mask) -> tuple[FloatArray, FloatArray]:
    """Depth inside the subject in pixels, for all pixels and for unmixed ones (others 0)."""
    import cv2

    depth = np.asarray(cv2.distanceTransform((~background).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    return depth, np.where(pure, depth, 0).astype(np.float32)


def _unmixed(
    rgb: FloatArray, plate: FloatArray, mixed: Mask, depths: tuple[FloatArray, FloatArray], radius: int
) -> tuple[FloatArray, FloatArray]:
    """Coverage (`N`) and colours (`N×3`) of the `mixed` pixels."""
    width = mixed.shape[1] + 2 * radius
    wide = np.pad(rgb, ((radius, radius), (radius, radius), (0, 0))).reshape(-1, 3)
    front_depth = np.pad(depths[1], radius).ravel()
    at = np.flatnonzero(np.pad(mixed, radius))
    own, back, depth = rgb[mixed], plate[mixed], depths[0][mixed]
    best = np.where(depth < 1.5, *_OWN_COST).astype(np.float32)
    alpha, colors = np.ones(len(at), np.float32), own.copy()
    for dy, dx in _rays(radius):
        some = np.flatnonzero(front_depth[at + (dy * width + dx)] > depth)
        front = wide[at[some] + (dy * width + dx)]
        share, residual = _mix(own[some], back[some], front)
        cost = np.sqrt(np.einsum("ij,ij->i", residual, residual)) + np.float32(_CANDIDATE_COST * np.hypot(dy, dx))
        better = cost < best[some]
        here = some[better]
        best[here], alpha[here] = cost[better], share[better]
        colors[here] = np.clip(front[better] + residual[better], 0, 1)
    return alpha, colors


def _haze(background: Mask, distance: FloatArray, reach: int) -> tuple[Mask, FloatArray]:
    """Pixels near the background with a similar colour, and their coverage as a thin layer.

    The opaque layer is assumed to be as far from the background as the strongest pixel in reach.
    """
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    by_background = cv2.dilate(background.astype(np.uint8), disc) > 0
    share = distance / np.maximum(cv2.dilate(distance, disc), 1e-6)
    return by_background & ~background & (distance < _HAZE[0]) & (share < _HAZE[1]), share


def _mixed(background: Mask, pure: Mask, reach: int) -> Mask:
    """Pixels within `reach` steps of the background over pixels that are not pure."""
    import cv2

    reached, kernel = background.astype(np.uint8), np.ones((3, 3), np.uint8)
    for _ in range(reach):
        reached |= cv2.dilate(reached, kernel) & ~pure
    return (reached > 0) & ~background


def _rays(radius: int) -> list[tuple[int, int]]:
    """Pixel offsets along `_RAYS` directions, nearest first."""
    angles = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    steps = [(round(r * np.sin(a)), round(r * np.cos(a))) for r in range(1, radius + 1) for a in angles]
    return list(dict.fromkeys(steps))


def _mix(color: FloatArray, back: FloatArray, front: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fraction of `front` in `color` (`N`), and the residual of the mix (`N×3`)."""
    way, gone = front - back, color - back
    share = np.einsum("ij,ij->i", gone, way) / np.maximum(np.einsum("ij,ij->i", way, way), np.float32(1e-6))
    share = np.clip(share, 0, 1)
    return share, gone - share[:, None] * way


def bleed(rgb: FloatArray, alpha: FloatArray) -> FloatArray:
    """Give pixels with `alpha` (`H×W`) 0 the nearest visible colour, so that filtering shows no rim."""
    from scipy.ndimage import distance_transform_edt

    if not alpha.any():
        return rgb
    y, x = distance_transform_edt(alpha == 0, return_distances=False, return_indices=True)
    return np.asarray(rgb[y, x])
