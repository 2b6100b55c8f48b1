"""Pictures that wrap, by networks that know where the edge is: it is somewhere else in every step.

A transformer with embeddings of positions cannot be padded: whatever it is shown, it draws a border at the border. So
the latents are rolled before each step, and its answer is rolled back ("noise rolling", ControlMat, Vecchio et al.
2024). Each step adds the golden ratio of a side, which spreads any number of borders evenly; the first is at a place
that comes from the seed, so that no place in the picture is favoured.
"""

import random
from typing import Any

GOLDEN = (5**0.5 - 1) / 2


def starts(seed: int) -> dict[str, float]:
    """Where the offsets of an image begin, by axis, as shares of its sides."""
    chance = random.Random(seed)
    return {axis: chance.random() for axis in "xy"}


def shifts(begins: list[dict[str, float]], step: int, axes: str, size: tuple[int, int]) -> list[tuple[int, int]]:
    """By image, how many cells of latents of `size` (width, height) are rolled across and down in this step."""
    sides = dict(zip("xy", size, strict=True))
    along = {
        axis: [int((begin[axis] + step * GOLDEN) % 1 * sides[axis]) if axis in axes else 0 for begin in begins]
        for axis in sides
    }
    return list(zip(along["x"], along["y"], strict=True))


def rolled(tensor: Any, cells: list[tuple[int, int]], width: int, *, back: bool = False) -> Any:
    """A batch `B×C×H×W`, each image rolled by its own shift in cells, of which `width` make a row; or rolled back."""
    import torch

    if not any(map(any, cells)):
        return tensor
    scale = (-1 if back else 1) * (tensor.shape[-1] // width)
    images = [
        image.roll((across * scale, down * scale), (-1, -2))
        for image, (across, down) in zip(tensor, cells, strict=True)
    ]
    return torch.stack(images)
