"""PixArt-α and PixArt-Σ. Follows `PixArtAlphaPipeline` and `PixArtSigmaPipeline`; the latter loads both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds
from assetgen.diffusion.families._transformer import (
    call_transformer,
    drop_variance,
    encode_masked,
    masked_kwargs,
    patch_size,
)
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor

_ALPHA_TOKENS, _SIGMA_TOKENS = 120, 300
"""The longest prompts that α and Σ were trained with."""


def pixart() -> Family:
    """T5; one transformer with position embeddings, which also predicts variances."""
    return Family(
        "PixArtSigmaPipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer, _max_sequence_length(pipeline))],
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=patch_size,
        network_name="transformer",
        patch_size=patch_size,
        has_position_embeddings=lambda network: True,
    )


def _is_alpha(pipeline: DiffusionPipeline) -> bool:
    """α is conditioned on resolution and aspect ratio, Σ is not."""
    return bool(pipeline.transformer.use_additional_conditions)


def _max_sequence_length(pipeline: DiffusionPipeline) -> int:
    return _ALPHA_TOKENS if _is_alpha(pipeline) else _SIGMA_TOKENS


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    length = _max_sequence_length(pipeline)
    return encode_masked(pipeline, prompts, negative_prompts, cfg, max_sequence_length=length)


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    prompt_embeds, (width, height) = embeds["prompt_embeds"], size
    conditions: dict[str, Any] = {"resolution": None, "aspect_ratio": None}
    if _is_alpha(pipeline):
        conditions["resolution"] = prompt_embeds.new_tensor([height, width]).repeat(len(prompt_embeds), 1)
        conditions["aspect_ratio"] = prompt_embeds.new_tensor([height / width]).repeat(len(prompt_embeds), 1)
    return {**masked_kwargs(embeds), "added_cond_kwargs": conditions}


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    return drop_variance(call_transformer(network, latents, timestep, kwargs), latents)
