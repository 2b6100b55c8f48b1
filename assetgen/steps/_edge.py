"""Coverage along an edge, and colours freed of the background (compositing after Porter and Duff, 1984)."""

import numpy as np

from assetgen.images import FloatArray
from assetgen.steps._key import Key, Mask

REACH = 5  # pixels from the background that may be mixed, in a picture of up to 1024: a VAE blurs over 3 to 5
REACH_SHARE = 0.005  # of the longer side, in larger ones
PURE = 0.92  # a pixel as far from the background as its neighbours is unmixed
CANDIDATE_COST = 0.01  # per pixel of way, against the residual in sRGB
OWN_COST = (0.4, 0.15)  # residual in sRGB above which a pixel is a colour of its own: next to the background, deeper
FAINT, SOLID = 0.06, 0.92  # coverage below is none and above is full


def soft_edge(rgb: FloatArray, background: Mask, key: Key, plate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coverage `H×W` and colours `H×W×3` without background; `plate` is the background in sRGB.

    An edge pixel is a mix of the plate and of the nearest unmixed pixel deeper inside that explains it best.
    """
    import cv2

    depth = cv2.distanceTransform((~background).astype(np.uint8), cv2.DIST_L2, 5)
    reach = max(REACH, round(REACH_SHARE * max(background.shape)))
    pure = key.distance >= PURE * cv2.dilate(key.distance, np.ones((3, 3), np.uint8))
    mixed = _mixed(background, pure, reach)
    best = np.where(depth < 1.5, *OWN_COST).astype(np.float32)
    alpha, colors = np.where(background, 0, 1).astype(np.float32), rgb.copy()
    rows, columns = np.nonzero(mixed)
    for dy, dx in _disc(reach + 1):
        y, x = np.clip(rows + dy, 0, len(depth) - 1), np.clip(columns + dx, 0, depth.shape[1] - 1)
        deeper = (depth[y, x] > depth[rows, columns]) & pure[y, x]
        share, residual = _mix(rgb[rows, columns], plate[rows, columns], rgb[y, x])
        cost = np.sqrt((residual**2).sum(axis=1)) + CANDIDATE_COST * np.hypot(dy, dx)
        better = deeper & (cost < best[rows, columns])
        here = rows[better], columns[better]
        best[here], alpha[here] = cost[better], share[better]
        colors[here] = np.clip(rgb[y, x] + residual, 0, 1)[better]
    alpha[alpha < FAINT] = 0
    alpha[alpha > SOLID] = 1
    return alpha, np.where((alpha == 1)[..., None], rgb, colors)


def _mixed(background: Mask, pure: Mask, reach: int) -> Mask:
    """What is reached from the background in `reach` steps over pixels that are not pure."""
    import cv2

    reached, kernel = background.astype(np.uint8), np.ones((3, 3), np.uint8)
    for _ in range(reach):
        reached |= cv2.dilate(reached, kernel) & ~pure
    return (reached > 0) & ~background


def _disc(radius: int) -> list[tuple[int, int]]:
    span = range(-radius, radius + 1)
    return [(y, x) for y in span for x in span if 0 < y * y + x * x <= radius * radius]


def _mix(color: FloatArray, back: FloatArray, front: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of `front` in `color` (`N`), and what the mix leaves unexplained (`N×3`)."""
    way = front - back
    share = np.clip(((color - back) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-6), 0, 1)
    return share, color - back - share[:, None] * way


def bleed(rgb: FloatArray, alpha: FloatArray) -> FloatArray:
    """`rgb` where `alpha` (`H×W`) is 0 replaced by the nearest visible colour, so that filtering draws no rim."""
    from scipy.ndimage import distance_transform_edt

    if not alpha.any():
        return rgb
    y, x = distance_transform_edt(alpha == 0, return_distances=False, return_indices=True)
    return np.asarray(rgb[y, x])
