"""Few colours: a palette chosen from the picture or read from a file, and the picture drawn with it. All in Oklab."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray, split_alpha, to_float, to_uint8
from assetgen.pixels.color import oklab_from_srgb
from assetgen.pixels.palettes import read_palette

Colors = NDArray[np.uint8]
Indices = NDArray[np.intp]
Weights = NDArray[np.float64]
Lab = NDArray[np.float64]
ROUNDS = 40  # of k-means; it settles after 10 to 25 on sprites
MANY_COLORS = 1 << 14  # pictures with more are chosen from in bins of 5 bits a channel
BAYER_SIDE = 8
COARSENESS = 0.12  # how much a dither of two far colours is disliked: 0 meets every tone, 1 never dithers
CHUNK = 1 << 20  # colour pairs weighed at once


def reduce_colors(color: Array, colors: int | None, palette: Path | None, dither: float, tiles: str) -> Array:
    """sRGB `H×W×3` or `H×W×4` drawn with at most `colors` colours, those of the file `palette`, or both.

    With both, the `colors` colours of the file that serve the picture best are used; with neither the picture comes
    back. Colours are chosen by visible pixels, hidden ones are mapped too. Alpha is untouched, `dither` is 0..1.
    """
    if colors is None and palette is None:
        return color
    rgb, alpha = split_alpha(color)
    shades, where, weights = _histogram(to_uint8(rgb), to_float(alpha))
    chosen = choose_colors(shades, weights, colors or len(shades)) if palette is None else read_palette(palette)
    if palette is not None and colors is not None:
        chosen = _most_useful(chosen, shades, weights, colors)
    mapped = chosen[_drawn(shades, where, chosen, dither, tiles)]
    return np.concatenate([_like(mapped, color), color[..., 3:]], axis=2)


def _histogram(rgb: Colors, alpha: FloatArray) -> tuple[Colors, Indices, Weights]:
    """The different colours `N×3`, which of them each pixel has (`H×W`), and how much of each is seen."""
    codes = rgb.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    unique, where = np.unique(codes, return_inverse=True)
    shades = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], axis=1).astype(np.uint8)
    weights = np.asarray(np.bincount(where.ravel(), alpha.ravel(), len(shades)), np.float64)
    return shades, where.reshape(rgb.shape[:2]), weights if weights.any() else np.ones(len(shades))


def choose_colors(shades: Colors, weights: Weights, count: int) -> Colors:
    """At most `count` of the sRGB `shades` (`N×3`), by k-means in Oklab weighted by `weights`; always the same ones.

    K-means starts from colours far apart, weighed by the root of their frequency, so that an eye of two pixels can
    keep a colour of its own. Each centre ends as the shade nearest to it, so no colour is invented.
    """
    from scipy.spatial import cKDTree

    seen = weights > 0
    shades, weights = shades[seen], weights[seen]
    if len(shades) <= count:
        return shades
    lab, weights = _binned(shades, weights)
    centres = _far_apart(lab, weights, count)
    for _ in range(ROUNDS):
        nearest = cKDTree(centres).query(lab)[1]
        mass = np.bincount(nearest, weights, len(centres))
        sums = np.stack([np.bincount(nearest, weights * axis, len(centres)) for axis in lab.T], axis=1)
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-9)[:, None], centres)
        if np.abs(moved - centres).max() < 1e-5:
            break
        centres = moved
    members: Indices = np.unique(cKDTree(_lab(shades)).query(centres)[1])
    return shades[members]


def _lab(shades: Colors) -> Lab:
    return oklab_from_srgb(to_float(shades)).astype(np.float64)


def _binned(shades: Colors, weights: Weights) -> tuple[Lab, Weights]:
    """Oklab and weights, of few enough colours to work with."""
    lab = _lab(shades)
    if len(shades) <= MANY_COLORS:
        return lab, weights
    codes = (shades >> 3).astype(np.int32) @ np.array([1 << 10, 1 << 5, 1], np.int32)
    _, bins = np.unique(codes, return_inverse=True)
    mass = np.asarray(np.bincount(bins, weights), np.float64)
    return np.stack([np.bincount(bins, weights * axis) / mass for axis in lab.T], axis=1), mass


def _far_apart(lab: Lab, weights: Weights, count: int) -> Lab:
    chosen = [int(weights.argmax())]
    distance = np.full(len(lab), np.inf)
    for _ in range(count - 1):
        distance = np.minimum(distance, np.square(lab - lab[chosen[-1]]).sum(axis=1))
        chosen.append(int((distance * np.sqrt(weights)).argmax()))
    return lab[chosen]


def _most_useful(palette: Colors, shades: Colors, weights: Weights, count: int) -> Colors:
    """The `count` colours left when those whose loss hurts least are taken away one by one."""
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


def _drawn(shades: Colors, where: Indices, palette: Colors, dither: float, tiles: str) -> Indices:
    """Which palette colour each pixel gets, `H×W`."""
    from scipy.spatial import cKDTree

    lab, order = _lab(shades), np.argsort(_lab(palette)[:, 0], kind="stable")
    ramp = _lab(palette)[order]  # dark to light, so that both sides of a mixture agree on which colour is the upper one
    nearest: Indices = cKDTree(ramp).query(lab)[1]
    if not dither or len(palette) == 1:
        return order[nearest[where]]
    partner, share = _mixtures(lab, ramp, nearest)
    lower, upper = np.minimum(nearest, partner), np.maximum(nearest, partner)
    share = np.where(nearest < partner, share, 1 - share)
    threshold = 0.5 + dither * (_bayer(where.shape, tiles) - 0.5)
    return order[np.where(share[where] > threshold, upper[where], lower[where])]


def _mixtures(lab: Lab, ramp: Lab, nearest: Indices) -> tuple[Indices, Weights]:
    """For each colour the palette colour that, mixed with the nearest one, meets it best, and its share (0..0.5)."""
    partner, share = np.empty_like(nearest), np.empty(len(lab))
    step = max(1, CHUNK // len(ramp))
    for start in range(0, len(lab), step):
        part = slice(start, start + step)
        base = ramp[nearest[part]]
        legs, wanted = ramp[None] - base[:, None], lab[part] - base
        squared = np.square(legs).sum(axis=2)
        shares = np.clip((legs * wanted[:, None]).sum(axis=2) / np.maximum(squared, 1e-12), 0, 0.5)
        missed = np.square(wanted[:, None] - shares[..., None] * legs).sum(axis=2)
        best = (missed + COARSENESS * shares * (1 - shares) * squared).argmin(axis=1)
        partner[part], share[part] = best, shares[np.arange(len(best)), best]
    return partner, share


def _bayer(shape: tuple[int, ...], tiles: str) -> Weights:
    """Thresholds in 0..1 (Bayer, 1973), with a whole number of periods along the axes that tile."""
    matrix = np.zeros((1, 1))
    while len(matrix) < BAYER_SIDE:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    rows, columns = (_places(length, axis in tiles) for length, axis in zip(shape, "yx", strict=True))
    return (matrix[rows][:, columns] + 0.5) / BAYER_SIDE**2


def _places(length: int, wraps: bool) -> Indices:
    """Rows of the matrix; where its side does not divide the length, some come twice or not at all."""
    whole = max(1, round(length / BAYER_SIDE)) * BAYER_SIDE if wraps else length
    return np.arange(length) * whole // length % BAYER_SIDE


def _like(rgb: Colors, color: Array) -> Array:
    if color.dtype == np.float32:
        return to_float(rgb)
    deep: Array = rgb.astype(color.dtype) * color.dtype.type(np.iinfo(color.dtype).max // 255)
    return deep
