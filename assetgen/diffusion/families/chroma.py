"""Chroma1. Follows `ChromaPipeline`, its Img2Img and Inpaint variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds, linear_sigmas
from assetgen.diffusion.families._transformer import (
    PATCH,
    floored_skipped_steps,
    grid_position_ids,
    pack_latents,
    unit_timestep,
    unpack_latents,
)
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor

_TEXT_TOKENS = 512  # T5 tokens


def chroma() -> Family:
    """FLUX.1 schnell's shape without CLIP and with negative prompts: T5, whose padding is masked, and one
    transformer."""
    return Family(
        "ChromaPipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer, _TEXT_TOKENS)],
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=lambda network: PATCH,
        network_name="transformer",
        patch_size=lambda network: PATCH,
        in_channels=lambda network: int(network.config.in_channels) // PATCH**2,
        sigmas=linear_sigmas,
        skipped_steps=floored_skipped_steps,
        has_position_embeddings=lambda network: True,
    )


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    """The masks are 1 for the tokens of a prompt and for the first one after them."""
    positive, _, mask, negative, _, negative_mask = pipeline.encode_prompt(
        prompts,
        negative_prompt=negative_prompts,
        device=execution_device(pipeline),
        do_classifier_free_guidance=cfg,
        max_sequence_length=_TEXT_TOKENS,
    )
    found = {"prompt_embeds": positive, "prompt_attention_mask": mask}
    return found | (
        {"negative_prompt_embeds": negative, "negative_prompt_attention_mask": negative_mask} if cfg else {}
    )


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    """With position ids: (0, 0, 0) for text tokens, (0, row, column) for image tokens, none of which is masked. As in
    the pipeline, the masks are numbers that the transformer adds to attention scores."""
    import torch

    prompt_embeds, mask = embeds["prompt_embeds"], embeds["prompt_attention_mask"]
    img_ids = grid_position_ids(pipeline, size).to(prompt_embeds)
    return {
        "encoder_hidden_states": prompt_embeds,
        "txt_ids": prompt_embeds.new_zeros(prompt_embeds.shape[1], 3),
        "img_ids": img_ids,
        "attention_mask": torch.cat([mask, mask.new_ones(len(mask), len(img_ids))], dim=1),
    }


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    tokens = network(pack_latents(latents), timestep=unit_timestep(timestep, latents), **kwargs, return_dict=False)[0]
    return unpack_latents(tokens, latents.shape)
