"""Reference pictures of the Qwen-Image families: further image tokens beside those of the image that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import Kwargs
from assetgen.diffusion.families._transformer import PATCH, pack_latents, unit_timestep, unpack_latents
from assetgen.images import FloatArray, to_uint8

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from PIL.Image import Image
    from torch import Tensor

Sizes = list[tuple[int, int, int]]
"""Frames, rows and columns of tokens, as the transformer takes them."""


def resized(pipeline: DiffusionPipeline, picture: FloatArray, area: int) -> Image:
    """A picture `H×W×C` as the pipelines resize it: about `area` pixels, sides that are multiples of 32."""
    from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_dimensions
    from PIL.Image import fromarray

    width, height = calculate_dimensions(area, picture.shape[1] / picture.shape[0])
    found: Image = pipeline.image_processor.resize(fromarray(to_uint8(picture)), height, width)
    return found


def picture_kwargs(latents: Sequence[Tensor]) -> Kwargs:
    """The latents of pictures as tokens `1×T×4C`, with the size of each."""
    import torch

    sizes: Sizes = [(1, each.shape[2] // PATCH, each.shape[3] // PATCH) for each in latents]
    return {"reference_tokens": torch.cat([pack_latents(each) for each in latents], dim=1), "reference_sizes": sizes}


def predict_with_pictures(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    """The prediction for frames `B×(F·C)×h×w`; `reference_tokens` and `reference_sizes` in `kwargs` follow them."""
    import torch

    arguments: dict[str, Any] = dict(kwargs)
    references, sizes = arguments.pop("reference_tokens", None), arguments.pop("reference_sizes", [])
    batch, channels, (rows, columns) = len(latents), int(network.config.in_channels) // PATCH**2, latents.shape[2:]
    frames = pack_latents(latents.reshape(-1, channels, rows, columns))
    tokens = frames.reshape(batch, -1, frames.shape[2])
    given = tokens if references is None else torch.cat([tokens, references.to(tokens)], dim=1)
    own = [(1, rows // PATCH, columns // PATCH)] * (len(frames) // batch)
    arguments["img_shapes"] = [[*own, *sizes]] * batch
    predicted = network(given, timestep=unit_timestep(timestep, latents), **arguments, return_dict=False)[0]
    drawn = predicted[:, : tokens.shape[1]].reshape(frames.shape)
    return unpack_latents(drawn, (len(frames), channels, rows, columns)).reshape(latents.shape)
