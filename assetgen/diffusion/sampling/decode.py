"""Latents to images: small ones at once, large ones in overlapping windows, so that memory does not grow with size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assetgen.diffusion.sampling.latents import decode_latents, decoded_channels, vae_scale_factor
from assetgen.diffusion.sampling.tiling import circular_padding
from assetgen.images import FloatArray

if TYPE_CHECKING:
    from diffusers import ModelMixin
    from torch import Tensor

_MAX_PIXELS = 2048 * 1024
"""The largest image decoded at once: SDXL's autoencoder takes about 2.8 GB for 1024² in bfloat16."""
_WINDOW = 1024
_OVERLAP = 256
"""In pixels. The receptive field of SDXL's decoder reaches about 100 pixels to each side, apart from its attention."""


def latents_to_image(
    vae: ModelMixin, latents: Tensor, tile: str, *, max_pixels: int = _MAX_PIXELS, window: int = _WINDOW
) -> Tensor:
    """The image `H×W×3` (with alpha `H×W×4`) in 0..1, float32, of latents `1×C×h×w`; it tiles along the axes `tile`.

    Images of more than `max_pixels` are blended from square windows of `window` pixels. Along tiling axes the windows
    wrap around the border.
    """
    import torch

    factor = vae_scale_factor(vae)
    if latents.shape[2] * latents.shape[3] * factor**2 <= max_pixels:
        with circular_padding([vae], tile):
            return decode_latents(vae, latents)
    cells, overlap = window // factor, window * _OVERLAP // _WINDOW // factor
    rows, columns = (
        list(_windows(length, cells, overlap, axis in tile))
        for axis, length in zip("yx", latents.shape[2:], strict=True)
    )
    # where one window holds the whole side, padding makes it tile
    padded_axes = "".join(axis for axis, found in (("x", columns), ("y", rows)) if len(found) == 1 and axis in tile)
    image = np.zeros((latents.shape[2] * factor, latents.shape[3] * factor, decoded_channels(vae)), np.float32)
    weights = np.zeros((*image.shape[:2], 1), np.float32)
    with circular_padding([vae], padded_axes):
        for ys, xs in product(rows, columns):
            pixels = decode_latents(vae, latents[:, :, ys][:, :, :, xs]).cpu().numpy()
            weight = _ramp(len(ys), overlap, factor)[:, None, None] * _ramp(len(xs), overlap, factor)[:, None]
            area = np.ix_(_pixels(ys, factor), _pixels(xs, factor))
            image[area] += pixels * weight
            weights[area] += weight
    return torch.from_numpy((image / weights).astype(np.float32))


def _windows(length: int, cells: int, overlap: int, wraps: bool) -> Iterator[NDArray[np.intp]]:
    """The cell indices of each window along a side, evenly spread; modulo the side where it wraps."""
    if length <= cells:
        yield np.arange(length)
        return
    step = cells - overlap
    if wraps:
        count = -(-length // step)
        starts = [round(number * length / count) for number in range(count)]
    else:
        count = -(-(length - overlap) // step)
        starts = [round(number * (length - cells) / (count - 1)) for number in range(count)]
    for start in starts:
        yield np.arange(start, start + cells) % length


def _ramp(cells: int, overlap: int, factor: int) -> FloatArray:
    """The weights of a window's pixels along one side: rising over the overlap, then 1, then falling."""
    positions = np.arange(cells * factor, dtype=np.float32) + np.float32(0.5)
    distance = np.minimum(positions, positions[::-1])
    weights: FloatArray = np.minimum(distance / np.float32(overlap * factor), np.float32(1))
    return weights


def _pixels(cells: NDArray[np.intp], factor: int) -> NDArray[np.intp]:
    return (cells[:, None] * factor + np.arange(factor)).reshape(-1)
