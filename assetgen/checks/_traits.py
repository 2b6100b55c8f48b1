"""Traits of a drawn thing: numbers by which a clean drawing differs from a smear, torn shapes or several things."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray, split_alpha, to_float
from assetgen.pixels.color import oklab_from_srgb

SIDE = 32
"""Cells along the longer side; larger pictures are reduced to it."""
_VISIBLE = 0.5
_PIECE = 0.01  # of the visible cells: smaller pieces are sparks
_EQUAL, _EDGE, _STEP, _SPECK = 0.02, 0.12, 0.05, 0.1  # Oklab distances of neighbours
_DARKER, _LIGHTER = 0.08, 0.05  # Oklab lightness of the rim against the cells inside
_FEW = 4  # cells: less has no traits
_SQUARE = np.ones((3, 3), np.uint8)

_Mask = NDArray[np.bool_]
ShapeTraits = dict[str, float]


def cells_of(color: Array) -> tuple[FloatArray, _Mask]:
    """The thing in Oklab and where it is visible: cut to what is visible, at most `SIDE` cells wide and high, with a
    border of one invisible cell."""
    import cv2

    rgb, cover = (to_float(channel) for channel in split_alpha(color))
    rows, columns = (np.flatnonzero((cover[..., 0] >= _VISIBLE).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.bool_)
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    rgba = np.concatenate([rgb * cover, cover], axis=2)[window]
    height, width = rgba.shape[:2]
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        rgba = np.asarray(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA), np.float32)
    rgba = np.pad(rgba, ((1, 1), (1, 1), (0, 0)))
    lab = oklab_from_srgb(np.clip(rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-3), 0, 1))
    return lab, rgba[..., 3] >= _VISIBLE


def areas_of(seen: _Mask) -> FloatArray:
    """The areas of its pieces as fractions of all visible cells, the largest first."""
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(seen.astype(np.uint8), connectivity=8)
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1] / max(int(seen.sum()), 1)
    return np.asarray(areas[areas >= _PIECE], np.float32)


def traits_of(lab: FloatArray, seen: _Mask) -> ShapeTraits | None:
    """The traits of a thing from `cells_of`; None where it is too small to have any."""
    inside = _eroded(seen, 1)
    if inside.sum() < _FEW:
        return None
    return {**_silhouette(seen), **_rim(lab[..., 0], seen, inside), **_surface(lab, seen, inside)}


def _silhouette(seen: _Mask) -> ShapeTraits:
    """The shape: pieces, how much of its box it fills, how long its border is, holes, thin parts, symmetry."""
    import cv2

    areas, count = areas_of(seen), int(seen.sum())
    opened = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
    border = int((seen[1:] != seen[:-1]).sum() + (seen[:, 1:] != seen[:, :-1]).sum())
    mirrored = seen[:, ::-1]
    return {
        "pieces": float(len(areas)),
        "second": float(areas[1]) if len(areas) > 1 else 0.0,
        "loose": 1 - float(areas[0]),
        "fill": count / ((seen.shape[0] - 2) * (seen.shape[1] - 2)),
        "border": border / count**0.5,
        "thin": 1 - float((opened & seen).sum()) / count,
        "holes": float(cv2.connectedComponents((~seen).astype(np.uint8), connectivity=4)[0] - 2),
        "core": float(_eroded(seen, 2).sum()) / count,
        "symmetry": float((seen & mirrored).sum() / (seen | mirrored).sum()),
    }


def _rim(light: FloatArray, seen: _Mask, inside: _Mask) -> ShapeTraits:
    """The outline: how much darker the rim is than the inside, and where it is darker or lighter than next to it."""
    import cv2

    def around(values: Array) -> FloatArray:
        flat = values.astype(np.float32)
        return np.asarray(cv2.boxFilter(flat, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT), np.float32)

    rim, number = seen & ~inside, around(inside)
    beside = around(np.where(inside, light, 0)) / np.maximum(number, 1)
    known = rim & (number > 0)
    return {
        "rim": float(light[inside].mean() - light[rim].mean()),
        "outlined": float((beside - light > _DARKER)[known].mean()) if known.any() else 0.0,
        "fading": float((light - beside > _LIGHTER)[known].mean()) if known.any() else 0.0,
    }


def _surface(lab: FloatArray, seen: _Mask, inside: _Mask) -> ShapeTraits:
    """The colours: contrast, and how many neighbours are equal, differ a little, or are separated by an edge."""
    import cv2

    light = lab[..., 0][seen]
    steps = np.concatenate([np.linalg.norm(a - b, axis=-1) for a, b in _neighbours(lab, inside)])
    rounded = np.rint(lab / _STEP).astype(np.int32)
    same = np.concatenate([(a == b).all(axis=-1) for a, b in _neighbours(rounded, seen)])
    filled = np.where(seen[..., None], lab, lab[seen].mean(axis=0)).astype(np.float32)
    smooth = np.stack([cv2.medianBlur(np.ascontiguousarray(filled[..., k]), 3) for k in range(3)], axis=-1)
    return {
        "range": float(np.percentile(light, 95) - np.percentile(light, 5)),
        "contrast": contrast_of(lab[seen]),
        "equal": float((steps < _EQUAL).mean()) if len(steps) else 0.0,
        "soft": float(((steps >= _EQUAL) & (steps < _SPECK)).mean()) if len(steps) else 0.0,
        "edges": float((steps > _EDGE).mean()) if len(steps) else 0.0,
        "same": float(same.mean()) if len(same) else 0.0,
        "specks": float((np.linalg.norm(lab - smooth, axis=-1)[inside] > _SPECK).mean()),
    }


def contrast_of(colors: FloatArray) -> float:
    """The root mean square distance of Oklab colours, `… × 3`, from their mean."""
    flat = colors.reshape(-1, 3).astype(np.float64)
    return float(np.sqrt(((flat - flat.mean(axis=0)) ** 2).sum(axis=1).mean())) if len(flat) else 0.0


def _neighbours(values: NDArray[Any], where: _Mask) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Each cell in the mask with the one below it, then with the one to its right."""
    down, right = where[1:] & where[:-1], where[:, 1:] & where[:, :-1]
    yield values[1:][down], values[:-1][down]
    yield values[:, 1:][right], values[:, :-1][right]


def _eroded(seen: _Mask, times: int) -> _Mask:
    import cv2

    return np.asarray(cv2.erode(seen.astype(np.uint8), _SQUARE, iterations=times) > 0)
