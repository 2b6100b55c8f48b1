"""Rotary position embeddings that are periodic over the image, so that transformers draw tiling images in one pass.

A rotary embedding turns each pair of channels by position × frequency. With each frequency rounded to whole cycles
over the side, the last token of a row is to the first one as any token is to its right neighbour, and the network sees
no border. Frequencies of less than half a cycle become 0. The idea is that of stable-diffusion.cpp's `--circular`.
Only the axes of image rows and columns change; text tokens have position 0 there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from assetgen.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, device
    from torch.nn import Module

_AXIS_OF_IDS = {"y": 1, "x": 2}
"""The axis of position ids (time or reference number, row, column) for each axis of an image."""


_PLAIN_EMBEDDING = "rope_embedder"
"""The attribute of Z-Image's networks that holds their embedding, which is not a module."""


@contextmanager
def periodic_positions(networks: Iterable[Module], sides: Mapping[str, int]) -> Iterator[None]:
    """Context in which the rotary embeddings of these networks are periodic along the axes in `sides` ("x", "y"), over
    that many tokens. Raises `InputError` where there is no rotary embedding to change."""
    periods = {_AXIS_OF_IDS[axis]: tokens for axis, tokens in sides.items()}
    embeddings = _rotary_embeddings(networks) if periods else []
    if periods and not embeddings:
        what = "`seamless: periodic` needs a model with rotary position embeddings, and this one has none"
        raise InputError(what, cure="Remove `seamless:` from its card")
    with ExitStack() as stack:
        for embedding in embeddings:
            stack.enter_context(_replaced(embedding, partial(_EMBEDDINGS[_name(embedding)], embedding, periods)))
        yield


def _rotary_embeddings(networks: Iterable[Module]) -> list[Any]:
    """Each once: a ControlNet may share the embedding of its transformer."""
    parts = (part for network in networks for part in (*network.modules(), getattr(network, _PLAIN_EMBEDDING, None)))
    return list({id(part): part for part in parts if _name(part) in _EMBEDDINGS}.values())


def _name(part: object) -> str:
    return type(part).__name__


@contextmanager
def _replaced(embedding: Any, call: Callable[..., Any]) -> Iterator[None]:
    """Context in which calling an embedding runs `call`."""
    from torch.nn import Module

    if isinstance(embedding, Module):
        embedding.forward = call
        try:
            yield
        finally:
            del embedding.forward
    else:
        original = type(embedding)
        embedding.__class__ = type(original.__name__, (original,), {"__call__": staticmethod(call)})
        try:
            yield
        finally:
            embedding.__class__ = original


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
    axes_dim = embedding.axes_dims if _name(embedding) == "RopeEmbedder" else embedding.axes_dim
    angles = [
        positions[..., axis, None] * _frequencies(dim, embedding.theta, periods.get(axis), positions)
        for axis, dim in enumerate(axes_dim)
    ]
    return torch.cat(angles, dim=-1)


def _cos_sin(embedding: Any, periods: Mapping[int, int], ids: Tensor) -> tuple[Tensor, Tensor]:
    """As `FluxPosEmbed.forward`: cosines and sines, each twice."""
    angles = _angles(embedding, periods, ids)
    return angles.cos().repeat_interleave(2, -1).float(), angles.sin().repeat_interleave(2, -1).float()


def _repeated_angles(embedding: Any, periods: Mapping[int, int], ids: Tensor) -> Tensor:
    """As `ErnieImageEmbedND3.forward`: angles, each twice, with an axis for the heads."""
    return _angles(embedding, periods, ids).float().repeat_interleave(2, -1).unsqueeze(2)


def _turns(embedding: Any, periods: Mapping[int, int], ids: Tensor) -> Tensor:
    """As `RopeEmbedder.__call__`: complex numbers of length 1."""
    import torch

    angles = _angles(embedding, periods, ids).float()
    return torch.polar(torch.ones_like(angles), angles)


def _image_and_text_turns(
    embedding: Any, periods: Mapping[int, int], video_fhw: Any, **options: Any
) -> tuple[Tensor, Tensor]:
    """As `QwenEmbedRope.forward`: the turns of image tokens, then those of text tokens."""
    images, texts = type(embedding).forward(embedding, video_fhw, **options)
    shapes = video_fhw[0] if isinstance(video_fhw, list) else video_fhw
    shapes = shapes if isinstance(shapes, list) else [shapes]
    return _with_grid(embedding, periods, shapes, images), texts


def _sequence_turns(
    embedding: Any, periods: Mapping[int, int], img_shapes: Any, image_pad_mask: Tensor, device: device
) -> Tensor:
    """As `QwenImage21Rope.forward`: the turns of text and image tokens in one sequence. Its tokens are single latent
    cells, so their number along the axes of `periods` is that of `img_shapes`."""
    turns: Tensor = type(embedding).forward(embedding, img_shapes, image_pad_mask, device)
    periods = {axis: img_shapes[-1][axis] for axis in periods}
    turns[image_pad_mask] = _with_grid(embedding, periods, img_shapes, turns[image_pad_mask])
    return turns


def _with_grid(
    embedding: Any, periods: Mapping[int, int], shapes: Sequence[tuple[int, int, int]], turns: Tensor
) -> Tensor:
    """The turns `T×D/2` of images of `shapes` (frames, rows, columns) with those for rows and columns replaced; their
    positions are centred on 0."""
    import torch

    grids = []
    for frames, *sides in shapes:
        axes = [torch.arange(side, device=turns.device) - (side - side // 2) for side in sides]
        grids.append(torch.cartesian_prod(torch.arange(frames, device=turns.device), *axes))
    by_frame = embedding.axes_dim[0] // 2
    return torch.cat([turns[:, :by_frame], _turns(embedding, periods, torch.cat(grids))[:, by_frame:]], dim=1)


_EMBEDDINGS: Mapping[str, Callable[..., Any]] = {
    "FluxPosEmbed": _cos_sin,
    "Flux2PosEmbed": _cos_sin,
    "Krea2RotaryPosEmbed": _cos_sin,
    "ErnieImageEmbedND3": _repeated_angles,
    "RopeEmbedder": _turns,
    "QwenEmbedRope": _image_and_text_turns,
    "QwenEmbedLayer3DRope": _image_and_text_turns,
    "QwenImage21Rope": _sequence_turns,
}
"""By the class name in diffusers: `forward` with periods, for axes of position ids."""
