"""A linear map from latents to colours, fitted to what a model has decoded.

Each latent cell gets the colour that the decoder would give it on average; where a model has few cells, each quarter or
sixteenth of a cell does. The map is the least-squares solution over the images that it has learned from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array

_FEWEST = 32
"""Pixels a side of a preview, where the decoder enlarges enough."""
_RIDGE = 1e-3
"""Weight of small coefficients, for latents that hardly vary in the first images."""


@dataclass
class LatentColors:
    """The sums of a least-squares fit: over cells, of `[latents, 1]` with itself and with the colours in 0..1 of the
    `detail × detail` parts of a cell."""

    gram: NDArray[np.float64]
    moments: NDArray[np.float64]
    detail: int
    images: int = 0

    def learn(self, latents: Array, image: Array) -> None:
        """Add an image `H×W×K` uint8 and the final latents `C×h×w` that it was decoded from."""
        (height, width), side = latents.shape[1:], self.detail
        sizes = image.shape[0] // (height * side), image.shape[1] // (width * side)
        parts = image.reshape(height, side, sizes[0], width, side, sizes[1], -1).mean((2, 5)) / 255
        cells = _cells(latents)
        self.gram += cells.T @ cells
        self.moments += cells.T @ parts.transpose(0, 2, 1, 3, 4).reshape(len(cells), -1)
        self.images += 1

    def colored(self, latents: Array) -> Array:
        """The picture uint8 of latents `C×h×w`, `detail` times as high and wide. Noise is scaled down to the spread of
        final latents."""
        (height, width), side = latents.shape[1:], self.detail
        count, channels = self.gram[-1, -1], len(latents)
        final = np.sqrt(np.trace(self.gram[:-1, :-1]) / (count * channels))
        spread = float(np.sqrt(np.mean(np.square(latents))))
        ridge = np.diag([*[_RIDGE * count] * channels, 0.0])
        weights = np.linalg.solve(self.gram + ridge, self.moments)
        colors = _cells(latents * min(1.0, final / max(spread, 1e-6))) @ weights
        parts = np.asarray(np.clip(np.rint(colors * 255), 0, 255), np.uint8).reshape(height, width, side, side, -1)
        return parts.transpose(0, 2, 1, 3, 4).reshape(height * side, width * side, -1)


def _cells(latents: Array) -> NDArray[np.float64]:
    """Latents `C×h×w` as rows of cells, with a 1 behind each."""
    flat = latents.reshape(len(latents), -1).T.astype(np.float64)
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)


def unfitted(shape: tuple[int, ...], image: Array) -> LatentColors:
    """An empty fit for latents of this shape `C×h×w`, with the detail that gives previews `_FEWEST` pixels."""
    channels, height, width = shape
    factor = image.shape[0] // height
    detail = next((each for each in (1, 2, 4) if each * min(height, width) >= _FEWEST and factor % each == 0), 1)
    outputs = detail * detail * image.shape[2]
    return LatentColors(np.zeros((channels + 1, channels + 1)), np.zeros((channels + 1, outputs)), detail)


def packed_colors(colors: LatentColors) -> bytes:
    """A fit as JSON."""
    sums = {"gram": colors.gram.tolist(), "moments": colors.moments.tolist()}
    return json.dumps({**sums, "detail": colors.detail, "images": colors.images}).encode()


def read_colors(file: Path) -> LatentColors | None:
    """What a file has; None where it is missing or damaged."""
    try:
        facts = json.loads(file.read_bytes())
        sums = np.array(facts["gram"]), np.array(facts["moments"])
        return LatentColors(*sums, detail=int(facts["detail"]), images=int(facts["images"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
