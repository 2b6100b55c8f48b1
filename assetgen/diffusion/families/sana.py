"""Sana and Sana 1.5. Follows `SanaPipeline`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds
from assetgen.diffusion.families._transformer import (
    call_transformer,
    drop_variance,
    encode_masked,
    masked_kwargs,
    patch_size,
)

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor

TEXT_TOKENS = 300  # tokens; section 3.1 of the paper (Xie et al. 2024)


def sana() -> Family:
    """Gemma, an autoencoder with a scale factor of 32, and a transformer without position embeddings (those for 2K and
    4K have them)."""
    return Family(
        "SanaPipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer, TEXT_TOKENS)],
        network_kwargs=lambda pipeline, embeds, size, guidance_scale: masked_kwargs(embeds),
        predict=_predict,
        tile_multiple=patch_size,
        network_name="transformer",
        patch_size=patch_size,
        has_position_embeddings=lambda network: network.config.interpolation_scale is not None,
    )


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    """The instruction precedes the prompt only."""
    options = {"max_sequence_length": TEXT_TOKENS, "complex_human_instruction": instruction(pipeline)}
    return encode_masked(pipeline, prompts, negative_prompts, cfg, **options)


def instruction(pipeline: DiffusionPipeline) -> list[str]:
    """The pipeline's default `complex_human_instruction`, as in training."""
    found: list[str] = inspect.signature(type(pipeline).__call__).parameters["complex_human_instruction"].default
    return found


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    prediction = call_transformer(network, latents, timestep * network.config.timestep_scale, kwargs)
    return drop_variance(prediction, latents)
