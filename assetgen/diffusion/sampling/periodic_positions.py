"""Rotary position embeddings that are periodic over the image, so that transformers draw tiling images in one pass.

A rotary embedding turns each pair of channels by position × frequency. With each frequency rounded to whole cycles
over the side, the last token of a row is to the first one as any token is to its right neighbour, and the network sees
no border. Frequencies of less than half a cycle become 0. The idea is that of stable-diffusion.cpp's `--circular`.
Only the axes of image rows and columns change; text tokens have position 0 there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from assetgen.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

_AXIS_OF_IDS = {"y": 1, "x": 2}
"""The axis of position ids (time or reference number, row, column) for each axis of an image."""


@contextmanager
def periodic_positions(networks: Iterable[Module], sides: Mapping[str, int]) -> Iterator[None]:
    """Context in which the rotary embeddings of these networks are periodic along the axes in `sides` ("x", "y"), over
    that many tokens. Raises `InputError` where there is no rotary embedding to change."""
    periods = {_AXIS_OF_IDS[axis]: tokens for axis, tokens in sides.items()}
    patched: list[Any] = []
    try:
        for embedding in _rotary_embeddings(networks) if periods else ():
            embedding.forward = partial(_EMBEDDINGS[type(embedding).__name__], embedding, periods)
            patched.append(embedding)
        if periods and not patched:
            what = "`seamless: periodic` needs a model with rotary position embeddings, and this one has none"
            raise InputError(what, cure="Remove `seamless:` from its card")
        yield
    finally:
        for embedding in patched:
            del embedding.forward


def _rotary_embeddings(networks: Iterable[Module]) -> Iterator[Module]:
    for network in networks:
        yield from (module for module in network.modules() if type(module).__name__ in _EMBEDDINGS)


def _frequencies(dim: int, theta: float, period: int | None, like: Tensor) -> Tensor:
    """The frequencies (`dim`/2, radians per token) of one axis, of whole cycles over `period` tokens if that is set;
    a tensor of the dtype and on the device of `like`."""
    import torch

    frequencies = theta ** -(torch.arange(0, dim, 2, dtype=like.dtype, device=like.device) / dim)
    if period is None:
        return frequencies
    turn = 2 * math.pi / period
    return (frequencies / turn).round() * turn


def _angles(embedding: Any, periods: Mapping[int, int], ids: Tensor) -> Tensor:
    """The angle of each pair of channels, `…×D/2`, for position ids `…×axes`."""
    import torch

    positions = ids.to(torch.float32 if ids.device.type == "mps" else torch.float64)  # MPS has no float64
    angles = [
        positions[..., axis, None] * _frequencies(dim, embedding.theta, periods.get(axis), positions)
        for axis, dim in enumerate(embedding.axes_dim)
    ]
    return torch.cat(angles, dim=-1)


def _cos_sin(embedding: Any, periods: Mapping[int, int], ids: Tensor) -> tuple[Tensor, Tensor]:
    """As `FluxPosEmbed.forward`: cosines and sines, each twice."""
    angles = _angles(embedding, periods, ids)
    return angles.cos().repeat_interleave(2, -1).float(), angles.sin().repeat_interleave(2, -1).float()


_EMBEDDINGS: Mapping[str, Callable[..., Any]] = {
    "FluxPosEmbed": _cos_sin,
    "Flux2PosEmbed": _cos_sin,
    "Krea2RotaryPosEmbed": _cos_sin,
}
"""By the class name in diffusers: `forward` with periods, for axes of position ids."""
