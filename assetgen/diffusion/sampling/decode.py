"""Latents to pictures: small ones at once, large ones through windows, whose memory does not grow with the picture."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assetgen.diffusion.sampling.latents import decode_picture, grain_of
from assetgen.diffusion.sampling.tiling import wrapping
from assetgen.images import FloatArray

MOST_PIXELS = 2048 * 1024
"""The largest picture that is decoded at once: SDXL's autoencoder takes about 2.8 GB for 1024² in bfloat16."""
WINDOW = 1024
OVERLAP = 256
"""Pixels that neighbours share: the autoencoder of SDXL reaches about 100 to each side, but for its attention."""


def decode(vae: Any, latent: Any, axes: str, *, most: int = MOST_PIXELS, window: int = WINDOW) -> Any:
    """A latent `1×C×h×w` as a picture `H×W×3` in 0..1, a float32 tensor, which wraps along `axes`.

    Pictures of more than `most` pixels are put together from square windows of `window` pixels, soft at their edges;
    along axes that wrap, windows reach over the border, so that it is no edge.
    """
    import torch

    grain = grain_of(vae)
    if latent.shape[2] * latent.shape[3] * grain**2 <= most:
        with wrapping([vae], axes):
            return decode_picture(vae, latent)
    cells, shared = window // grain, window * OVERLAP // WINDOW // grain
    rows, columns = (
        list(_windows(length, cells, shared, axis in axes)) for axis, length in zip("yx", latent.shape[2:], strict=True)
    )
    whole = "".join(axis for axis, found in (("x", columns), ("y", rows)) if len(found) == 1 and axis in axes)
    picture = np.zeros((latent.shape[2] * grain, latent.shape[3] * grain, 3), np.float32)
    weights = np.zeros((*picture.shape[:2], 1), np.float32)
    with wrapping([vae], whole):
        for down, across in product(rows, columns):
            made = decode_picture(vae, latent[:, :, down][:, :, :, across]).cpu().numpy()
            weight = _soft(len(down), shared, grain)[:, None, None] * _soft(len(across), shared, grain)[:, None]
            place = np.ix_(_pixels(down, grain), _pixels(across, grain))
            picture[place] += made * weight
            weights[place] += weight
    return torch.from_numpy((picture / weights).astype(np.float32))


def _windows(length: int, cells: int, shared: int, wraps: bool) -> Iterator[NDArray[np.intp]]:
    """The cells of each window along a side, evenly spread; modulo the side where it wraps."""
    if length <= cells:
        yield np.arange(length)
        return
    step = cells - shared
    if wraps:
        count = -(-length // step)
        starts = [round(number * length / count) for number in range(count)]
    else:
        count = -(-(length - shared) // step)
        starts = [round(number * (length - cells) / (count - 1)) for number in range(count)]
    for start in starts:
        yield np.arange(start, start + cells) % length


def _soft(cells: int, shared: int, grain: int) -> FloatArray:
    """The weights of the pixels of a window: rising over what it shares with its neighbours, then 1, then falling."""
    places = np.arange(cells * grain, dtype=np.float32) + np.float32(0.5)
    rising: FloatArray = np.minimum(np.minimum(places, places[::-1]) / np.float32(shared * grain), np.float32(1))
    return rising


def _pixels(cells: NDArray[np.intp], grain: int) -> NDArray[np.intp]:
    return (cells[:, None] * grain + np.arange(grain)).reshape(-1)
