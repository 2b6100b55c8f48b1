"""Measure how often `pixelate` detects the pixel grid of enlarged art, and how often it detects one in other images.

    python tests/bench/grids.py

Art of random cells is enlarged, saved as JPEG, blurred or made noisy; cell and phase must both come out right.
"""

import io
import itertools
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from assetgen.images import Array
from assetgen.steps._grid import find_grid

CELLS = (2, 3, 4, 5, 6, 8, 10, 12, 4.5, 6.5)
SEEDS = range(24)
TOLERANCE = 0.25  # of a cell, at the far border: then the middle of every cell is sampled


def main() -> None:
    """Print detection rates."""
    harms = {"clean": lambda a: a, "jpeg 85": jpeg, "blur 0.5": blurred, "noise 4": noisy}
    for name, harm in harms.items():
        hits = sum(is_found(cell, seed, harm) for cell, seed in itertools.product(CELLS, SEEDS))
        print(f"{name:9} {hits} of {len(CELLS) * len(SEEDS)} grids found")
    wrong = sum(find_grid(smooth(seed)) is not None for seed in range(100))
    print(f"smooth    {wrong} of 100 pictures taken for a grid")


def is_found(cell: float, seed: int, harm: Callable[[Array], Array]) -> bool:
    rng = np.random.default_rng(seed)
    colors = rng.integers(0, 256, (8, 3), np.uint8)
    art = colors[rng.integers(0, 8, (28, 32))]
    full = np.asarray(Image.fromarray(art).resize((round(32 * cell), round(28 * cell)), Image.Resampling.NEAREST))
    left, top = (int(rng.integers(0, cell)) for _ in range(2)) if cell == round(cell) else (0, 0)
    grid = find_grid(harm(np.ascontiguousarray(full[top:, left:])))
    if grid is None or abs(grid.cell - cell) * full.shape[1] / cell > TOLERANCE * cell:
        return False
    begins = zip(grid.phase, (left, top), strict=True)
    away = [abs((found + begun + cell / 2) % cell - cell / 2) for found, begun in begins]
    return max(away) <= TOLERANCE * cell


def jpeg(array: Array) -> Array:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=85)
    return np.asarray(Image.open(buffer))


def blurred(array: Array) -> Array:
    return cv2.GaussianBlur(array, (0, 0), 0.5)


def noisy(array: Array) -> Array:
    noise = np.random.default_rng(0).normal(0, 4, array.shape)
    return np.clip(array + noise, 0, 255).astype(np.uint8)


def smooth(seed: int) -> Array:
    noise = np.random.default_rng(seed).normal(0, 1, (128, 128, 3))
    wide = cv2.GaussianBlur(noise, (0, 0), 2 + seed % 12)
    wide = (wide - wide.min()) / (wide.max() - wide.min())
    return (wide * 255).astype(np.uint8)


if __name__ == "__main__":
    main()
