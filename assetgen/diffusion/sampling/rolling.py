"""Pictures that wrap, by networks that know where the edge is: it is somewhere else in every step.

A transformer with embeddings of positions cannot be padded: whatever it is shown, it draws a border at the border. So
the latents are rolled before each step, and its answer is rolled back ("noise rolling", ControlMat, Vecchio et al.
2024). In every step it is asked twice, the border of one view in the middle of the other, and each cell is told by the
view in which it is farther from the border (softly, as in MultiDiffusion, Bar-Tal et al. 2023): so no step leaves an
edge, which matters the more the fewer steps there are. Each step adds a share of the side that spreads any number of
borders evenly; the first is at a place that comes from the seed, so that no place is favoured.
"""

import random
from typing import Any

STRIDES = {"x": (5**0.5 - 1) / 2, "y": 2**0.5 - 1}  # the golden and the silver ratio, which no fraction is near to
VIEWS = (0.0, 0.5)
"""Where the borders of the views of one step are, as shares of a side from each other."""
LEAST = 0.01  # of the weight of a cell in the middle of a view: where borders cross, somebody must tell
Cells = list[tuple[int, int]]
"""By image, how many cells of latents it is rolled across and down."""


def starts(seed: int) -> dict[str, float]:
    """Where the offsets of an image begin, by axis, as shares of its sides."""
    chance = random.Random(seed)
    return {axis: chance.random() for axis in "xy"}


def shifts(begins: list[dict[str, float]], step: int, view: float, axes: str, size: tuple[int, int]) -> Cells:
    """How far images are rolled along `axes` for one view of a step, for latents of `size` (width, height)."""

    def along(axis: str, length: int) -> list[int]:
        moved = step * STRIDES[axis] + view
        return [int((begin[axis] + moved) % 1 * length) if axis in axes else 0 for begin in begins]

    return list(zip(along("x", size[0]), along("y", size[1]), strict=True))


def weights(cells: Cells, axes: str, size: tuple[int, int]) -> Any:
    """How much each cell counts `B×1×h×w`, by how far it is from the border when rolled so."""
    import torch

    images = []
    for shift in cells:
        sides = [
            _inside(length, rolls) if axis in axes else torch.ones(length)
            for axis, length, rolls in zip("xy", size, shift, strict=True)
        ]
        images.append((sides[1][:, None] * sides[0]).clamp(min=LEAST)[None])
    return torch.stack(images)


def _inside(length: int, rolls: int) -> Any:
    """0 at the border, 1 in the middle."""
    import torch

    places = (torch.arange(length) + rolls) % length + 0.5
    return torch.minimum(places, length - places) * 2 / length


def rolled(tensor: Any, cells: Cells, width: int, *, back: bool = False) -> Any:
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
