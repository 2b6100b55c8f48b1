"""Small pictures of unfinished images: a linear map from latents to colours, fitted to what a model has decoded.

Each latent cell gets the colour that the decoder would give it on average; where a model has few cells, each quarter or
sixteenth of a cell does. The map is the least-squares solution over
the first images that a model decodes, kept beside the loaded model and in a file for the next process. Before a model's
first batch is decoded there is no map, so that batch has no previews.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assetgen.diffusion.sampling.request import Request
from assetgen.images import Array
from assetgen.store.atomic import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

    from assetgen.diffusion.loading.models import WarmModel

SECONDS = 0.5
"""Between two previews: often enough to follow, and under 2 % of the time of sampling."""
_ENOUGH = 64
"""Images after which nothing more is learned."""
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


class StepPreviews:
    """Shows the images of one batch while it is sampled, where its requests have a `preview`."""

    def __init__(self, warm: WarmModel, batch: Sequence[Request], names: Sequence[str]) -> None:
        self.sink = batch[0].preview
        self.colors = _known_colors(warm, batch[0])
        self.slots = {name: slot for slot, name in reversed(list(enumerate(names)))}
        self.shown = time.monotonic()

    def step(self, latents: Tensor) -> None:
        """Show `B×C×h×w`, unless the last preview was shown just now."""
        if self.sink is None or self.colors is None or time.monotonic() - self.shown < SECONDS:
            return
        arrays = latents.float().cpu().numpy()
        self.sink.show({name: self.colors.colored(arrays[slot]) for name, slot in self.slots.items()})
        self.shown = time.monotonic()


def learn_colors(warm: WarmModel, batch: Sequence[Request], latents: Tensor, images: Sequence[Array]) -> None:
    """Learn from a decoded batch. Images that were cropped, repainted or taken apart do not belong to their latents."""
    first = batch[0]
    if first.preview is None or first.layers or first.mask_image is not None:
        return
    colors = _known_colors(warm, first)
    size = (latents.shape[2] * warm.vae_scale_factor, latents.shape[3] * warm.vae_scale_factor)
    if images[0].shape[:2] != size or (colors and colors.images >= _ENOUGH):
        return
    arrays = latents.float().cpu().numpy()
    if colors is None:
        colors = warm.latent_colors = _unfitted(arrays.shape[1:], images[0])
    for each, image in zip(arrays, images, strict=False):  # a batch is padded to its shape
        colors.learn(each, image)
    with contextlib.suppress(OSError):  # without the file, the next process learns again
        np_file = _file(first)
        np_file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(np_file, _packed(colors))


def _unfitted(shape: tuple[int, ...], image: Array) -> LatentColors:
    """An empty fit for latents of this shape `C×h×w`, with the detail that gives previews `_FEWEST` pixels."""
    channels, height, width = shape
    factor = image.shape[0] // height
    detail = next((each for each in (1, 2, 4) if each * min(height, width) >= _FEWEST and factor % each == 0), 1)
    outputs = detail * detail * image.shape[2]
    return LatentColors(np.zeros((channels + 1, channels + 1)), np.zeros((channels + 1, outputs)), detail)


def _known_colors(warm: WarmModel, request: Request) -> LatentColors | None:
    """What was learned about a loaded model, in this process or before."""
    if warm.latent_colors is None and request.preview is not None:
        warm.latent_colors = _read(_file(request))
    return warm.latent_colors


def _file(request: Request) -> Path:
    assert request.preview is not None
    identity = json.dumps(request.card.identity, sort_keys=True, default=str)
    return request.preview.folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"


def _packed(colors: LatentColors) -> bytes:
    sums = {"gram": colors.gram.tolist(), "moments": colors.moments.tolist()}
    return json.dumps({**sums, "detail": colors.detail, "images": colors.images}).encode()


def _read(file: Path) -> LatentColors | None:
    """What a file has; None where it is missing or damaged."""
    try:
        facts = json.loads(file.read_bytes())
        sums = np.array(facts["gram"]), np.array(facts["moments"])
        return LatentColors(*sums, detail=int(facts["detail"]), images=int(facts["images"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
