"""ERNIE-Image and ERNIE-Image-Turbo. Follows `ErnieImagePipeline`, without its model that rewrites prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds, linear_sigmas
from assetgen.diffusion.families._language_model import pad_prompts, unpad_prompts
from assetgen.diffusion.families._transformer import expand_timestep, floored_skipped_steps, patch_size
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor

_TEXT_TOKENS = 512
"""Shorter prompts are padded to this, so that all batches have one shape; longer ones are encoded in chunks."""


def ernie_image() -> Family:
    """Ministral's second-to-last hidden states, of as many tokens as the prompt has; one transformer on the latents of
    FLUX.2's autoencoder. The model that rewrites prompts draws from a distribution, so it is not loaded."""
    return Family(
        "ErnieImagePipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer, _TEXT_TOKENS)],
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=patch_size,
        network_name="transformer",
        pipeline_kwargs={"pe": None, "pe_tokenizer": None},
        patch_size=patch_size,
        sigmas=linear_sigmas,
        skipped_steps=floored_skipped_steps,
        has_position_embeddings=lambda network: True,
    )


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    embeds = _padded(pipeline, prompts)
    if cfg:
        embeds |= {f"negative_{name}": tensor for name, tensor in _padded(pipeline, negative_prompts).items()}
    return embeds


def _padded(pipeline: DiffusionPipeline, prompts: list[str]) -> dict[str, Tensor]:
    return pad_prompts(pipeline.encode_prompt(prompts, execution_device(pipeline)), _TEXT_TOKENS)


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    """The padding between the chunks of a prompt moves behind them."""
    prompts = pad_prompts(unpad_prompts(embeds), embeds["prompt_embeds"].shape[1])
    return {"text_bth": prompts["prompt_embeds"], "text_lens": prompts["prompt_attention_mask"].sum(dim=1)}


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    times = expand_timestep(timestep, latents).to(latents.dtype)
    return network(latents, timestep=times, **kwargs, return_dict=False)[0]
