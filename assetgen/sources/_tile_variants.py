"""Variants of a tile that join like the tile itself: its middle is replaced by another place of the same texture."""

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, ImageSet, to_float
from assetgen.pixels.quilting import cheapest_path, path_sums

_CANDIDATES = 16
"""Places of the texture that are compared."""


def variant(images: ImageSet, seed: int) -> ImageSet:
    """A texture that tiles, with other content inside and the same border.

    The inner part is the texture rolled to another place. It begins along the closed cut of the least difference
    (Efros and Freeman 2001), at least one pixel inside; of several places the one with the cheapest cut is taken.
    """
    color = to_float(images["color"])
    height, width = color.shape[:2]
    generator = np.random.default_rng(seed)
    down = generator.integers(height // 4, height - height // 4, _CANDIDATES)
    rolls = [(int(y), int(x)) for y, x in zip(down, generator.integers(0, width, _CANDIDATES), strict=True)]
    angle, ring, (rows, columns) = _rings(width, height)
    errors = np.stack([np.square(color - np.roll(color, roll, (0, 1))).sum(axis=2)[rows, columns] for roll in rolls])
    best = int(path_sums(errors).argmin())
    inside = ring > cheapest_path(errors[best], loop=True)[angle]

    def change(array: Array) -> Array:
        return np.asarray(np.where(inside[..., None], np.roll(array, rolls[best], (0, 1)), array))

    return images.map(change)


def _rings(width: int, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each pixel its place along the border and its ring, 0 for the border itself; and for each place and ring
    from 1 to half of the way to the middle (`places × rings`) the row and column there."""
    y, x = np.mgrid[:height, :width]
    across, down = (x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1
    far = np.maximum(np.maximum(np.abs(across), np.abs(down)), 1e-9)  # 0 in the middle of odd sizes
    rings = max(1, min(width, height) // 4)
    ring = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    places = 2 * (width + height)
    turn = np.where(
        -down == far, (across / far + 1) / 8,
        np.where(across == far, (down / far + 3) / 8,
        np.where(down == far, (5 - across / far) / 8, (7 - down / far) / 8)),
    )  # fmt: skip
    angle = np.minimum((turn * places).astype(np.int64), places - 1)
    at, depth = np.meshgrid((np.arange(places) + 0.5) / places * 8, np.arange(rings), indexing="ij")
    side, along = (at // 2).astype(np.int64), at % 2 - 1
    edge_x = np.choose(side, (along, np.ones_like(along), -along, -np.ones_like(along)))
    edge_y = np.choose(side, (-np.ones_like(along), along, np.ones_like(along), -along))
    shrink_x, shrink_y = (1 - 2 * (depth + 0.5) / size for size in (width, height))
    column = np.clip(((edge_x * shrink_x + 1) / 2 * width).astype(np.int64), 0, width - 1)
    row = np.clip(((edge_y * shrink_y + 1) / 2 * height).astype(np.int64), 0, height - 1)
    return angle, ring.astype(np.int64), np.stack([row, column])
