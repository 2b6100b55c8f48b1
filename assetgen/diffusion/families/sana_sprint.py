"""SANA-Sprint. Follows `SanaSprintPipeline` and `SanaSprintImg2ImgPipeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds
from assetgen.diffusion.families._transformer import (
    call_transformer,
    floored_skipped_steps,
    masked_kwargs,
    patch_size,
)
from assetgen.diffusion.families.sana import TEXT_TOKENS, instruction
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor


def sana_sprint() -> Family:
    """Sana, distilled to one to four steps: guidance is an input, and a timestep is an angle (TrigFlow, Lu & Song 2024)
    between the image at 0 and noise at π/2. For latents of unit variance its scheduler's `sigma_data` is 1."""
    return Family(
        "SanaSprintPipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer, TEXT_TOKENS)],
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=patch_size,
        network_name="transformer",
        patch_size=patch_size,
        guidance_distilled=lambda pipeline: True,
        scheduler_options=lambda pipeline: {"sigma_data": 1.0},
        skipped_steps=floored_skipped_steps,
        has_position_embeddings=lambda network: network.config.interpolation_scale is not None,
    )


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    prompt_embeds, mask = pipeline.encode_prompt(
        prompts,
        device=execution_device(pipeline),
        max_sequence_length=TEXT_TOKENS,
        complex_human_instruction=instruction(pipeline),
    )
    return {"prompt_embeds": prompt_embeds, "prompt_attention_mask": mask}


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    guidance = guidance_scale.reshape(-1).to(embeds["prompt_embeds"].dtype)
    return {**masked_kwargs(embeds), "guidance": guidance * pipeline.transformer.config.guidance_embeds_scale}


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    """The transformer predicts a flow at a time from 0 for the image to 1 for noise, on other latents."""
    sine, cosine = timestep.sin(), timestep.cos()
    time = sine / (cosine + sine)
    norm = (time**2 + (1 - time) ** 2).sqrt()
    scaled = latents.float() * norm
    flow = call_transformer(network, scaled.to(latents.dtype), time, kwargs).float()
    return ((1 - 2 * time) * scaled + (1 - 2 * time + 2 * time**2) * flow) / norm
