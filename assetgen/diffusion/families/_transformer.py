"""What families with a diffusion transformer share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Kwargs, PromptEmbeds
from assetgen.diffusion.sampling.latents import vae_scale_factor
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor

_MASKED_EMBEDS = ("prompt_embeds", "prompt_attention_mask", "negative_prompt_embeds", "negative_prompt_attention_mask")
"""What `encode_prompt` returns, in order, for text encoders whose padding is masked."""
PATCH = 2
"""Latent cells per token side of the families that pack latents into tokens."""
_TRAIN_TIMESTEPS = 1000


def patch_size(network: ModelMixin) -> int:
    """Latent cells per token side."""
    return int(network.config.patch_size)


def expand_timestep(timestep: Tensor, latents: Tensor) -> Tensor:
    """A timestep, repeated for each image of a batch."""
    return timestep.expand(len(latents))


def unit_timestep(timestep: Tensor, latents: Tensor) -> Tensor:
    """A timestep in 0..1, repeated for each image."""
    return expand_timestep(timestep, latents).to(latents.dtype) / _TRAIN_TIMESTEPS


def pack_latents(latents: Tensor) -> Tensor:
    """`B×C×h×w` as tokens `B×(h/2·w/2)×4C`."""
    batch, channels, height, width = latents.shape
    patches = latents.reshape(batch, channels, height // PATCH, PATCH, width // PATCH, PATCH)
    return patches.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * PATCH**2)


def unpack_latents(tokens: Tensor, shape: Sequence[int]) -> Tensor:
    """Tokens `B×(h/2·w/2)×4C` as `B×C×h×w`, the `shape` of the latents."""
    batch, _, height, width = shape
    patches = tokens.reshape(batch, height // PATCH, width // PATCH, -1, PATCH, PATCH)
    return patches.permute(0, 3, 1, 4, 2, 5).reshape(batch, -1, height, width)


def token_grid(pipeline: DiffusionPipeline, size: ImageSize) -> tuple[int, int]:
    """Columns and rows of the tokens of an image of `size` (width, height in pixels)."""
    token = vae_scale_factor(pipeline.vae) * PATCH
    return size[0] // token, size[1] // token


def grid_position_ids(pipeline: DiffusionPipeline, size: ImageSize) -> Tensor:
    """Position ids `T×3` of the tokens of an image of `size` (width, height in pixels): (0, row, column)."""
    import torch

    columns, rows = token_grid(pipeline, size)
    return torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns))


def floored_skipped_steps(steps: int, strength: float) -> int:
    """The whole steps that `strength` leaves out, as the pipelines of flow-matching transformers compute them."""
    return min(int(max(steps - steps * strength, 0)), steps - 1)


def drop_variance(prediction: Tensor, latents: Tensor) -> Tensor:
    """The prediction without learned variances, which are the second half of its channels."""
    return prediction.chunk(2, dim=1)[0] if prediction.shape[1] == 2 * latents.shape[1] else prediction


def encode_masked(
    pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool, **options: Any
) -> PromptEmbeds:
    """The embeddings of a text encoder whose padding is masked. `options` are further arguments of `encode_prompt`."""
    embeds = pipeline.encode_prompt(
        prompts,
        negative_prompt=negative_prompts,
        device=execution_device(pipeline),
        do_classifier_free_guidance=cfg,
        **options,
    )
    return dict(zip(_MASKED_EMBEDS, embeds, strict=True))


def masked_kwargs(embeds: PromptEmbeds) -> dict[str, Any]:
    """Prompt embeddings with the mask of their padding, as the transformer's arguments."""
    return {
        "encoder_hidden_states": embeds["prompt_embeds"],
        "encoder_attention_mask": embeds["prompt_attention_mask"],
    }


def call_transformer(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    """One forward pass on latents `B×C×h×w`."""
    return network(latents, timestep=expand_timestep(timestep, latents), **kwargs, return_dict=False)[0]
