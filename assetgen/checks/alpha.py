"""Is a sprite cut out well?"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.color import oklab_from_srgb
from assetgen.images import Array, FloatArray, ImageSet, split_alpha, to_float
from assetgen.registry import Verdict, part

VISIBLE = 0.5
EMPTY, FULL = 0.02, 0.92
"""Shares of the whole picture below and above which nothing, or nothing but background, was cut out."""
STRAY_SIZE, STRAY_SHARE = 0.08, 0.06
"""An island below this share of the largest one is a stray; so much of what is visible may be strays."""
SAME, OTHER = 0.08, 0.16  # Oklab distances: of the background's colour; clearly not
HALO_SHARE = 0.3  # of the rim
RIM_DEPTH = 3  # pixels from the rim to the colour that it should have
WHITE = "#ffffff"

Mask = NDArray[np.bool_]


@part(version=1)
def alpha(
    images: ImageSet,
    *,
    touching: Annotated[float, Field(gt=0, le=1)] = 0.4,
) -> Verdict:
    """Fail a sprite that is empty, not cut out, cropped by the border, in crumbs, or rimmed by its background.

    Cropped means that more than `touching` of one side of the untrimmed picture is covered. A halo is a rim of the
    removed background's colour (white where that is not known) round something of another colour, which would shine
    on black or on white. The score is the worst fault as a multiple of its limit: above 1 fails, lower is better.
    """
    rgb, cover = (to_float(channel) for channel in split_alpha(images["color"]))
    seen = cover[..., 0] >= VISIBLE
    across, down = images.meta.get("trim", {}).get("source_size", images.size)
    share = float(seen.sum()) / (across * down)
    if share < EMPTY:
        return Verdict(EMPTY / max(share, 1e-3), False, f"nothing is left of it ({share:.1%} of the picture)")
    if share > FULL:
        return Verdict(share / FULL, False, f"it was not cut out: {share:.0%} of the picture are visible")
    back = str(images.meta.get("background", WHITE))
    faults = [
        (_contact(seen, images) / touching, f"the border cuts it off (more than {touching:.0%} of one side)"),
        (_strays(seen) / STRAY_SHARE, "it lies in crumbs"),
        (_halo(rgb, seen, back) / HALO_SHARE, f"its rim has the colour of the background ({back})"),
    ]
    worst, reason = max(faults)
    return Verdict(worst, worst <= 1, reason if worst > 1 else f"{share:.0%} visible")


def _contact(seen: Mask, images: ImageSet) -> float:
    """The largest share of a side of the untrimmed picture that is covered."""
    return max(_sides(seen, images))


def _sides(seen: Mask, images: ImageSet) -> Iterator[float]:
    height, width = seen.shape
    trim = images.meta.get("trim", {"offset": [0, 0], "source_size": [width, height]})
    (left, top), (across, down) = trim["offset"], trim["source_size"]
    for row in (-top, down - 1 - top):
        yield float(seen[row].sum()) / across if 0 <= row < height else 0.0
    for column in (-left, across - 1 - left):
        yield float(seen[:, column].sum()) / down if 0 <= column < width else 0.0


def _strays(seen: Mask) -> float:
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(seen.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas[areas < STRAY_SIZE * areas.max()].sum() / areas.sum())


def _halo(rgb: FloatArray, seen: Mask, background: str) -> float:
    """The share of the rim that has the background's colour though what lies deeper has not."""
    import cv2

    lab = oklab_from_srgb(rgb)
    back = oklab_from_srgb(np.array([int(background[at : at + 2], 16) / 255 for at in (1, 3, 5)], np.float32))
    padded = np.pad(seen, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    rim = seen & (depth < 1.5)
    inner = _nearest(lab, depth >= RIM_DEPTH)
    if inner is None or not rim.any():
        return 0.0
    far, near = (np.linalg.norm(colors - back, axis=-1) for colors in (inner, lab))
    return float((near[rim] < SAME)[far[rim] > OTHER].sum() / rim.sum())


def _nearest(values: Array, known: Mask) -> Array | None:
    from scipy.ndimage import distance_transform_edt

    if not known.any():
        return None
    y, x = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(values[y, x])
