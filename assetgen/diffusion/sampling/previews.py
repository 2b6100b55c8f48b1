"""Small pictures of unfinished images.

The map from latents to colours is fitted to the first images that a model decodes, and kept beside the loaded model and
in a file for the next process. Before a model's first batch is decoded there is no map, so that batch has no previews.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assetgen.diffusion.sampling.latent_colors import LatentColors, packed_colors, read_colors, unfitted
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
        colors = warm.latent_colors = unfitted(arrays.shape[1:], images[0])
    for each, image in zip(arrays, images, strict=False):  # a batch is padded to its shape
        colors.learn(each, image)
    with contextlib.suppress(OSError):  # without the file, the next process learns again
        file = _file(first)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, packed_colors(colors))


def _known_colors(warm: WarmModel, request: Request) -> LatentColors | None:
    """What was learned about a loaded model, in this process or before."""
    if warm.latent_colors is None and request.preview is not None:
        warm.latent_colors = read_colors(_file(request))
    return warm.latent_colors


def _file(request: Request) -> Path:
    assert request.preview is not None
    identity = json.dumps(request.card.identity, sort_keys=True, default=str)
    return request.preview.folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
