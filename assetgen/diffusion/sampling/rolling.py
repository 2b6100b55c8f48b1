"""Noise rolling: tiling images from transformers with position embeddings.

Such a network draws a border at the border of its input, and circular padding does not change that. So the latents are
rolled before each step, and the prediction is rolled back (ControlMat, Vecchio et al. 2024). Each step predicts two
views, the border of one in the middle of the other, and blends them by each cell's distance from the border (as in
MultiDiffusion, Bar-Tal et al. 2023): no step leaves an edge, which matters most with few steps. Each step adds an
irrational fraction of the side to the shift, which spreads any number of borders evenly; the first shift depends on
the seed, so that no position is favoured.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_STRIDES = {"x": (5**0.5 - 1) / 2, "y": 2**0.5 - 1}
"""What each step adds to the shift, in sides: fractions of the golden and the silver ratio."""
VIEWS = (0.0, 0.5)
"""The shifts of the views of one step, in sides."""
_MIN_WEIGHT = 0.01
"""The least weight of a cell, relative to one in the middle: where the borders of both views cross, all are small."""
Shifts = list[tuple[int, int]]
"""For each image, how many latent cells it is rolled along x and y."""


def start_offsets(seed: int) -> dict[str, float]:
    """The first shift of an image along each axis, in sides (0..1)."""
    generator = random.Random(seed)
    return {axis: generator.random() for axis in "xy"}


def view_shifts(offsets: list[dict[str, float]], step: int, view: float, axes: str, size: tuple[int, int]) -> Shifts:
    """The shifts of a batch along `axes` for one view of a step, for latents of `size` (width, height)."""

    def along(axis: str, length: int) -> list[int]:
        moved = step * _STRIDES[axis] + view
        return [int((offset[axis] + moved) % 1 * length) if axis in axes else 0 for offset in offsets]

    return list(zip(along("x", size[0]), along("y", size[1]), strict=True))


def view_weights(shifts: Shifts, axes: str, size: tuple[int, int]) -> Tensor:
    """The weight of each cell of a view, `B×1×h×w`, by its distance from the border when rolled so."""
    import torch

    images = []
    for shift in shifts:
        x, y = (
            _distance(length, cells) if axis in axes else torch.ones(length)
            for axis, length, cells in zip("xy", size, shift, strict=True)
        )
        images.append((y[:, None] * x).clamp(min=_MIN_WEIGHT)[None])
    return torch.stack(images)


def _distance(length: int, cells: int) -> Tensor:
    """From the border, for each cell of a side rolled by `cells`: 0 at the border, 1 in the middle."""
    import torch

    positions = (torch.arange(length) + cells) % length + 0.5
    return torch.minimum(positions, length - positions) * 2 / length


def roll(tensor: Tensor, shifts: Shifts, width: int, *, back: bool = False) -> Tensor:
    """A batch `B×C×H×W`, each image rolled by its own shift, or rolled back. Shifts are in latent cells, of which
    `width` make a row; the tensor may be larger than the latents."""
    import torch

    if not any(map(any, shifts)):
        return tensor
    scale = (-1 if back else 1) * (tensor.shape[-1] // width)
    images = [image.roll((x * scale, y * scale), (-1, -2)) for image, (x, y) in zip(tensor, shifts, strict=True)]
    return torch.stack(images)
