"""Stable Diffusion 3 and 3.5. Follows `StableDiffusion3Pipeline` and `StableDiffusion3ControlNetPipeline`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import execution_device, transformer_pos_embed
from assetgen.diffusion.families import POOLED_EMBEDS, ControlAdapter, ControlInput, Family, Kwargs, PromptEmbeds
from assetgen.diffusion.families._transformer import call_transformer, expand_timestep, patch_size
from assetgen.diffusion.sampling.latents import encode_images, shift_factor
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

_MAX_SEQUENCE_LENGTH = 256  # T5 tokens in training; both CLIPs read the first 77


def sd3() -> Family:
    """Two CLIPs and T5 (optional); one transformer with position embeddings, trained with flow matching."""
    return Family(
        "StableDiffusion3Pipeline",
        encode=_encode,
        tokenizers=_tokenizers,
        network_kwargs=_network_kwargs,
        predict=call_transformer,
        tile_multiple=patch_size,
        network_name="transformer",
        patch_size=patch_size,
        max_latent_side=lambda network: int(network.config.pos_embed_max_size * network.config.patch_size),
        has_position_embeddings=lambda network: True,
        control_adapters={"controlnet": ControlAdapter("SD3ControlNetModel", _prepare, _controlnet)},
    )


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    embeds = pipeline.encode_prompt(
        prompt=prompts,
        prompt_2=None,
        prompt_3=None,
        negative_prompt=negative_prompts,
        device=execution_device(pipeline),
        do_classifier_free_guidance=cfg,
        max_sequence_length=_MAX_SEQUENCE_LENGTH,
    )
    return dict(zip(POOLED_EMBEDS, embeds, strict=True))


def _tokenizers(pipeline: DiffusionPipeline) -> Sequence[tuple[PreTrainedTokenizerBase, int]]:
    if pipeline.text_encoder_3 is not None:
        return [(pipeline.tokenizer_3, _MAX_SEQUENCE_LENGTH)]
    clips = (pipeline.tokenizer, pipeline.tokenizer_2)
    return [(tokenizer, tokenizer.model_max_length) for tokenizer in clips]


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    return {"encoder_hidden_states": embeds["prompt_embeds"], "pooled_projections": embeds["pooled_prompt_embeds"]}


def _prepare(pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor) -> Tensor:
    """Latents. ControlNets trained without pooled embeddings were also trained on latents without the VAE's shift."""
    if not network.config.use_pos_embed:
        network.pos_embed = transformer_pos_embed(network, pipeline.transformer).to(network.device)
    latents = encode_images(pipeline, images)
    if network.config.force_zeros_for_pooled_projection:
        latents = latents + shift_factor(pipeline.vae) * pipeline.vae.config.scaling_factor
    return latents.to(network.device, network.dtype)


def _controlnet(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    pooled, hidden_states = kwargs["pooled_projections"], kwargs["encoder_hidden_states"]
    [blocks] = network(
        network.pos_embed(latents) if not network.config.use_pos_embed else latents,
        controlnet_cond=control.cond,
        conditioning_scale=control.conditioning_scale[..., 0],
        timestep=expand_timestep(timestep, latents),
        pooled_projections=pooled * 0 if network.config.force_zeros_for_pooled_projection else pooled,
        encoder_hidden_states=hidden_states if network.config.joint_attention_dim is not None else None,
        return_dict=False,
    )
    return {"block_controlnet_hidden_states": tuple(blocks)}
