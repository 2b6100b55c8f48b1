"""Choose few colours for images, or read them from a palette file, and draw with them. Distances are in Oklab."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray, ImageSet, split_alpha, to_float, to_uint8
from assetgen.pixels.color import oklab_from_srgb
from assetgen.pixels.palettes import read_palette

_Colors = NDArray[np.uint8]
_Indices = NDArray[np.intp]
_Weights = NDArray[np.float64]
_Lab = NDArray[np.float64]
_ROUNDS = 40  # of k-means; it converges after 10 to 25 on sprites
_MANY_COLORS = 1 << 14  # images with more are binned to 5 bits per channel
_BAYER_SIDE = 8
_COARSENESS = 0.12  # penalty for dithering two distant colours: 0 matches every tone, 1 never dithers
_CHUNK = 1 << 20  # colour pairs compared at once
_CODES = np.array([1 << 16, 1 << 8, 1], np.int32)  # of 24-bit colours


def reduce_colors(
    images: ImageSet, *, colors: int | None = None, palette: Path | None = None, dither: float = 0.0
) -> Array:
    """Map `color`, sRGB, to at most `colors` colours, to the colours of the file `palette`, or both.

    With both, the best `colors` colours of the file are used; with neither, the image is returned. Visible pixels
    decide the colours; transparent ones are mapped too. Alpha is untouched. `dither` is 0..1. All frames of a sequence
    get the same colours.
    """
    color = images["color"]
    if colors is None and palette is None:
        return color
    rgb, alpha = split_alpha(color)
    shades, where, weights = _histogram(to_uint8(rgb), to_float(alpha))
    chosen = choose_colors(shades, weights, colors or len(shades)) if palette is None else read_palette(palette)
    if palette is not None and colors is not None:
        chosen = _most_useful(chosen, shades, weights, colors)
    mapped = chosen[_drawn(shades, where, chosen, dither * _thresholds(images))]
    return np.concatenate([_like(mapped, color), color[..., 3:]], axis=2)


def _histogram(rgb: _Colors, alpha: FloatArray) -> tuple[_Colors, _Indices, _Weights]:
    """Unique colours `N×3`, their index at each pixel `H×W`, and the visible area of each."""
    unique, where = np.unique(rgb.astype(np.int32) @ _CODES, return_inverse=True)
    shades = _decoded(unique)
    weights = np.asarray(np.bincount(where.ravel(), alpha.ravel(), len(shades)), np.float64)
    return shades, where.reshape(rgb.shape[:2]), weights if weights.any() else np.ones(len(shades))


def _decoded(codes: NDArray[np.integer[Any]]) -> _Colors:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.uint8)


def common_palette(pictures: Iterable[Array], count: int) -> _Colors:
    """At most `count` colours for several pictures, RGB or RGBA, dark to light, `N×3`; none where nothing is visible.

    Each picture counts the same, whatever its size.
    """
    areas = np.zeros(1 << 24)
    for color in pictures:
        rgb, alpha = split_alpha(color)
        codes = to_uint8(rgb).reshape(-1, 3).astype(np.int32) @ _CODES
        cover = to_float(alpha).reshape(-1)
        unique, where = np.unique(codes, return_inverse=True)
        areas[unique] += np.bincount(where.reshape(-1), cover, len(unique)) / max(float(cover.sum(dtype=float)), 1e-9)
    seen = np.flatnonzero(areas)
    if not len(seen):
        return np.zeros((0, 3), np.uint8)
    chosen = choose_colors(_decoded(seen), areas[seen], count)
    return chosen[np.argsort(_lab(chosen)[:, 0], kind="stable")]


def choose_colors(shades: _Colors, weights: _Weights, count: int) -> _Colors:
    """Choose at most `count` of the sRGB `shades` (`N×3`) by k-means in Oklab, weighted by `weights`; deterministic.

    K-means starts from distant colours, weighted by the square root of their frequency, so that an eye of two pixels
    can keep its own colour. Each centre is replaced by the nearest shade, so that no new colour appears.
    """
    from scipy.spatial import cKDTree

    seen = weights > 0
    shades, weights = shades[seen], weights[seen]
    if len(shades) <= count:
        return shades
    lab, weights = _binned(shades, weights)
    centres = _far_apart(lab, weights, count)
    for _ in range(_ROUNDS):
        nearest = cKDTree(centres).query(lab)[1]
        mass = np.bincount(nearest, weights, len(centres))
        sums = np.stack([np.bincount(nearest, weights * axis, len(centres)) for axis in lab.T], axis=1)
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-9)[:, None], centres)
        if np.abs(moved - centres).max() < 1e-5:
            break
        centres = moved
    members: _Indices = np.unique(cKDTree(_lab(shades)).query(centres)[1])
    return shades[members]


def _lab(shades: _Colors) -> _Lab:
    return oklab_from_srgb(to_float(shades)).astype(np.float64)


def _binned(shades: _Colors, weights: _Weights) -> tuple[_Lab, _Weights]:
    """Oklab colours and weights, binned if there are too many."""
    lab = _lab(shades)
    if len(shades) <= _MANY_COLORS:
        return lab, weights
    codes = (shades >> 3).astype(np.int32) @ np.array([1 << 10, 1 << 5, 1], np.int32)
    _, bins = np.unique(codes, return_inverse=True)
    mass = np.asarray(np.bincount(bins, weights), np.float64)
    return np.stack([np.bincount(bins, weights * axis) / mass for axis in lab.T], axis=1), mass


def _far_apart(lab: _Lab, weights: _Weights, count: int) -> _Lab:
    chosen = [int(weights.argmax())]
    distance = np.full(len(lab), np.inf)
    for _ in range(count - 1):
        distance = np.minimum(distance, np.square(lab - lab[chosen[-1]]).sum(axis=1))
        chosen.append(int((distance * np.sqrt(weights)).argmax()))
    return lab[chosen]


def _most_useful(palette: _Colors, shades: _Colors, weights: _Weights, count: int) -> _Colors:
    """The `count` palette colours that remain after removing, one by one, the one with the least added error."""
    seen = weights > 0
    lab, mass = _binned(shades[seen], weights[seen])
    apart = np.square(lab[:, None] - _lab(palette)[None]).sum(axis=2)
    kept = np.arange(len(palette))
    while len(kept) > count:
        nearest, second = np.partition(apart, 1, axis=1)[:, :2].T
        loss = np.bincount(apart.argmin(axis=1), mass * (second - nearest), len(kept))
        staying = np.arange(len(kept)) != loss.argmin()
        kept, apart = kept[staying], apart[:, staying]
    return palette[kept]


def _drawn(shades: _Colors, where: _Indices, palette: _Colors, offsets: _Weights) -> _Indices:
    """Palette index of each pixel, `H×W`; `offsets` are added to the threshold between two colours."""
    from scipy.spatial import cKDTree

    lab, order = _lab(shades), np.argsort(_lab(palette)[:, 0], kind="stable")
    ramp = _lab(palette)[order]  # dark to light: a consistent order of the two colours of a mixture
    nearest: _Indices = cKDTree(ramp).query(lab)[1]
    if not offsets.any() or len(palette) == 1:
        return order[nearest[where]]
    partner, share = _mixtures(lab, ramp, nearest)
    lower, upper = np.minimum(nearest, partner), np.maximum(nearest, partner)
    share = np.where(nearest < partner, share, 1 - share)
    return order[np.where(share[where] > 0.5 + offsets, upper[where], lower[where])]


def _mixtures(lab: _Lab, ramp: _Lab, nearest: _Indices) -> tuple[_Indices, _Weights]:
    """For each colour, the palette colour that matches it best mixed with the nearest, and its fraction (0..0.5)."""
    partner, share = np.empty_like(nearest), np.empty(len(lab))
    step = max(1, _CHUNK // len(ramp))
    for start in range(0, len(lab), step):
        part = slice(start, start + step)
        base = ramp[nearest[part]]
        legs, wanted = ramp[None] - base[:, None], lab[part] - base
        squared = np.square(legs).sum(axis=2)
        shares = np.clip((legs * wanted[:, None]).sum(axis=2) / np.maximum(squared, 1e-12), 0, 0.5)
        missed = np.square(wanted[:, None] - shares[..., None] * legs).sum(axis=2)
        best = (missed + _COARSENESS * shares * (1 - shares) * squared).argmin(axis=1)
        partner[part], share[part] = best, shares[np.arange(len(best)), best]
    return partner, share


def _thresholds(images: ImageSet) -> _Weights:
    """A Bayer pattern in -0.5..0.5, the same in every frame."""
    frames = images.frames
    return np.tile(bayer(frames[0]["color"].shape[:2], images.meta.tiles or "") - 0.5, (len(frames), 1))


def bayer(shape: tuple[int, ...], tiles: str) -> _Weights:
    """Thresholds in 0..1 (Bayer, 1973), with a whole number of periods along tiling axes."""
    matrix = np.zeros((1, 1))
    while len(matrix) < _BAYER_SIDE:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    rows, columns = (_bayer_indices(length, axis in tiles) for length, axis in zip(shape, "yx", strict=True))
    return (matrix[rows][:, columns] + 0.5) / _BAYER_SIDE**2


def _bayer_indices(length: int, wraps: bool) -> _Indices:
    """Row of the matrix for each pixel. Where its side does not divide the length, rows repeat or are skipped."""
    whole = max(1, round(length / _BAYER_SIDE)) * _BAYER_SIDE if wraps else length
    return np.arange(length) * whole // length % _BAYER_SIDE


def _like(rgb: _Colors, color: Array) -> Array:
    if color.dtype == np.float32:
        return to_float(rgb)
    deep: Array = rgb.astype(color.dtype) * color.dtype.type(np.iinfo(color.dtype).max // 255)
    return deep
