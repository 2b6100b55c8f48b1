"""Colours for texels that no camera sees: from the nearest seen surface, and around the charts of a UV map."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..client.tones import Floats
from .sight import Whole

LEVELS = 9
"""Grids over the object, each twice as coarse as the one before: the coarsest has cells as large as the object."""
ENOUGH = 0.25
"""Share of the eight cells around a texel that must hold seen texels."""
RING = 4
"""Texels around a chart that continue its border; beyond them, colours are smooth down to the coarsest mipmap."""
Mask = NDArray[np.bool_]


def fill(color: Floats, seen: Mask, at: Whole, points: Floats, part: Whole, wanted: Mask) -> Mask:
    """Set the colours `N × 3` of those texels `at` that are unseen and `wanted` from seen ones nearby in the world.

    Grids of growing cells hold the mean colours of the seen texels; an unseen texel takes those of the finest grid
    that has some around it, across UV seams. Texels of a `part` without any seen texel keep their colour. Returns which
    of the `N` texels were set.
    """
    filled = np.zeros(len(seen), bool)
    for which in np.unique(part):
        mine = part == which
        known, missing = mine & seen[at], mine & ~seen[at] & wanted[at]
        if known.any() and missing.any():
            color[at[missing]] = _from_seen(points[known], color[at[known]], points[missing])
            filled[at[missing]] = True
    return filled


def _from_seen(points: Floats, colors: Floats, wanted: Floats) -> Floats:
    """The colours at the `wanted` points."""
    low = np.minimum(points.min(axis=0), wanted.min(axis=0))
    extent = max(float((np.maximum(points.max(axis=0), wanted.max(axis=0)) - low).max()), 1e-9)
    found, left = np.tile(colors.mean(axis=0), (len(wanted), 1)), np.arange(len(wanted))
    for level in range(LEVELS, -1, -1):
        cell = extent / 2**level
        keys, means = _means((points - low) / cell, colors)
        value, share = _around((wanted[left] - low) / cell, keys, means)
        done = share >= ENOUGH
        found[left[done]] = value[done]
        left = left[~done]
    return found


def _means(places: Floats, colors: Floats) -> tuple[Whole, Floats]:
    """The sorted keys of the cells that hold points, and their mean colours."""
    keys, cell = np.unique(_key(places.astype(np.int64)), return_inverse=True)
    count = np.bincount(cell, minlength=len(keys))
    sums = [np.bincount(cell, colors[:, channel], len(keys)) for channel in range(3)]
    return keys, (np.stack(sums, axis=1) / count[:, None]).astype(np.float32)


def _around(places: Floats, keys: Whole, means: Floats) -> tuple[Floats, Floats]:
    """Trilinear colours between the centres of the cells that hold some, and the share of these cells."""
    base = np.floor(places - 0.5).astype(np.int64)
    inner = places - 0.5 - base
    total, share = np.zeros((len(places), 3), np.float32), np.zeros(len(places), np.float32)
    for corner in _corners():
        weight = np.prod(np.where(corner, inner, 1 - inner), axis=1)
        key = _key(base + corner)
        slot = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
        weight *= keys[slot] == key
        total += weight[:, None] * means[slot]
        share += weight
    return total / np.maximum(share, 1e-12)[:, None], share


def _corners() -> Iterator[NDArray[np.int64]]:
    for number in range(8):
        yield np.array([number & 1, number >> 1 & 1, number >> 2 & 1])


def _key(cells: NDArray[np.int64]) -> Whole:
    """One number for the three of a cell."""
    cells = cells + 1
    return (cells[:, 0] << 40) + (cells[:, 1] << 20) + cells[:, 2]


def margins(color: Floats, covered: Mask) -> Floats:
    """The texture with colours outside of `covered`, so that neither filtering nor mipmaps show another colour."""
    known = covered.copy()
    color = np.where(known[..., None], color, np.zeros_like(color))
    for _ in range(RING):
        color, known = _ring(color, known)
    return _pushed(color, known)


def _ring(color: Floats, known: Mask) -> tuple[Floats, Mask]:
    """One more texel around the known ones, each the mean of its known neighbours."""
    total, count = np.zeros_like(color), np.zeros(known.shape, color.dtype)
    height, width = known.shape
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            to = (slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0)))
            of = (slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0)))
            total[to] += color[of]
            count[to] += known[of]
    new = ~known & (count > 0)
    color = color.copy()
    color[new] = total[new] / count[new][:, None]
    return color, known | new


def _pushed(color: Floats, known: Mask) -> Floats:
    """Unknown texels from smaller and smaller pictures of the known ones."""
    if known.all() or not known.any() or min(known.shape) < 2:
        return color
    height, width = (side // 2 * 2 for side in known.shape)
    blocks = (height // 2, 2, width // 2, 2)
    weight = known[:height, :width].reshape(blocks).sum(axis=(1, 3))
    small = np.where(known[..., None], color, 0)[:height, :width].reshape(*blocks, 3).sum(axis=(1, 3))
    small = _pushed(small / np.maximum(weight, 1)[..., None], weight > 0)
    large = np.pad(small.repeat(2, axis=0).repeat(2, axis=1), _rest(known.shape), mode="edge")
    return np.where(known[..., None], color, large)


def _rest(shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """What halving drops of an odd side."""
    return (0, shape[0] % 2), (0, shape[1] % 2), (0, 0)
